// Which vms a stack plan makes here, with the addresses they get and the values that Heat would give each.
import { instantiatePlan } from "../agent/instantiate.ts";
import type { HeatPlayer } from "../machines/play-heat.ts";
import { memberId } from "../model/cell.ts";
import type { Expr } from "../model/expression.ts";
import type { Json } from "../model/json.ts";
import type { StackPlan, VmPlan } from "../model/vm-plan.ts";

/** A vm of a run: `plan` is its own, `compiled` the one that travels (its group's, if it is a member). */
export interface PlacedVm {
  id: string;
  compiled: VmPlan;
  plan: VmPlan;
  index?: number;
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
  const present = plan.vms.filter(({ vm }) => heat.holds(plan.conditions[vm]));
  const vms = present.flatMap((compiled) => expandGroup(plan, compiled, heat));
  const chosen = await chooseAddresses(vms.length);
  for (const [position, vm] of vms.entries()) addresses.set(vm.id, chosen[position] as string);
  return vms.map((vm) => ({ ...vm, address: addresses.get(vm.id) as string, values: slotValues(plan, vm, heat) }));
}

/** A vm before anything is known of it but its place in the stack. */
export type Member = Omit<PlacedVm, "address" | "values">;

/** The vms that a plan stands for: itself, or the members of its group. */
export function expandGroup(plan: StackPlan, compiled: VmPlan, heat: HeatPlayer): Member[] {
  const { group } = compiled;
  if (group === undefined) return [{ id: compiled.vm, compiled, plan: compiled }];
  const { size: expr } = group;
  const isSlot = expr.kind === "slot";
  const size = isSlot
    ? heat.evaluate(slotExpr(plan, compiled, expr.slot), { vm: compiled.vm, slot: expr.slot })
    : heat.evaluate(expr);
  return Array.from({ length: Number(size) }, (_, index) => {
    return { id: memberId(group.name, index), compiled, plan: instantiatePlan(compiled, index), index };
  });
}

/** What Heat resolves for one vm, by slot. */
export function slotValues(plan: StackPlan, vm: Member, heat: HeatPlayer): Record<string, Json> {
  const values: Record<string, Json> = {};
  for (const [slot, expr] of Object.entries(plan.slots[vm.compiled.vm] ?? {})) {
    const { group } = vm.compiled;
    const own = group === undefined || vm.index === undefined ? expr : replaceIndex(expr, group.indexVar, vm.index);
    values[slot] = heat.evaluate(own, { vm: vm.compiled.vm, slot });
  }
  return values;
}

function slotExpr(plan: StackPlan, vm: VmPlan, slot: string): Expr {
  const expr = plan.slots[vm.vm]?.[slot];
  if (expr === undefined) throw new Error(`the plan of ${vm.vm} names slot ${slot}, which the stack plan does not have`);
  return expr;
}

/** Heat replaces the index variable in every text of a member's definition. */
export function replaceIndex(expr: Expr, indexVar: string, index: number): Expr {
  const reviver = (_: string, value: unknown): unknown =>
    typeof value === "string" ? value.replaceAll(indexVar, String(index)) : value;
  return JSON.parse(JSON.stringify(expr), reviver) as Expr;
}
