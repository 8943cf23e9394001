// Values and expressions as plain data that stands for them in a HOT template of the user's version.
import type { Expr } from "../../model/expression.ts";
import type { Json } from "../../model/json.ts";
import type { Value } from "../../model/template.ts";

const conditionFunctions = ["equals", "not", "and", "or"];

/** What Heat must be given to resolve `expr`, in which neither reads nor slots occur. */
export function hotOf(expr: Expr): Json {
  // A condition is no value to Heat: only `if` makes one of it.
  if (expr.kind === "condition" || (expr.kind === "call" && conditionFunctions.includes(expr.fn)))
    return { if: [conditionOf(expr), true, false] };
  switch (expr.kind) {
    case "value":
      return expr.value;
    case "param":
      return { get_param: expr.path.length === 0 ? expr.name : [expr.name, ...expr.path] };
    case "attr":
      return { get_attr: [expr.resource, ...expr.path] };
    case "resource":
      return { get_resource: expr.name };
    case "list":
      return expr.items.map(hotOf);
    case "map":
      return Object.fromEntries(Object.entries(expr.entries).map(([key, entry]) => [key, hotOf(entry)]));
    case "call":
      return { [expr.fn]: expr.fn === "if" ? ifArgument(expr.arg) : hotOf(expr.arg) };
    case "read":
    case "slot":
      throw new Error(`a ${expr.kind} is nothing that Heat could resolve`);
  }
}

/** As hotOf, where Heat expects a condition. */
export function conditionOf(expr: Expr): Json {
  if (expr.kind === "condition") return expr.name;
  if (expr.kind !== "call") return hotOf(expr);
  const { fn, arg } = expr;
  if (fn === "not") return { not: conditionOf(arg) };
  if (fn === "and" || fn === "or") return { [fn]: itemsOf(arg).map(conditionOf) };
  return { [fn]: hotOf(arg) };
}

function ifArgument(arg: Expr): Json {
  const [condition, ...branches] = itemsOf(arg);
  return condition === undefined ? [] : [conditionOf(condition), ...branches.map(hotOf)];
}

function itemsOf(expr: Expr): Expr[] {
  if (expr.kind === "list") return expr.items;
  return expr.kind === "value" && Array.isArray(expr.value) ? expr.value.map((value) => ({ kind: "value", value })) : [];
}

/** A value as it was written. */
export function writtenOf(value: Value): Json {
  switch (value.kind) {
    case "literal":
      return value.value;
    case "list":
      return value.items.map(writtenOf);
    case "map":
      return Object.fromEntries(value.entries.map((entry) => [entry.key, writtenOf(entry.value)]));
    case "call":
      return { [value.fn]: writtenOf(value.arg) };
  }
}
