// Which outputs of a vm are secret, and how they leave the agent's memory: sealed, to the coordinator as to its own journal.
import type { Dataflow } from "../coordinator/dataflow.ts";
import { makeSealer, type Sealer, sealDataflow } from "../coordinator/seal.ts";
import type { RolePlan, VmPlan } from "../model/vm-plan.ts";
import type { Guard } from "./journal.ts";

/**
 * Returns the dataflow of a vm's plan that seals what is secret and opens what is sealed. `generation` is its name, the same in every
 * epoch. Throws an Error when the plan has secret outputs and the agent was given no seal key.
 */
export function sealSecrets(
  dataflow: Dataflow,
  plan: VmPlan,
  { sealKey, stack, generation }: { sealKey: string | undefined; stack: string; generation: string },
): Dataflow {
  const cells = new Set(plan.roles.flatMap(({ outputs }) => outputs.filter(({ secret }) => secret).map(({ cell }) => cell)));
  if (sealKey === undefined && cells.size > 0) throw new Error(`${plan.vm} has secret outputs and was given no seal key`);
  if (sealKey === undefined) return dataflow;
  return sealDataflow(dataflow, makeSealer(sealKey, { stack, generation }), (cell) => cells.has(cell));
}

/** Guards the secrets in a journal, which outlives generations; `rolesOf` gives the roles of the newest. */
export function guardJournal(sealKey: string | undefined, stack: string, rolesOf: () => RolePlan[]): Guard {
  const sealer: Sealer | undefined = sealKey === undefined ? undefined : makeSealer(sealKey, { stack, generation: "@journal" });
  const isSecret = (role: string, output: string): boolean =>
    rolesOf()
      .find(({ name }) => name === role)
      ?.outputs.find(({ name }) => name === output)?.secret === true;
  return {
    isSecret: (role, output) => sealer !== undefined && isSecret(role, output),
    seal: (role, output, value) => sealer?.seal(`${role}.${output}`, value) ?? null,
    open: (role, output, sealed) => sealer?.open(`${role}.${output}`, sealed as string) ?? null,
  };
}
