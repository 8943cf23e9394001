// How long a deployment takes when the duration of each role is known: the agents' own progress on a virtual clock, without any overhead.
import type { FlowEdge, FlowOutput, FlowRole } from "../model/flow.ts";
import { groupBy } from "../model/group-by.ts";
import { type Action, advance, beginProgress, type Event, type Progress, type Step } from "../progress/progress.ts";
import type { ProgressRole } from "../progress/progress-cells.ts";
import { TimeQueue } from "./time-queue.ts";

/** Active time of a role, and when in it (ms of active time) cells are read and written. */
export interface Profile {
  durationMs: number;
  marks?: readonly { kind: "read" | "write"; cell: string; activeMs: number }[];
}

/** Of a Flow what matters for time. */
export interface Dependences {
  roles: Role[];
  edges: Edge[];
}

type Role = Pick<FlowRole, "id" | "vm" | "order"> & { outputs: Pick<FlowOutput, "cell" | "settles">[] };
type Edge = Omit<FlowEdge, "span">;

export interface Prediction {
  makespanMs: number;
  /** The roles that the makespan is made of, first to last. */
  criticalPath: string[];
  roles: { id: string; startMs: number; endMs: number }[];
}

/**
 * Predicts start and end of every role; a role without a profile takes no time. Without marks, reads block at the start and `on_write`
 * outputs are written at the end. Throws an Error when roles wait for each other: the flow must have passed the deadlock proof.
 */
export function predict(flow: Dependences, profiles: Readonly<Record<string, Profile>>): Prediction {
  const run = new VirtualRun(flow, profiles);
  run.toEnd();
  const roles = run.lives.map(({ role, startMs, endMs }) => {
    if (endMs === undefined) throw new Error(`${role.id} would never end`);
    return { id: role.id, startMs, endMs };
  });
  const makespanMs = roles.reduce((latest, { endMs }) => Math.max(latest, endMs), 0);
  return { makespanMs, criticalPath: run.criticalPath(makespanMs), roles };
}

/** A moment in a running role's life: it waits for its gates, then makes events happen. */
interface Moment {
  activeMs: number;
  gates: Gate[];
  events: string[];
}

/** Opens when `missing` of its events have happened. */
interface Gate {
  events: string[];
  missing: number;
}

interface Life {
  role: Role;
  /** Among all roles, in the template's order. */
  position: number;
  /** What it needs before it starts. */
  needs: ReadonlyMap<string, Gate>;
  /** What happens while it runs. */
  moments: Moment[];
  startMs: number;
  endMs?: number;
  /** Since when it has been waiting for whatever it waits for next. */
  idleSinceMs: number;
  /** Each time that it was held up: by whom, and how many such delays there were in the whole run by then. */
  delays: { by: Life; number: number }[];
}

/** Something that goes on as soon as gates are open. */
interface Wait {
  life: Life;
  closed: number;
  goOn: (nowMs: number, by?: Life) => void;
}

class VirtualRun {
  readonly lives: Life[];
  readonly #byId: ReadonlyMap<string, Life>;
  readonly #agents = new Map<string, Progress>();
  readonly #waits = new Map<string, { wait: Wait; gate: Gate }[]>();
  readonly #happened = new Set<string>();
  readonly #queue = new TimeQueue<(nowMs: number) => void>();
  #delays = 0;

  constructor(flow: Dependences, profiles: Readonly<Record<string, Profile>>) {
    const edgesTo = groupBy(flow.edges, ({ to }) => to);
    this.lives = flow.roles.map((role, position) => {
      const edges = edgesTo.get(role.id) ?? [];
      const moments = momentsOf(role, edges, profiles[role.id] ?? { durationMs: 0 });
      return { role, position, needs: needsOf(role, edges), moments, startMs: 0, idleSinceMs: 0, delays: [] };
    });
    this.#byId = new Map(this.lives.map((life) => [life.role.id, life]));
  }

  toEnd(): void {
    for (const [vm, lives] of groupBy(this.lives, ({ role }) => role.vm)) {
      const { order } = (lives[0] as Life).role;
      this.#take(beginProgress({ vm, order, roles: lives.map(planOf) }), 0);
    }
    for (let turn = this.#queue.pop(); turn !== undefined; turn = this.#queue.pop()) turn.value(turn.timeMs);
  }

  /** Walks back from the role that ended last along what held each one up. */
  criticalPath(makespanMs: number): string[] {
    const path: string[] = [];
    let life = this.lives.find(({ endMs }) => endMs === makespanMs);
    let before = Infinity;
    while (life !== undefined) {
      if (path.at(-1) !== life.role.id) path.push(life.role.id);
      const limit = before;
      const delay = life.delays.findLast(({ number }) => number < limit);
      life = delay?.by;
      before = delay?.number ?? 0;
    }
    return path.reverse();
  }

  #tell(vm: string, event: Event, nowMs: number, by?: Life): void {
    this.#take(advance(this.#agents.get(vm) as Progress, event), nowMs, by);
  }

  // `by`: the role without which this would have come sooner.
  #take({ progress, actions }: Step, nowMs: number, by?: Life): void {
    this.#agents.set(progress.vm.vm, progress);
    for (const action of actions) if ("role" in action) this.#act(action, this.#byId.get(action.role) as Life, nowMs, by);
  }

  #act(action: Action, life: Life, nowMs: number, by?: Life): void {
    const { id: role, vm, outputs } = life.role;
    if (action.type === "await") {
      this.#noteDelay(life, nowMs, by);
      for (const need of action.needs)
        this.#whenOpen(life, [life.needs.get(need.slice("after ".length)) as Gate], nowMs, (now, opener) =>
          this.#tell(vm, { type: "met", role, need }, now, opener),
        );
    } else if (action.type === "start") {
      this.#noteDelay(life, nowMs, by);
      life.startMs = nowMs;
      this.#goOn(life, 0, nowMs);
    } else if (action.type === "end") {
      life.endMs = nowMs;
      this.#happen([endOf(role), ...outputs.map(({ cell }) => cell)], life, nowMs);
    }
  }

  #goOn(life: Life, next: number, nowMs: number): void {
    const moment = life.moments[next];
    const { id: role, vm } = life.role;
    if (moment === undefined) return this.#tell(vm, { type: "ended", role, outputs: {} }, nowMs, life);
    this.#queue.push(nowMs + moment.activeMs - (life.moments[next - 1]?.activeMs ?? 0), (now) => {
      life.idleSinceMs = now;
      this.#whenOpen(life, moment.gates, now, (then, by) => {
        this.#noteDelay(life, then, by);
        this.#happen(moment.events, life, then);
        this.#goOn(life, next + 1, then);
      });
    });
  }

  #noteDelay(life: Life, nowMs: number, by?: Life): void {
    if (by !== undefined && nowMs > life.idleSinceMs) life.delays.push({ by, number: this.#delays++ });
    life.idleSinceMs = nowMs;
  }

  #whenOpen(life: Life, gates: Gate[], nowMs: number, goOn: Wait["goOn"]): void {
    const closed = gates.filter((gate) => this.#isClosed(gate));
    if (closed.length === 0) return goOn(nowMs);
    const wait: Wait = { life, closed: closed.length, goOn };
    for (const gate of closed) {
      for (const event of gate.events) {
        const waits = this.#waits.get(event);
        if (waits === undefined) this.#waits.set(event, [{ wait, gate }]);
        else waits.push({ wait, gate });
      }
    }
  }

  // What happened before is taken off, so that `missing` counts what is still to come.
  #isClosed(gate: Gate): boolean {
    gate.missing -= gate.events.filter((event) => this.#happened.has(event)).length;
    gate.events = gate.events.filter((event) => !this.#happened.has(event));
    return gate.missing > 0;
  }

  // Of those that can go on by it, the first listed goes first.
  #happen(events: string[], by: Life, nowMs: number): void {
    const open: Wait[] = [];
    for (const event of events) {
      if (this.#happened.has(event)) continue;
      this.#happened.add(event);
      for (const { wait, gate } of this.#waits.get(event) ?? []) if (--gate.missing === 0 && --wait.closed === 0) open.push(wait);
      this.#waits.delete(event);
    }
    for (const { goOn } of open.toSorted((left, right) => left.life.position - right.life.position))
      this.#queue.push(nowMs, (now) => goOn(now, by));
  }
}

// Of a plan what progress asks for. Whether a role waits for a value or for an end, to progress it is something that it comes after.
function planOf({ role, needs }: Life): ProgressRole {
  const after = [...needs.keys()].map((need) => ({ role: need }));
  return { name: role.id, on: "all", onError: "fail", inputs: [], outputs: [], after };
}

// Where roles are listed, progress itself lets each wait for the one before.
function needsOf({ order }: Role, edges: Edge[]): Map<string, Gate> {
  return gatesOf(edges.filter(({ gates, kind }) => gates === "start" && !(kind === "order" && order === "listed")));
}

function momentsOf(role: Role, edges: Edge[], { durationMs, marks }: Profile): Moment[] {
  const reads = edges.filter(({ gates }) => gates === "read");
  const early = new Set(role.outputs.filter(({ settles }) => settles === "write").map(({ cell }) => cell));
  const readAt = (activeMs: number, some: Edge[]): Moment => ({ activeMs, gates: [...gatesOf(some).values()], events: [] });
  const marked = (marks ?? []).toSorted((left, right) => left.activeMs - right.activeMs);
  const moments = marked.flatMap(({ kind, cell, activeMs }): Moment[] => {
    const at = Math.min(activeMs, durationMs);
    if (kind === "read")
      return [
        readAt(
          at,
          reads.filter((edge) => edge.cell === cell),
        ),
      ];
    return early.has(cell) ? [{ activeMs: at, gates: [], events: [cell] }] : [];
  });
  return [...(marks === undefined ? [readAt(0, reads)] : moments), { activeMs: durationMs, gates: [], events: [] }];
}

// By what is waited for, one gate each; the edges of a gather `of: any | N` make one together.
function gatesOf(edges: Edge[]): Map<string, Gate> {
  const gates = groupBy(edges, (edge) => edge.gather?.key ?? eventOf(edge));
  return new Map(
    [...gates].map(([key, alternatives]) => {
      const events = [...new Set(alternatives.map(eventOf))];
      // A group whose size is not known is one role, however many of its members are waited for.
      return [key, { events, missing: Math.min(alternatives[0]?.gather?.of ?? 1, events.length) }];
    }),
  );
}

function eventOf(edge: Edge): string {
  return edge.cell ?? endOf(edge.from);
}

function endOf(role: string): string {
  return `${role}.@end`;
}
