// The process groups that an agent has started, to end them and nobody else's.
import { endGroup, readProcessStart } from "./spawn.ts";

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
