// What an agent does next: (progress, event) -> (progress, actions). Pure: no clock, no I/O; agent.ts carries the actions out.
// Over 300 lines: the table of all transitions and what they share is read as one.
import { failureId, isRetried, roleId } from "../model/cell.ts";
import { readsOf } from "../model/expression.ts";
import type { Json } from "../model/json.ts";
import type { Order } from "../model/role.ts";
import {
  type CellOwner,
  endedWell,
  judgeOutputs,
  type ProgressRole,
  type RoleEnd,
  type Settlement,
  settleRole,
} from "./progress-cells.ts";

/**
 * queued: an earlier role of a listed vm has not ended. choosing: which member runs it is not decided. waiting: for `after` and
 * eager inputs. ready: it could run, but on its vm roles run one at a time. comparing: it has run in an earlier generation, or does so
 * still; is what it was made of the same now? pausing: between two attempts. A role is skipped by `on`, or (`origin` set) because another one failed.
 */
export type Phase =
  | "choosing"
  | "queued"
  | "waiting"
  | "ready"
  | "comparing"
  | "running"
  | "pausing"
  | "done"
  | "failed"
  | "skipped";

/** One role. Replaced, never changed, so that a new object means news. */
export interface RoleProgress {
  phase: Phase;
  /** Number of the newest attempt; 0 before the first. */
  attempt: number;
  /** Attempts that failed. One that was cut off by the agent's own end is none. */
  failures: number;
  /** Needs not met yet: `after ROLE`, `input NAME`. */
  awaiting: string[];
  /** There is a run of an earlier generation to compare with. */
  earlier?: true;
  error?: string;
  origin?: string;
}

export interface Progress {
  vm: ProgressVm;
  roles: Record<string, RoleProgress>;
  /** How often the operator has retried a role, of any vm; missing: never. */
  retries: ReadonlyMap<string, number>;
  /** How it ended, once every role has. */
  ok?: boolean;
}

/** What progress knows of a vm's plan. */
export interface ProgressVm extends CellOwner {
  order: Order;
  /** Without those that run when the vm leaves. */
  roles: ProgressRole[];
}

/** What the journal knows of a role. */
export interface RoleHistory {
  attempt: number;
  failures: number;
  ended?: RoleEnd & { outputs: Record<string, Json> };
  /** It has succeeded in an earlier generation, or an attempt of one is under way. */
  earlier?: true;
}

interface EventFields {
  /** This member runs the role. */
  chosen: object;
  /** This member does not run it. */
  "passed-over": object;
  turn: object;
  /** An earlier role of a listed vm failed. */
  barred: { origin: string; error: string };
  met: { need: string };
  unmet: { need: string; error: string; origin?: string };
  /** Its run of an earlier generation, which wrote `outputs`, stands. */
  same: { outputs: Record<string, Json> };
  /** An attempt of an earlier generation that is under way is right for this one too. */
  adopted: object;
  /** It must run again. */
  changed: object;
  /** The attempt is over. `outputs`: what it wrote. `final`: trying again is of no use. */
  ended: { outputs: Record<string, Json>; failure?: string; origin?: string; final?: boolean };
  /** The pause before the next attempt is over. */
  due: object;
  /** The operator has retried the role whose failure made this one end so. */
  reopened: object;
  /** The coordinator holds another value than the role's, written by someone else. */
  refused: { error: string };
}

type EventType = keyof EventFields;
export type Event = { [Type in EventType]: { type: Type; role: string } & EventFields[Type] }[EventType];

/**
 * choose: find out which member runs it. await: tell when needs are met. time: the input's wait_timeout begins. compare: tell whether its
 * earlier run is the same, adopted, or what it was made of has changed. end: journal it (unless `journalled`; `carried`: its earlier run
 * stands), then settle the cells. reopen: its end is void, and its failed cells are. finish: every role has ended.
 */
export type Action =
  | { type: "choose"; role: string }
  | { type: "await"; role: string; needs: string[] }
  | { type: "time"; role: string; input: string; ms: number }
  | { type: "compare"; role: string }
  | { type: "start"; role: string; attempt: number }
  | { type: "pause"; role: string; attempt: number; ms: number; error: string }
  | { type: "end"; role: string; state: RoleEnd["state"]; cells: Settlement[]; journalled: boolean; carried?: true }
  | { type: "reopen"; role: string }
  | { type: "finish"; ok: boolean };

export interface Step {
  progress: Progress;
  actions: Action[];
}

/** How the role ended; undefined while something may still happen to it. */
export function endOf({ phase, error, origin }: RoleProgress): RoleEnd | undefined {
  if (phase !== "done" && phase !== "failed" && phase !== "skipped") return undefined;
  return { state: phase, ...(error === undefined ? {} : { error }), ...(origin === undefined ? {} : { origin }) };
}

/** Begins, or resumes with what the journal knows: what has ended is settled again, what was under way runs again. */
export function beginProgress(
  vm: ProgressVm,
  history: Record<string, RoleHistory> = {},
  retries: Progress["retries"] = new Map(),
): Step {
  const roles: Progress["roles"] = {};
  const actions: Action[] = [];
  for (const plan of vm.roles) {
    const known = history[plan.name];
    const { attempt = 0, failures = 0, earlier } = known ?? {};
    const fresh = { attempt, failures, awaiting: [], ...(earlier === undefined ? {} : { earlier }) };
    if (known?.ended !== undefined) {
      const { outputs, ...ended } = known.ended;
      const { state, ...reason } = ended;
      roles[plan.name] = { ...fresh, phase: state, ...reason };
      actions.push({ type: "end", role: plan.name, state, cells: settleRole(vm, plan, ended, outputs), journalled: true });
    } else if (plan.on === "all") {
      roles[plan.name] = { ...fresh, phase: "queued" };
    } else {
      roles[plan.name] = { ...fresh, phase: "choosing" };
      actions.push({ type: "choose", role: plan.name });
    }
  }
  return follow({ progress: { vm, roles, retries }, actions });
}

/** Takes one event, and whatever follows from it. An event that comes too late changes nothing. */
export function advance(progress: Progress, event: Event): Step {
  return follow(apply(progress, event));
}

/** The operator retries a role, of this vm or another, for the `count`th time: it and all that ended by its failure begin anew. */
export function retryRole(progress: Progress, id: string, count: number): Step {
  if ((progress.retries.get(id) ?? 0) >= count) return { progress, actions: [] };
  return follow({ progress: { ...progress, retries: new Map(progress.retries).set(id, count) }, actions: [] });
}

// What a role's event makes of it; undefined: nothing.
type Outcome = { role: RoleProgress; actions?: Action[] } | undefined;
type Handle<Type extends EventType> = (
  now: { vm: ProgressVm; plan: ProgressRole; role: RoleProgress; own: string },
  event: Extract<Event, { type: Type }>,
) => Outcome;

const late = (): undefined => undefined;
const never = ({ plan, role }: { plan: ProgressRole; role: RoleProgress }, event: Event): never => {
  throw new Error(`role ${plan.name} is ${role.phase}: "${event.type}" cannot happen`);
};
// Needs of a role that has left the state of waiting may still be met, or fail.
const notComparing = { same: never, adopted: never, changed: never };
const notWaiting = { chosen: never, "passed-over": never, turn: never, barred: never, met: late, unmet: late, reopened: never };
const over = { ...notWaiting, ...notComparing, ended: never, due: never, refused: late };
const lost = { ...over, reopened: ({ plan, role }: { plan: ProgressRole; role: RoleProgress }) => reopen(plan, role) };

// Every pair stands here: a forgotten one does not compile.
const transitions: { [P in Phase]: { [Type in EventType]: Handle<Type> } } = {
  choosing: {
    chosen: ({ role }) => ({ role: { ...role, phase: "queued" } }),
    "passed-over": ({ vm, plan, role }) => end(vm, plan, { ...role, phase: "skipped" }),
    turn: never,
    barred: never,
    met: never,
    // The choice itself failed.
    unmet: (now, event) => failUnmet(now, event),
    ...notComparing,
    ended: never,
    due: never,
    reopened: never,
    refused: never,
  },
  queued: {
    chosen: never,
    "passed-over": never,
    turn: ({ vm, plan, role }) => beginWaiting(vm, plan, role),
    barred: ({ vm, plan, role }, { origin, error }) => end(vm, plan, { ...role, phase: "skipped", origin, error }),
    met: never,
    unmet: never,
    ...notComparing,
    ended: never,
    due: never,
    reopened: never,
    refused: never,
  },
  waiting: {
    chosen: never,
    "passed-over": never,
    turn: never,
    barred: never,
    met: ({ vm, plan, role }, { need }) => {
      const awaiting = role.awaiting.filter((other) => other !== need);
      if (awaiting.length === role.awaiting.length) return undefined;
      if (awaiting.length === 0) return startInTurn(vm, plan, { ...role, awaiting });
      const lastAfter = isAfter(need) && !awaiting.some(isAfter);
      return { role: { ...role, awaiting }, actions: lastAfter ? timeInputs(plan, awaiting) : [] };
    },
    unmet: (now, event) => (now.role.awaiting.includes(event.need) ? failUnmet(now, event) : undefined),
    ...notComparing,
    ended: never,
    due: never,
    reopened: never,
    refused: never,
  },
  ready: {
    ...notWaiting,
    ...notComparing,
    turn: ({ plan, role }) => startOrCompare(plan, role),
    ended: never,
    due: never,
    refused: never,
  },
  comparing: {
    ...notWaiting,
    same: ({ vm, plan, role }, { outputs }) => end(vm, plan, { ...role, phase: "done" }, outputs, true),
    adopted: ({ role }) => ({ role: { ...role, phase: "running" } }),
    changed: ({ plan, role }) => start(plan, role),
    ended: never,
    due: never,
    // Of a value that stands since it was written at once: the attempt that writes it anew is told.
    refused: late,
  },
  running: {
    ...notWaiting,
    ...notComparing,
    ended: ({ vm, plan, role, own }, { outputs, failure, origin, final }) => {
      const error = failure ?? judgeOutputs(plan, outputs);
      if (error === undefined) return end(vm, plan, { ...role, phase: "done" }, outputs);
      const failed: RoleProgress = { ...role, failures: role.failures + 1, error };
      const retry = typeof plan.onError === "object" ? plan.onError : { times: 0, delayMs: 0 };
      if (final !== true && failed.failures <= retry.times) {
        const pause: Action = { type: "pause", role: plan.name, attempt: role.attempt, ms: retry.delayMs, error };
        return { role: { ...failed, phase: "pausing" }, actions: [pause] };
      }
      return end(vm, plan, { ...failed, phase: "failed", origin: origin ?? own }, outputs);
    },
    due: never,
    // A value written at once: the attempt itself is told and fails.
    refused: late,
  },
  pausing: {
    ...notWaiting,
    ...notComparing,
    ended: never,
    due: ({ plan, role }) => {
      const { error: _, ...next } = role;
      return start(plan, next);
    },
    refused: late,
  },
  done: {
    ...over,
    refused: ({ vm, plan, role, own }, { error }) => end(vm, plan, { ...role, phase: "failed", error, origin: own }),
  },
  failed: lost,
  skipped: lost,
};

function apply(progress: Progress, event: Event): Step {
  const { vm } = progress;
  const plan = vm.roles.find((role) => role.name === event.role);
  const role = progress.roles[event.role];
  if (plan === undefined || role === undefined) throw new Error(`${vm.vm} has no role ${event.role}`);
  const handle = transitions[role.phase][event.type] as Handle<EventType>;
  const outcome = handle({ vm, plan, role, own: ownFailure(progress, plan) }, event);
  if (outcome === undefined) return { progress, actions: [] };
  return { progress: { ...progress, roles: { ...progress.roles, [plan.name]: outcome.role } }, actions: outcome.actions ?? [] };
}

// What the role's failure is called if it fails by itself.
function ownFailure({ vm, retries }: Progress, { name }: ProgressRole): string {
  const id = roleId(vm.vm, name);
  return failureId(id, retries.get(id) ?? 0);
}

// Reopens roles, gives them their turn, or skips them, until nothing more follows; then tells how it ended.
function follow(step: Step): Step {
  let { progress, actions } = step;
  const nextEvent = (): Event | undefined => nextReopened(progress) ?? nextTurn(progress);
  for (let next = nextEvent(); next !== undefined; next = nextEvent()) {
    const after = apply(progress, next);
    progress = after.progress;
    actions = [...actions, ...after.actions];
  }
  const { vm, roles } = progress;
  const ends = vm.roles.map((plan) => ({ plan, end: endOf(roles[plan.name] as RoleProgress) }));
  const isOpen = ends.some(({ end }) => end === undefined);
  const ok = isOpen ? undefined : ends.every(({ plan, end }) => end !== undefined && endedWell(plan, end));
  if (ok === progress.ok) return { progress, actions };
  if (ok === undefined) {
    const { ok: _, ...open } = progress;
    return { progress: open, actions };
  }
  return { progress: { ...progress, ok }, actions: [...actions, { type: "finish", ok }] };
}

// Also a role that fails by a failure of before the retry, of which it has heard too late.
function nextReopened({ roles, retries }: Progress): Event | undefined {
  if (retries.size === 0) return undefined;
  const ended = Object.entries(roles).find(([, role]) => role.origin !== undefined && isRetried(role.origin, retries));
  return ended === undefined ? undefined : { type: "reopened", role: ended[0] };
}

function nextTurn(progress: Progress): Event | undefined {
  const { vm, roles } = progress;
  for (const [index, plan] of vm.roles.entries()) {
    const role = roles[plan.name] as RoleProgress;
    if (role.phase === "queued") return { type: "turn", role: plan.name };
    if (vm.order !== "listed") continue;
    const end = endOf(role);
    if (end === undefined) return undefined;
    if (endedWell(plan, end)) continue;
    // A failed role of a listed vm: nothing that comes after it has a meaning.
    const later = vm.roles.slice(index + 1).find(({ name }) => roles[name]?.phase === "queued");
    if (later === undefined) return undefined;
    return { type: "barred", role: later.name, origin: end.origin ?? ownFailure(progress, plan), error: barredBy(vm, plan, end) };
  }
  return vm.order === "one_at_a_time" ? nextAlone({ vm, roles }) : undefined;
}

// Of the roles that could run, the first listed, when no other one is under way. How long its values take that need no other role
// must not decide which one is first.
function nextAlone({ vm, roles }: Pick<Progress, "vm" | "roles">): Event | undefined {
  const all = vm.roles.map((plan) => ({ plan, role: roles[plan.name] as RoleProgress }));
  const underWay: Phase[] = ["comparing", "running", "pausing"];
  if (all.some(({ role }) => underWay.includes(role.phase))) return undefined;
  const first = all.find(
    ({ plan, role }) =>
      role.phase === "ready" || (role.phase === "waiting" && role.awaiting.every((need) => isAtHand(plan, need))),
  );
  return first?.role.phase === "ready" ? { type: "turn", role: first.plan.name } : undefined;
}

function isAtHand({ inputs }: ProgressRole, need: string): boolean {
  const input = inputs.find(({ name }) => need === `input ${name}`);
  return input !== undefined && readsOf(input.value).length === 0;
}

function barredBy(vm: ProgressVm, plan: ProgressRole, { state, error }: RoleEnd): string {
  return state === "skipped" ? (error ?? "") : `not run, since ${roleId(vm.vm, plan.name)} failed: ${error}`;
}

const isAfter = (need: string): boolean => need.startsWith("after ");

function beginWaiting(vm: ProgressVm, plan: ProgressRole, role: RoleProgress): Outcome {
  const afters = plan.after.map((after) => `after ${after.role}`);
  const inputs = plan.inputs.filter((input) => input.when === "eager").map((input) => `input ${input.name}`);
  const awaiting = [...new Set([...afters, ...inputs])];
  if (awaiting.length === 0) return startInTurn(vm, plan, role);
  const actions: Action[] = [{ type: "await", role: plan.name, needs: awaiting }];
  if (afters.length === 0) actions.push(...timeInputs(plan, awaiting));
  return { role: { ...role, phase: "waiting", awaiting }, actions };
}

// wait_timeout counts from the moment the role could otherwise run: its turn has come and all that it comes after has ended.
function timeInputs(plan: ProgressRole, awaiting: string[]): Action[] {
  return plan.inputs.flatMap(({ name, waitTimeoutMs: ms }) =>
    ms !== undefined && awaiting.includes(`input ${name}`) ? [{ type: "time" as const, role: plan.name, input: name, ms }] : [],
  );
}

function startInTurn({ order }: ProgressVm, plan: ProgressRole, role: RoleProgress): Outcome {
  return order === "one_at_a_time" ? { role: { ...role, phase: "ready" } } : startOrCompare(plan, role);
}

function startOrCompare(plan: ProgressRole, role: RoleProgress): Outcome {
  if (role.earlier === undefined) return start(plan, role);
  return { role: { ...role, phase: "comparing" }, actions: [{ type: "compare", role: plan.name }] };
}

function start(plan: ProgressRole, before: RoleProgress): Outcome {
  const { earlier: _, ...role } = before;
  const attempt = role.attempt + 1;
  return { role: { ...role, phase: "running", attempt }, actions: [{ type: "start", role: plan.name, attempt }] };
}

// What was chosen, and what it has written at once, stands: both are decided once.
function reopen(plan: ProgressRole, { attempt }: RoleProgress): Outcome {
  const role: RoleProgress = { phase: plan.on === "all" ? "queued" : "choosing", attempt, failures: 0, awaiting: [] };
  const actions: Action[] = [{ type: "reopen", role: plan.name }];
  if (plan.on !== "all") actions.push({ type: "choose", role: plan.name });
  return { role, actions };
}

function failUnmet({ vm, plan, role, own }: Parameters<Handle<"unmet">>[0], event: Extract<Event, { type: "unmet" }>): Outcome {
  const origin = event.origin ?? own;
  return end(vm, plan, { ...role, phase: "failed", awaiting: [], error: `${event.need}: ${event.error}`, origin });
}

function end(
  vm: ProgressVm,
  plan: ProgressRole,
  role: RoleProgress,
  outputs: Record<string, Json> = {},
  carried = false,
): Outcome {
  const ended = endOf(role);
  if (ended === undefined) throw new Error(`role ${plan.name} has not ended: it is ${role.phase}`);
  const cells = settleRole(vm, plan, ended, outputs);
  const action: Action = { type: "end", role: plan.name, state: ended.state, cells, journalled: false };
  return { role, actions: [carried ? { ...action, carried } : action] };
}
