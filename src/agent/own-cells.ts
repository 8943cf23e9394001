// The cells that this vm writes: recalled from the journal, settled for readers here and elsewhere, and whether all of it has arrived.
import type { Dataflow } from "../coordinator/dataflow.ts";
import { roleId } from "../model/cell.ts";
import type { Json } from "../model/json.ts";
import type { OutputPlan, RolePlan, VmPlan } from "../model/vm-plan.ts";
import type { Cells } from "./cells.ts";
import { type Settlement, settleRole } from "../progress/progress-cells.ts";
import { makeRecord, settleCell } from "./settle-cell.ts";
import type { Vm } from "./vm.ts";

export class OwnCells {
  readonly #vm: Vm;
  readonly #plan: VmPlan;
  readonly #parts: { cells: Cells; dataflow: Dataflow; signal: AbortSignal };
  readonly #publishing = new Set<Promise<unknown>>();

  constructor(vm: Vm, plan: VmPlan, parts: { cells: Cells; dataflow: Dataflow; signal: AbortSignal }) {
    this.#vm = vm;
    this.#plan = plan;
    this.#parts = parts;
  }

  /**
   * Settles for the readers here what the journal knows: values written at once, and all of ended roles that are not among `running`, since roles that
   * run when the vm leaves read what those before them have written.
   */
  recall(running: RolePlan[]): void {
    const { roles, wrote } = this.#vm.journal.memory;
    for (const plan of this.#plan.roles) {
      const ended = roles[plan.name]?.ended;
      if (ended === undefined || running.includes(plan)) continue;
      for (const settlement of settleRole(this.#plan, plan, ended, ended.outputs)) this.#settleHere(plan.name, settlement);
    }
    for (const { role, output, value } of wrote) {
      const outputs = this.#plan.roles.find(({ name }) => name === role)?.outputs ?? [];
      const cell = outputs.find(({ name }) => name === output)?.cell;
      if (cell !== undefined) this.#settleHere(role, { cell, state: "value", value });
    }
  }

  #settleHere(role: string, settlement: Settlement): void {
    const attempt = this.#vm.journal.memory.roles[role]?.attempt ?? 1;
    this.#parts.cells.settle(settlement.cell, makeRecord(settlement, roleId(this.#vm.name, role), attempt));
  }

  /** Settles a cell for all; `onRefused` is told when another value stands there for good. */
  publish(plan: RolePlan, attempt: number, settlement: Settlement, onRefused: (why: string) => void): void {
    const publishing = settleCell({ owner: this.#plan, plan, attempt }, settlement, this.#parts).then((why) => {
      if (why !== undefined) onRefused(why);
    });
    this.#publishing.add(publishing);
    const done = (): boolean => this.#publishing.delete(publishing);
    publishing.then(done, done);
    void this.#vm.background(`publishing ${settlement.cell}`, publishing, this.#parts.signal);
  }

  /** Keeps a value that was written at once and stays here. */
  keep(role: string, output: OutputPlan, value: Json): void {
    this.#vm.journal.append({ type: "wrote", role, output: output.name, value });
  }

  /** Resolves when all that was to be published is, or never will be. */
  async arrived(): Promise<void> {
    await Promise.allSettled(this.#publishing);
  }
}
