// What a run took beside what it had to take: makespan and critical path, from the roles' own reports.
import { predict, type Profile } from "../monitor/predict.ts";
import type { Flow } from "../model/flow.ts";
import type { Picture } from "../monitor/picture.ts";

/**
 * Makespan: first agent started (wall clock ms) to last role ended. Critical path: the makespan of the same roles, each with its process's life less
 * the time blocked in reads, on unlimited machines without any overhead. Both in whole ms.
 */
export function measureRun(flow: Flow, picture: Picture, firstStartMs: number): { makespanMs: number; criticalPathMs: number } {
  const profiles: Record<string, Profile> = {};
  let lastEndMs = firstStartMs;
  for (const role of picture.roles.values()) {
    if (role.startedMs === undefined || role.endedMs === undefined) continue;
    lastEndMs = Math.max(lastEndMs, role.endedMs);
    profiles[role.id] = {
      durationMs: role.endedMs - role.startedMs - (role.blockedMs ?? 0),
      ...(role.marks === undefined ? {} : { marks: role.marks }),
    };
  }
  return { makespanMs: Math.round(lastEndMs - firstStartMs), criticalPathMs: Math.round(predict(flow, profiles).makespanMs) };
}
