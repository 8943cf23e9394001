// Finds out which member of a group runs a role: decided once, by whoever asks first.
import type { Dataflow } from "../coordinator/dataflow.ts";
import { membersOf, showValue } from "../model/cell.ts";
import type { Expr } from "../model/expression.ts";
import type { Json } from "../model/json.ts";
import type { Level, RolePlan } from "../model/vm-plan.ts";
import type { Cells } from "./cells.ts";

/**
 * Returns the index, as text, of the member chosen; the one proposed is the first, or what the role's `index` says: a number, which
 * counts the members where these have names.
 */
export async function chooseMember(
  on: Exclude<RolePlan["on"], "all">,
  group: Level,
  cells: Cells,
  dataflow: Dataflow,
  signal: AbortSignal,
): Promise<string> {
  const resolve = async (expr: Expr): Promise<Json> => {
    const resolution = await cells.resolve(expr, { signal });
    if (resolution.state === "failed") throw new Error(resolution.error);
    return resolution.value;
  };
  const number = on.index === undefined ? "0" : showValue(await resolve(on.index));
  if (!/^\d+$/.test(number)) throw new Error("index is not the number of a member");
  const size = await resolve(group.size);
  const candidate = typeof size === "object" ? membersOf(size)[Number(number)] : number;
  if (candidate === undefined) throw new Error(`index is ${number}, and ${group.name} has no member of that number`);
  return dataflow.choose(on.choice, candidate, signal);
}
