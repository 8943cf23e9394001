// The process groups that an agent has started, to end them and nobody else's.
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { endGroup, listGroups, readProcessStart } from "./spawn.ts";

/** The variable that tells every process of an attempt the attempt's folder, `ROLE.NUMBER`. */
export const attemptVariable = "WEFT_ATTEMPT";

/** The processes of attempts whose folders lie in `folder`, as far as they are the first of their groups and the system tells. */
export function findAttempts(folder: string): { role: string; attempt: number; pid: number }[] {
  return listGroups().flatMap((pid) => {
    const own = readEnvironment(pid).find((text) => text.startsWith(`${attemptVariable}=`));
    const path = own?.slice(attemptVariable.length + 1) ?? "";
    const [role = "", attempt] = basename(path).split(".");
    return dirname(path) === folder ? [{ role, attempt: Number(attempt), pid }] : [];
  });
}

// Of a process that is somebody else's, or gone, nothing.
function readEnvironment(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** A group by its number, and the start of its first process where the system tells. */
export interface ProcessGroup {
  group: number;
  processStart?: string;
}

/** Names the group of a process just started. */
export function identifyGroup(group: number): ProcessGroup {
  const processStart = readProcessStart(group);
  return { group, ...(processStart === undefined ? {} : { processStart }) };
}

/** Tells whether the first process of a group still runs. A number may belong to another process by now. */
export function isSameProcess({ group, processStart }: ProcessGroup): boolean {
  const systemTells = readProcessStart(process.pid) !== undefined;
  return systemTells ? processStart !== undefined && readProcessStart(group) === processStart : true;
}

/** Ends what is left of groups whose first process may have ended. */
export async function endLeftRunning(groups: ProcessGroup[]): Promise<void> {
  // A group keeps its number for as long as it has members; a first process with another start means another group.
  const left = groups.filter(({ group, processStart }) => [processStart, undefined].includes(readProcessStart(group)));
  await Promise.all(left.map(({ group }) => endGroup(group)));
}
