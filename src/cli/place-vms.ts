// Which vms a stack plan makes here, with the addresses they get and the values that Heat would give each.
import { fillingFor, instantiatePlan } from "../agent/instantiate.ts";
import { evaluateExpr } from "../functions/evaluate.ts";
import type { HeatPlayer } from "../machines/play-heat.ts";
import { indexesIn, membersOf, withIndexes } from "../model/cell.ts";
import { fillExpr, type Expr } from "../model/expression.ts";
import type { Json } from "../model/json.ts";
import { levelsOf, type StackPlan, type VmPlan } from "../model/vm-plan.ts";

/** A vm of a run: `plan` is its own, `compiled` the one that travels (its group's, if it is a member). */
export interface PlacedVm {
  id: string;
  compiled: VmPlan;
  plan: VmPlan;
  address: string;
  /** What Heat resolves for it, by slot. */
  values: Record<string, Json>;
}

/**
 * Places every vm whose condition holds; `chooseAddresses` gives as many addresses as there are vms. All addresses are set in `addresses` before anything else
 * is evaluated, since a deploy-time value may be the address of a later vm.
 */
export async function placeVms(
  plan: StackPlan,
  heat: HeatPlayer,
  addresses: Map<string, string>,
  chooseAddresses: (count: number) => Promise<string[]>,
): Promise<PlacedVm[]> {
  const vms = plan.vms.flatMap((compiled) => expandGroup(plan, compiled, heat));
  const chosen = await chooseAddresses(vms.length);
  for (const [position, vm] of vms.entries()) addresses.set(vm.id, chosen[position] as string);
  return vms.map((vm) => ({ ...vm, address: addresses.get(vm.id) as string, values: slotValues(plan, vm, heat) }));
}

/** A vm before anything is known of it but its place in the stack. */
export type Member = Pick<PlacedVm, "id" | "compiled" | "plan">;

/** The vms that a plan stands for, if their conditions hold: itself, or the members of its groups. */
export function expandGroup(plan: StackPlan, compiled: VmPlan, heat: HeatPlayer): Member[] {
  const { vm, group } = compiled;
  const levels = levelsOf(compiled);
  // The size of an inner group, and the condition of a vm, may differ from one member of an outer group to the next.
  let members: string[][] = [[]];
  for (const [depth, level] of levels.entries()) {
    members = members.flatMap((indexes) => {
      const own = fillingFor(levels.slice(0, depth), indexes);
      const size = evaluateExpr(fillExpr(level.size, own), {
        ...heat.lookup,
        slot: (slot) => heat.evaluate(fillExpr(slotOf(plan, vm, slot), own), { vm, slot }),
      });
      return membersOf(size, level.skip).map((member) => [...indexes, member]);
    });
  }
  return members.flatMap((indexes): Member[] => {
    const condition = plan.conditions[vm];
    if (condition !== undefined && !heat.holds(fillExpr(condition, fillingFor(levels, indexes)))) return [];
    const id = group === undefined ? vm : withIndexes(vm, indexes);
    return [{ id, compiled, plan: instantiatePlan(compiled, id) }];
  });
}

/** Fills in a member's own numbers where Heat would. */
export function fillOwn(expr: Expr, { id, compiled }: Member): Expr {
  return compiled.group === undefined ? expr : fillExpr(expr, fillingFor(levelsOf(compiled), indexesIn(id)));
}

function slotOf(plan: StackPlan, vm: string, slot: string): Expr {
  const expr = plan.slots[vm]?.[slot];
  if (expr === undefined) throw new Error(`the plan of ${vm} names slot ${slot}, which the stack plan does not have`);
  return expr;
}

/** What Heat resolves for one vm, by slot. */
export function slotValues(plan: StackPlan, member: Member, heat: HeatPlayer): Record<string, Json> {
  const vm = member.compiled.vm;
  const values: Record<string, Json> = {};
  for (const [slot, expr] of Object.entries(plan.slots[vm] ?? {}))
    values[slot] = heat.evaluate(fillOwn(expr, member), { vm, slot });
  return values;
}
