// How an ended role is judged by its outputs, and how it settles its cells. Pure, like progress.ts, whose other half it is.
import { endCell, wholeId } from "../model/cell.ts";
import type { Json } from "../model/json.ts";
import type { AfterPlan, InputPlan, OutputPlan, RolePlan } from "../model/vm-plan.ts";

/** How a cell is to be settled; who writes it and when is added by the writer. */
export type Settlement =
  | { cell: string; state: "value"; value: Json }
  | { cell: string; state: "absent" }
  | { cell: string; state: "failed"; error: string; origin: string };

/** How a role ended. `error` and `origin` are there unless it did so well, or was passed over. */
export interface RoleEnd {
  state: "done" | "failed" | "skipped";
  error?: string;
  origin?: string;
}

/** What progress asks of a role's plan. */
export type ProgressRole = Pick<RolePlan, "name" | "on" | "onError" | "outputs"> & {
  inputs: Pick<InputPlan, "name" | "when" | "value" | "waitTimeoutMs">[];
  after: Pick<AfterPlan, "role">[];
};

/** A vm as far as its cells' names go. */
export interface CellOwner {
  vm: string;
  group?: { name: string };
}

/** The cell that is settled when `role` has ended: the group's own where the role runs on one member. */
export function endCellOf({ vm, group }: CellOwner, role: Pick<RolePlan, "name" | "on">): string {
  return endCell(runsOnOne(role) && group !== undefined ? wholeId(vm) : vm, role.name);
}

/** Whether a role runs on one member of its group, whose outputs are then the group's. */
export function runsOnOne({ on }: Pick<RolePlan, "on">): boolean {
  return on !== "all" && on.pick === "one";
}

/** Whether a role ended so that what comes after it may run. */
export function endedWell(plan: ProgressRole, { state, origin }: RoleEnd): boolean {
  if (state === "failed") return plan.onError === "continue";
  return state === "done" || origin === undefined;
}

/** Says what is wrong with the outputs of a role whose tool has succeeded; undefined: nothing. */
export function judgeOutputs(plan: ProgressRole, outputs: Record<string, Json>): string | undefined {
  const written = ({ name }: OutputPlan): boolean => Object.hasOwn(outputs, name);
  const problem = plan.outputs.find((output) => output.errorOutput && written(output));
  if (problem !== undefined) {
    return `error output ${problem.name}${problem.secret ? " has a value" : `: ${JSON.stringify(outputs[problem.name])}`}`;
  }
  const missing = plan.outputs.filter((output) => !output.optional && !output.errorOutput && !written(output));
  return missing.length === 0 ? undefined : `output-not-written: ${missing.map(({ name }) => name).join(", ")}`;
}

/** Settles every cell of an ended role; `outputs` is what it wrote. */
export function settleRole(owner: CellOwner, plan: ProgressRole, end: RoleEnd, outputs: Record<string, Json>): Settlement[] {
  const { state, error = "", origin } = end;
  // The cells of a role that runs on one member are that member's to write.
  if (runsOnOne(plan) && state === "skipped" && origin === undefined) return [];
  const settleOutput = ({ name, cell, publish }: OutputPlan): Settlement => {
    // What was written at once stands, whatever came after.
    const stands = Object.hasOwn(outputs, name) && (state === "done" || publish === "on_write");
    if (stands) return { cell, state: "value", value: outputs[name] as Json };
    return origin === undefined ? { cell, state: "absent" } : { cell, state: "failed", error, origin };
  };
  const cell = endCellOf(owner, plan);
  const ended: Settlement =
    origin === undefined || endedWell(plan, end)
      ? { cell, state: "value", value: true }
      : { cell, state: "failed", error, origin };
  return [...plan.outputs.map(settleOutput), ended];
}
