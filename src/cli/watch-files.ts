// Follows files through every way in which editors save them: their folders are watched, since a save may replace the file.
import { existsSync, watch, type FSWatcher } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Editors write a file in several steps: what happens within this time is one change. */
const settleMs = 50;

/** Resolves when one of `files` has changed, come or gone, or `signal` is aborted. A folder that is not there is left out. */
export async function waitForChange(files: Iterable<string>, signal: AbortSignal): Promise<void> {
  const wanted = new Set([...files].map((file) => resolve(file)));
  const folders = new Set([...wanted].map((file) => dirname(file)));
  const watchers: FSWatcher[] = [];
  await new Promise<void>((done) => {
    let timer: NodeJS.Timeout | undefined;
    const change = (): void => {
      timer ??= setTimeout(done, settleMs);
    };
    for (const folder of folders) {
      if (!existsSync(folder)) continue;
      const watcher = watch(folder, (_event, name) => {
        if (name === null || wanted.has(join(folder, name))) change();
      });
      // A folder that goes away is a change.
      watcher.on("error", change);
      watchers.push(watcher);
    }
    if (signal.aborted) done();
    signal.addEventListener("abort", () => done(), { once: true });
  });
  for (const watcher of watchers) watcher.close();
}
