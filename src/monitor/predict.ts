// How long a deployment takes when the duration of each role is known: roles advance on a virtual clock, without limit or overhead.
import type { FlowEdge, FlowOutput, FlowRole } from "../model/flow.ts";
import { groupBy } from "../model/group-by.ts";
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

type Role = Pick<FlowRole, "id" | "vm" | "alone"> & { outputs: Pick<FlowOutput, "cell" | "settles">[] };
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

/** A moment in a role's life: it waits for its gates, then makes events happen. */
interface Step {
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
  steps: Step[];
  next: number;
  startMs: number;
  endMs?: number;
  waitsFor: number;
  waitingSinceMs: number;
  /** Each time that it was held up: by whom, and how many things had happened in the whole run by then. */
  delays: { by: Life; moment: number }[];
}

class VirtualRun {
  readonly lives: Life[];
  readonly #waiting = new Map<string, { life: Life; gate: Gate }[]>();
  readonly #happened = new Set<string>();
  /** Of vms whose roles run one at a time: the one that runs, and those that could. */
  readonly #turns = new Map<string, { running: Life; ready: Life[] }>();
  readonly #queue = new TimeQueue<Life>();
  #moment = 0;

  constructor(flow: Dependences, profiles: Readonly<Record<string, Profile>>) {
    const edgesTo = groupBy(flow.edges, ({ to }) => to);
    this.lives = flow.roles.map((role, position) => ({
      role,
      position,
      steps: stepsOf(role, edgesTo.get(role.id) ?? [], profiles[role.id] ?? { durationMs: 0 }),
      next: 0,
      startMs: 0,
      waitsFor: 0,
      waitingSinceMs: 0,
      delays: [],
    }));
  }

  toEnd(): void {
    for (const life of this.lives) this.#queue.push(0, life);
    for (let turn = this.#queue.pop(); turn !== undefined; turn = this.#queue.pop()) this.#reach(turn.value, turn.timeMs);
  }

  /** Walks back from the role that ended last along what held each one up. */
  criticalPath(makespanMs: number): string[] {
    const path: string[] = [];
    let life = this.lives.find(({ endMs }) => endMs === makespanMs);
    let before = Infinity;
    while (life !== undefined) {
      if (path.at(-1) !== life.role.id) path.push(life.role.id);
      const limit = before;
      const delay = life.delays.findLast(({ moment }) => moment < limit);
      life = delay?.by;
      before = delay?.moment ?? 0;
    }
    return path.reverse();
  }

  #reach(life: Life, nowMs: number): void {
    const gates = life.steps[life.next]?.gates.filter((gate) => this.#isClosed(gate)) ?? [];
    life.waitsFor = gates.length;
    life.waitingSinceMs = nowMs;
    for (const gate of gates) {
      for (const event of gate.events) {
        const waiting = this.#waiting.get(event);
        if (waiting === undefined) this.#waiting.set(event, [{ life, gate }]);
        else waiting.push({ life, gate });
      }
    }
    if (gates.length === 0) this.#pass(life, nowMs);
  }

  // What happened before is taken off, so that `missing` counts what is still to come.
  #isClosed(gate: Gate): boolean {
    gate.missing -= gate.events.filter((event) => this.#happened.has(event)).length;
    gate.events = gate.events.filter((event) => !this.#happened.has(event));
    return gate.missing > 0;
  }

  #pass(life: Life, nowMs: number): void {
    const step = life.steps[life.next] as Step;
    if (life.next === 0) {
      if (!this.#takeTurn(life)) return;
      life.startMs = nowMs;
    }
    life.next++;
    // Of those that can go on by it, the first listed goes first.
    const released = step.events.flatMap((event) => this.#happen(event, life, nowMs));
    for (const next of released.toSorted((left, right) => left.position - right.position)) this.#queue.push(nowMs, next);
    const following = life.steps[life.next];
    if (following === undefined) {
      life.endMs = nowMs;
      this.#giveTurn(life, nowMs);
    } else this.#queue.push(nowMs + following.activeMs - step.activeMs, life);
  }

  #takeTurn(life: Life): boolean {
    const { alone, vm } = life.role;
    const turn = this.#turns.get(vm);
    if (alone !== true || turn?.running === life) return true;
    if (turn === undefined) this.#turns.set(vm, { running: life, ready: [] });
    else turn.ready.push(life);
    return turn === undefined;
  }

  // Of those that could run, the first listed is next.
  #giveTurn(life: Life, nowMs: number): void {
    const turn = this.#turns.get(life.role.vm);
    if (turn?.running !== life) return;
    const [next, ...rest] = turn.ready.toSorted((left, right) => left.position - right.position);
    if (next === undefined) {
      this.#turns.delete(life.role.vm);
      return;
    }
    this.#turns.set(life.role.vm, { running: next, ready: rest });
    if (nowMs > next.waitingSinceMs) next.delays.push({ by: life, moment: this.#moment++ });
    this.#queue.push(nowMs, next);
  }

  #happen(event: string, by: Life, nowMs: number): Life[] {
    if (this.#happened.has(event)) return [];
    this.#happened.add(event);
    const moment = this.#moment++;
    const released: Life[] = [];
    for (const { life, gate } of this.#waiting.get(event) ?? []) {
      if (--gate.missing !== 0 || --life.waitsFor > 0) continue;
      if (nowMs > life.waitingSinceMs) life.delays.push({ by, moment });
      released.push(life);
    }
    this.#waiting.delete(event);
    return released;
  }
}

function stepsOf(role: Role, edges: Edge[], profile: Profile): Step[] {
  const reads = edges.filter(({ gates }) => gates === "read");
  const steps: Step[] = [{ activeMs: 0, gates: gatesOf(edges.filter(({ gates }) => gates === "start")), events: [] }];
  if (profile.marks === undefined) steps.push({ activeMs: 0, gates: gatesOf(reads), events: [] });
  const early = new Set(role.outputs.filter(({ settles }) => settles === "write").map(({ cell }) => cell));
  for (const { kind, cell, activeMs } of (profile.marks ?? []).toSorted((left, right) => left.activeMs - right.activeMs)) {
    const at = Math.min(activeMs, profile.durationMs);
    if (kind === "read") steps.push({ activeMs: at, gates: gatesOf(reads.filter((edge) => edge.cell === cell)), events: [] });
    else if (early.has(cell)) steps.push({ activeMs: at, gates: [], events: [cell] });
  }
  steps.push({ activeMs: profile.durationMs, gates: [], events: [endOf(role.id), ...role.outputs.map(({ cell }) => cell)] });
  return steps;
}

// One gate for each thing that is waited for; the edges of a gather `of: any | N` make one together.
function gatesOf(edges: Edge[]): Gate[] {
  const gates = groupBy(edges, (edge) => edge.gather?.key ?? eventOf(edge));
  return [...gates.values()].map((alternatives) => {
    const events = [...new Set(alternatives.map(eventOf))];
    // A group whose size is not known is one role, however many of its members are waited for.
    return { events, missing: Math.min(alternatives[0]?.gather?.of ?? 1, events.length) };
  });
}

function eventOf(edge: Edge): string {
  return edge.cell ?? endOf(edge.from);
}

function endOf(role: string): string {
  return `${role}.@end`;
}
