// Which outputs of a vm are secret, and how they leave the agent's memory: sealed, to the coordinator as to its own journal.
import type { Dataflow } from "../coordinator/dataflow.ts";
import { makeSealer, type Sealer, sealDataflow } from "../coordinator/seal.ts";
import type { VmPlan } from "../model/vm-plan.ts";
import type { AgentConfig } from "./agent-config.ts";
import type { Guard } from "./journal.ts";

/** The secret outputs of one vm's plan. Throws an Error when there are some and the agent was given no seal key. */
export class Secrets {
  readonly #sealer: Sealer | undefined;
  /** Cells of secret outputs, by `ROLE.OUTPUT`. */
  readonly #cells = new Map<string, string>();

  constructor({ sealKey, stack, generation }: Pick<AgentConfig, "sealKey" | "stack" | "generation">, plan: VmPlan) {
    for (const role of plan.roles) {
      for (const output of role.outputs) if (output.secret) this.#cells.set(`${role.name}.${output.name}`, output.cell);
    }
    if (this.#cells.size > 0 && sealKey === undefined) throw new Error(`${plan.vm} has secret outputs and was given no seal key`);
    this.#sealer = sealKey === undefined ? undefined : makeSealer(sealKey, { stack, generation });
  }

  /** Returns the dataflow that seals what is secret and opens what is sealed. */
  seal(dataflow: Dataflow): Dataflow {
    if (this.#sealer === undefined) return dataflow;
    const cells = new Set(this.#cells.values());
    return sealDataflow(dataflow, this.#sealer, (cell) => cells.has(cell));
  }

  /** For the journal. */
  readonly guard: Guard = {
    hide: (role, output, value) => {
      const cell = this.#cells.get(`${role}.${output}`);
      return cell === undefined || this.#sealer === undefined ? value : this.#sealer.seal(cell, value);
    },
    show: (role, output, stored) => {
      const cell = this.#cells.get(`${role}.${output}`);
      return cell === undefined || this.#sealer === undefined ? stored : this.#sealer.open(cell, stored as string);
    },
  };
}
