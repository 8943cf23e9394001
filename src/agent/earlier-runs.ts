// What an earlier generation has left to this one: successes in the journal, attempts under way, programs that still read. Tells which stand.
import type { Json } from "../model/json.ts";
import type { Waiting } from "../model/status.ts";
import type { OutputPlan, RolePlan } from "../model/vm-plan.ts";
import type { Attempt } from "./attempt.ts";
import { definitionOf, isSameRun } from "./basis.ts";
import type { Cells } from "./cells.ts";
import type { RoleSession } from "./role-session.ts";
import type { Vm } from "./vm.ts";

/** What a generation that gives way leaves to the next; all of it is suspended. */
export interface Left {
  attempts: Map<string, Attempt>;
  sessions: Map<string, RoleSession>;
}

/** Whether an earlier run stands, with what it wrote; or goes on; or is nothing any more. */
export type Verdict = { is: "same"; outputs: Record<string, Json> } | { is: "adopted"; attempt: Attempt } | { is: "changed" };

/** How one role is compared: with the values of its eager inputs, telling what is awaited and which outputs stand whatever comes. */
export interface Comparing {
  inputs: Record<string, Json>;
  onWaiting: (need: string, waiting: Waiting[]) => void;
  onStanding: (output: OutputPlan, value: Json) => void;
}

export class EarlierRuns {
  readonly #vm: Vm;
  readonly #left: Left;
  readonly #cells: Cells;
  readonly #signal: AbortSignal;

  constructor(vm: Vm, left: Left, cells: Cells, signal: AbortSignal) {
    this.#vm = vm;
    this.#left = left;
    this.#cells = cells;
    this.#signal = signal;
  }

  /** The newest session of a role. */
  sessionOf(role: string): RoleSession | undefined {
    return this.#left.sessions.get(role);
  }

  /** Tells whether there is something to compare a role with. */
  has(role: string): boolean {
    return this.#left.attempts.has(role) || this.#vm.journal.memory.roles[role]?.success !== undefined;
  }

  /** Ends the attempts whose role is not among `plans`, or is defined otherwise: whatever they have yet to read, they are wrong now. */
  endWrong(plans: RolePlan[]): void {
    const planOf = (role: string): RolePlan | undefined => plans.find(({ name }) => name === role);
    for (const [role, session] of this.#left.sessions)
      if (planOf(role) === undefined) session.dismiss("the stack has another generation, in which this role is not");
    for (const [role, attempt] of this.#left.attempts) {
      const plan = planOf(role);
      if (plan === undefined) this.drop(role);
      else void this.#vm.background(`ending ${role}`, this.#endUnlessDefined(plan, attempt), this.#signal);
    }
  }

  async #endUnlessDefined(plan: RolePlan, attempt: Attempt): Promise<void> {
    const what = await this.#cells.resolve(plan.run, { signal: this.#signal });
    const isDefined = what.state === "value" && this.#vm.digest(definitionOf(plan, what.value)) === attempt.basis().definition;
    if (!isDefined) await attempt.end();
  }

  /** Ends the attempt of a role that is under way, if there is one. */
  drop(role: string): void {
    const attempt = this.#left.attempts.get(role);
    this.#left.attempts.delete(role);
    if (attempt !== undefined) void this.#vm.background(`ending ${role}`, attempt.end(), this.#signal);
  }

  /** Compares a role; its attempt has ended where it is not adopted. Rejects when this generation gives way meanwhile. */
  async compare(plan: RolePlan, comparing: Comparing): Promise<Verdict> {
    const { name: role } = plan;
    const attempt = this.#left.attempts.get(role);
    const success = this.#vm.journal.memory.roles[role]?.success;
    const basis = attempt === undefined ? success?.basis : attempt.basis();
    const written = attempt === undefined ? (success?.outputs ?? {}) : attempt.session.written;
    const what = await this.#cells.resolve(plan.run, { signal: this.#signal });
    const { digest } = this.#vm;
    const isSame =
      basis !== undefined &&
      // What it could not read in the generation before may well be there in this one.
      attempt?.session.failedRead === undefined &&
      what.state === "value" &&
      (await isSameRun(
        { plan, run: what.value, cells: this.#cells, digest, signal: this.#signal, ...comparing },
        basis,
        written,
      ));
    this.#signal.throwIfAborted();
    if (attempt === undefined) return isSame ? { is: "same", outputs: written } : { is: "changed" };
    if (!isSame) await attempt.end();
    this.#signal.throwIfAborted();
    this.#left.attempts.delete(role);
    return isSame ? { is: "adopted", attempt } : { is: "changed" };
  }

  /** Leaves to yet another generation what this one has not come to, and what it has under way itself. */
  leave(attempts: Map<string, Attempt>, sessions: Map<string, RoleSession>): Left {
    const all: Left = {
      attempts: new Map([...this.#left.attempts, ...attempts]),
      sessions: new Map([...this.#left.sessions, ...sessions]),
    };
    for (const session of all.sessions.values()) session.suspend();
    return all;
  }
}
