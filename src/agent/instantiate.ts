// Makes one member's plan of its group's plan: its own index for `[self]` and for the index variable. Pure.
import { indexesIn, isMemberIndex } from "../model/cell.ts";
import { fillExpr, fillJson, fillRead, type Filling } from "../model/expression.ts";
import type { JsonMap } from "../model/json.ts";
import { type Level, levelsOf, type RolePlan, type VmPlan } from "../model/vm-plan.ts";

/** Returns the plan of the member whose id is `vm`, its rights still those of any member; the plan of a single vm is returned as it is. */
export function instantiatePlan(plan: VmPlan, vm: string): VmPlan {
  if (plan.group === undefined) return plan;
  const levels = levelsOf(plan);
  const indexes = indexesIn(vm);
  if (indexes.length !== levels.length || !indexes.every(isMemberIndex))
    throw new Error(`the plan of ${plan.vm} is a group's, and ${vm} does not say which member this is`);
  const filling = fillingFor(levels, indexes);
  return {
    ...plan,
    vm,
    group: fillLevel(plan.group, filling),
    ...(plan.outer === undefined ? {} : { outer: plan.outer.map((level) => fillLevel(level, filling)) }),
    roles: plan.roles.map((role) => instantiateRole(role, filling)),
  };
}

/** Fills in the indexes of one member for the index variables of all groups around it. */
export function fillingFor(levels: readonly Level[], indexes: readonly string[]): Filling {
  const text = (old: string): string =>
    levels.reduce((filled, { indexVar }, position) => filled.replaceAll(indexVar, indexes[position] as string), old);
  // Only in cells: a script may well say `list[self]`.
  return { text, cell: (cell) => text(cell.replaceAll("[self]", `[${indexes.at(-1) ?? ""}]`)) };
}

function fillLevel(level: Level, filling: Filling): Level {
  return { ...level, name: filling.text(level.name), size: fillExpr(level.size, filling) };
}

function instantiateRole(role: RolePlan, filling: Filling): RolePlan {
  const { on } = role;
  return {
    ...role,
    run: fillExpr(role.run, filling),
    options: fillJson(role.options, filling.text) as JsonMap,
    inputs: role.inputs.map((input) => ({
      ...input,
      value: fillExpr(input.value, filling),
      ...(input.default === undefined ? {} : { default: fillJson(input.default, filling.text) }),
    })),
    outputs: role.outputs.map((output) => ({ ...output, cell: filling.cell(output.cell) })),
    after: role.after.map((after) => ({ ...after, cells: fillRead(after.cells, filling) })),
    on:
      on === "all"
        ? on
        : {
            ...on,
            choice: filling.text(on.choice),
            ...(on.index === undefined ? {} : { index: fillExpr(on.index, filling) }),
          },
  };
}
