// Folders of runs. Those of runs that were killed before they could take them away are removed by the next one.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../model/failure.ts";
import { removeCgroup } from "./cgroup.ts";

const ownerFile = "owner.json";

interface Owner {
  pid: number;
  start: string | undefined;
}

/** Makes a folder for a run of this process, readable by its user alone; disposing of it removes it. */
export function makeRunFolder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), "weft-"));
  const owner: Owner = { pid: process.pid, start: startOf(process.pid) };
  writeFileSync(join(path, ownerFile), JSON.stringify(owner), { mode: 0o600 });
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Removes folders and control groups of runs whose process is gone. What cannot be removed yet is told, and left to the next run. */
export async function removeLeftBehind(complain: (text: string) => void): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith("weft-"))) {
    const folder = join(tmpdir(), name);
    try {
      if (!isLeftBehind(join(folder, ownerFile))) continue;
      await removeCgroup(name);
      rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      complain(`an earlier run has left ${folder} behind: ${messageOf(error)}`);
    }
  }
}

function isLeftBehind(file: string): boolean {
  if (!existsSync(file)) return false;
  const { pid, start } = JSON.parse(readFileSync(file, "utf8")) as Owner;
  return startOf(pid) !== start || !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

// A number may have passed on to another process, which has another start. Only Linux tells.
function startOf(pid: number): string | undefined {
  if (!existsSync(`/proc/${pid}/stat`)) return undefined;
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /s, "")
    .split(" ");
  // One that has ended, and whose parent has not asked how.
  return fields[0] === "Z" ? undefined : fields[19];
}
