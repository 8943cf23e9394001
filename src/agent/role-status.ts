// What an agent keeps of a role beside its progress, and the status that it reports of both.
import { parseFailure, roleId } from "../model/cell.ts";
import type { Json } from "../model/json.ts";
import type { Mark, RoleState, RoleStatus, Waiting } from "../model/status.ts";
import type { RolePlan } from "../model/vm-plan.ts";
import type { ActiveClock } from "./active-clock.ts";
import type { Basis, Timing } from "./journal.ts";
import { endOf, type Phase, type RoleProgress } from "../progress/progress.ts";
import type { RoleSession } from "./role-session.ts";

export interface RoleRun {
  /** Of the newest attempt, and the clock of all of them. */
  session?: RoleSession;
  clock?: ActiveClock;
  marks: Mark[];
  /** Of an earlier life of this agent, or of the role once it has ended. */
  timing: Timing;
  /** By need before the start; under "" what blocks the attempt. */
  waiting: Map<string, Waiting[]>;
  /** Aborted when the role has no more needs. */
  needs?: AbortController;
  /** Values of its eager inputs. */
  inputs: Record<string, Json>;
  /** What it wrote. */
  outputs: Record<string, Json>;
  logTail?: string;
  /** What its newest attempt was made of. */
  basis?: Basis;
}

/** Returns when a role ran, up to now. */
export function measureRun({ clock, marks, timing }: RoleRun): Timing {
  if (clock === undefined) return { ...timing, endedMs: Date.now() };
  const { blocks } = clock;
  return { startedMs: timing.startedMs ?? clock.startedMs, endedMs: Date.now(), blockedMs: clock.blockedMs(), marks, blocks };
}

/** Returns the status to report of a role now. */
export function makeStatus(vm: string, role: RolePlan, progress: RoleProgress, run: RoleRun): RoleStatus {
  const { clock, timing, logTail } = run;
  const ended = endOf(progress) !== undefined;
  const startedMs = timing.startedMs ?? clock?.startedMs;
  const blocks = timing.blocks ?? clock?.blocks ?? [];
  return {
    id: roleId(vm, role.name),
    state: stateOf(progress),
    atMs: Date.now(),
    attempt: progress.attempt,
    waitingFor: ended ? [] : [...run.waiting.values()].flat(),
    ...(startedMs === undefined ? {} : { startedMs, blockedMs: timing.blockedMs ?? clock?.blockedMs() ?? 0 }),
    ...(ended && timing.endedMs !== undefined ? { endedMs: timing.endedMs } : {}),
    ...(ended && timing.marks !== undefined ? { marks: timing.marks } : {}),
    ...(blocks.length === 0 ? {} : { blocks }),
    ...(progress.error === undefined ? {} : { error: progress.error }),
    ...(progress.phase === "failed" && role.onError === "continue" ? { tolerated: true } : {}),
    ...(progress.origin === undefined ? {} : { origin: parseFailure(progress.origin).role }),
    ...(logTail === undefined || logTail === "" ? {} : { logTail }),
  };
}

function stateOf({ phase }: RoleProgress): RoleState {
  const waiting: Phase[] = ["choosing", "queued", "ready", "comparing", "pausing"];
  return waiting.includes(phase) ? "waiting" : (phase as RoleState);
}
