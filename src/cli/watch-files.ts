// Follows files through every way in which editors save them: their folders are watched, since a save may replace the file.
import { existsSync, watch, type FSWatcher } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isIgnoredName } from "../model/bundle.ts";

/** Editors write a file in several steps: what happens within this time is one change. */
const settleMs = 50;

/** What is watched: files, and folders in which every file counts but those that no bundle has. */
export interface Watched {
  files: Iterable<string>;
  folders: Iterable<string>;
}

/** Resolves when one of the files has changed, come or gone, or `signal` is aborted. A folder that is not there is left out. */
export async function waitForChange(watched: Watched, signal: AbortSignal): Promise<void> {
  const wanted = new Set([...watched.files].map((file) => resolve(file)));
  const whole = new Set([...watched.folders].map((folder) => resolve(folder)));
  const folders = new Set([...whole, ...[...wanted].map((file) => dirname(file))]);
  const watchers: FSWatcher[] = [];
  await new Promise<void>((done) => {
    let timer: NodeJS.Timeout | undefined;
    const change = (): void => {
      timer ??= setTimeout(done, settleMs);
    };
    for (const folder of folders) {
      if (!existsSync(folder)) continue;
      const watcher = watch(folder, (_event, name) => {
        if (name === null || wanted.has(join(folder, name)) || (whole.has(folder) && !isIgnoredName(name))) change();
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
