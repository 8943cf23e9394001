// Finds and ends what a run has started, however deep: services detach themselves, but they keep their environment.
import { readdir, readFile } from "node:fs/promises";

/** The environment variable by which everything that descends from a run is known. */
export const runMarker = "WEFT_RUN";

/** Process ids of all living processes that carry the marker of `run`. Linux only; elsewhere the list is empty. */
export async function findProcesses(run: string): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const wanted = `${runMarker}=${run}`;
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(ids.map(async (id) => (await carries(id, wanted)) && id));
  return found.filter((id): id is number => id !== false && id !== process.pid);
}

async function carries(id: number, wanted: string): Promise<boolean> {
  // Processes of others, and those that end under our eyes, cannot be read: not ours.
  const environment = await readFile(`/proc/${id}/environ`, "latin1").catch(() => "");
  return environment.split("\0").includes(wanted);
}

/** Sends `signal` to processes; one that has ended meanwhile does not matter. */
export function signalAll(ids: number[], signal: NodeJS.Signals): void {
  for (const id of ids) {
    try {
      process.kill(id, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Ends everything that carries the marker of `run`: asked first, killed after `graceMs`. */
export async function endProcesses(run: string, graceMs: number): Promise<void> {
  let left = await findProcesses(run);
  signalAll(left, "SIGTERM");
  for (const deadline = Date.now() + graceMs; left.length > 0 && Date.now() < deadline; left = await findProcesses(run)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // A dying process may have left a child that was not there when we looked.
  for (; left.length > 0; left = await findProcesses(run)) {
    signalAll(left, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
