// Finds out which member of a group runs a role: decided once, by whoever asks first.
import type { Dataflow } from "../coordinator/dataflow.ts";
import { showValue } from "../model/cell.ts";
import type { RolePlan } from "../model/vm-plan.ts";
import type { Cells } from "./cells.ts";

/** Returns the index, as text, of the member chosen; the one proposed is the lowest, or what the role's `index` says. */
export async function chooseMember(
  on: Exclude<RolePlan["on"], "all">,
  cells: Cells,
  dataflow: Dataflow,
  signal: AbortSignal,
): Promise<string> {
  let candidate = "0";
  if (on.index !== undefined) {
    const resolution = await cells.resolve(on.index, { signal });
    if (resolution.state === "failed") throw new Error(resolution.error);
    candidate = showValue(resolution.value);
    if (!/^\d+$/.test(candidate)) throw new Error(`index is not the number of a member`);
  }
  return dataflow.choose(on.choice, candidate, signal);
}
