// Makes one member's plan of its group's plan: its own index for `[self]` and for the index variable. Pure.
import type { Expr, Read } from "../model/expression.ts";
import type { Json, JsonMap } from "../model/json.ts";
import { memberId } from "../model/cell.ts";
import type { AfterPlan, RolePlan, VmPlan } from "../model/vm-plan.ts";

/** Returns the plan of member `index`; the plan of a single vm is returned as it is. */
export function instantiatePlan(plan: VmPlan, index: number | undefined): VmPlan {
  if (plan.group === undefined) return plan;
  if (index === undefined) throw new Error(`the plan of ${plan.vm} is a group's, and no index says which member this is`);
  const own = ownOf(plan.group.indexVar, index);
  return {
    ...plan,
    vm: memberId(plan.group.name, index),
    group: { ...plan.group, size: own.expr(plan.group.size) },
    roles: plan.roles.map((role) => instantiateRole(role, own)),
    rights: {
      read: plan.rights.read.map(own.cell),
      write: plan.rights.write.map(own.cell),
      choose: plan.rights.choose.map(own.text),
    },
  };
}

interface Own {
  text: (text: string) => string;
  cell: (cell: string) => string;
  json: (value: Json) => Json;
  expr: (expr: Expr) => Expr;
}

function ownOf(indexVar: string, index: number): Own {
  const text = (text: string): string => text.replaceAll(indexVar, String(index));
  // Only in cells: a script may well say `list[self]`.
  const cell = (cell: string): string => text(cell.replaceAll("[self]", `[${index}]`));
  const json = (value: Json): Json => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return value.map(json);
    if (value === null || typeof value !== "object") return value;
    return mapValues(value, json);
  };
  const read = (read: Read): Read => {
    const present = read.present === undefined ? {} : { present: expr(read.present) };
    return read.kind === "cell"
      ? { kind: "cell", cell: cell(read.cell), ...present }
      : { ...read, size: expr(read.size), ...present };
  };
  const expr = (inner: Expr): Expr => {
    switch (inner.kind) {
      case "value":
        return { kind: "value", value: json(inner.value) };
      case "read":
        return { ...inner, read: read(inner.read) };
      case "call":
        return { ...inner, arg: expr(inner.arg) };
      case "list":
        return { kind: "list", items: inner.items.map(expr) };
      case "map":
        return { kind: "map", entries: mapValues(inner.entries, expr) };
      case "slot":
      case "param":
      case "attr":
      case "resource":
      case "condition":
        return inner;
    }
  };
  return { text, cell, json, expr };
}

function instantiateRole(role: RolePlan, own: Own): RolePlan {
  const { on } = role;
  return {
    ...role,
    run: own.expr(role.run),
    options: own.json(role.options) as JsonMap,
    inputs: role.inputs.map((input) => ({
      ...input,
      value: own.expr(input.value),
      ...(input.default === undefined ? {} : { default: own.json(input.default) }),
    })),
    outputs: role.outputs.map((output) => ({ ...output, cell: own.cell(output.cell) })),
    after: role.after.map((after) => ({ ...after, cells: instantiateAfter(after, own) })),
    on: on === "all" || on.index === undefined ? on : { ...on, index: own.expr(on.index) },
  };
}

function instantiateAfter({ cells }: AfterPlan, own: Own): AfterPlan["cells"] {
  const present = cells.present === undefined ? {} : { present: own.expr(cells.present) };
  return cells.kind === "cell"
    ? { kind: "cell", cell: own.cell(cells.cell), ...present }
    : { ...cells, size: own.expr(cells.size), ...present };
}

function mapValues<From, To>(map: Record<string, From>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}
