// A control group of a vm: freezes and kills all its processes at once. Of version 2, alone or beside version 1 (systemd's "hybrid").
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const mounts = "/sys/fs/cgroup";

/** Where groups can be made: in version 2's tree, and in the one by which systemd of version 1 knows its services. */
export function cgroupRoots(): string[] {
  const candidates = existsSync(join(mounts, "cgroup.procs")) ? [mounts] : [join(mounts, "unified"), join(mounts, "systemd")];
  return candidates.filter((root) => existsSync(join(root, "cgroup.procs")));
}

export class Cgroup {
  readonly #folders: string[];

  /** Makes the group `name`, unless it is there. */
  constructor(name: string) {
    this.#folders = cgroupRoots().map((root) => join(root, name));
    for (const folder of this.#folders) mkdirSync(folder, { recursive: true });
  }

  /** A process that writes 0 into each of these files joins, with all that it starts. */
  get doors(): string[] {
    return this.#folders.map((folder) => join(folder, "cgroup.procs"));
  }

  freeze(frozen: boolean): void {
    this.#write("cgroup.freeze", frozen ? "1" : "0");
  }

  kill(): void {
    this.#write("cgroup.kill", "1");
  }

  // Only version 2 has these files.
  #write(name: string, text: string): void {
    writeFileSync(join(this.#folders[0] as string, name), text);
  }
}

/** Removes the group `name` with all groups below it, once the last of their processes has been reaped. */
export async function removeCgroup(name: string): Promise<void> {
  for (const folder of cgroupRoots().map((root) => join(root, name))) {
    for (let tries = 500; existsSync(folder); tries--) {
      try {
        removeTree(folder);
      } catch (error) {
        if (tries === 0 || (error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
        await delay(20);
      }
    }
  }
}

// The files in it belong to the kernel: only folders are removed.
function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(folder, entry.name));
  rmdirSync(folder);
}
