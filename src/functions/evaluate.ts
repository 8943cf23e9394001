// Evaluates an expression once everything that it refers to is known; the compiler and the agent share it.
import type { Expr, Path, Read } from "../model/expression.ts";
import type { Json } from "../model/json.ts";
import { heatFunctions } from "./heat-functions.ts";

/** Where an expression's leaves come from. In a vm plan only slots and reads occur; `attr` gets the attribute's name and path. */
export interface Lookup {
  slot(name: string): Json;
  read(read: Read): Json;
  param?(name: string): Json;
  attr?(resource: string, path: Path): Json;
  resource?(name: string): Json;
}

/** Returns the value of `expr`. Throws an Error that says which function cannot take which argument. */
export function evaluateExpr(expr: Expr, lookup: Lookup): Json {
  switch (expr.kind) {
    case "value":
      return expr.value;
    case "slot":
      return lookup.slot(expr.slot);
    case "read":
      return digInto(lookup.read(expr.read), expr.path);
    case "list":
      return expr.items.map((item) => evaluateExpr(item, lookup));
    case "map":
      return Object.fromEntries(Object.entries(expr.entries).map(([key, entry]) => [key, evaluateExpr(entry, lookup)]));
    case "call":
      return callFunction(expr.fn, evaluateExpr(expr.arg, lookup));
    case "param":
      if (lookup.param === undefined) throw new Error(`parameter "${expr.name}" is not known here`);
      return digIntoParameter(lookup.param(expr.name), expr.path);
    case "attr":
      if (lookup.attr === undefined) throw new Error(`attributes of "${expr.resource}" are not known here`);
      return lookup.attr(expr.resource, expr.path);
    case "resource":
      if (lookup.resource === undefined) throw new Error(`resource "${expr.name}" is not known here`);
      return lookup.resource(expr.name);
  }
}

function callFunction(fn: string, arg: Json): Json {
  const evaluate = heatFunctions.get(fn)?.evaluate;
  if (evaluate === undefined) throw new Error(`only Heat can evaluate ${fn}`);
  return evaluate(arg);
}

/** Follows a path of get_attr into a value: null where it leads nowhere. A list takes numbers only; negative ones count from the end. */
export function digInto(value: Json, path: Path): Json {
  let current: Json | undefined = value;
  for (const key of path) current = current === undefined || current === null ? null : step(current, key);
  return current ?? null;
}

/** Follows a path of get_param: an empty text where it leads nowhere; a list takes texts of digits too. */
function digIntoParameter(value: Json, path: Path): Json {
  let current: Json | undefined = value;
  for (const key of path) {
    if (current === undefined || current === null) return "";
    const isSequence = Array.isArray(current) || typeof current === "string";
    current = step(current, isSequence && typeof key === "string" && /^[-+]?\d+$/.test(key) ? Number(key) : key);
  }
  return current === undefined ? "" : current;
}

function step(value: Json, key: string | number): Json | undefined {
  if (Array.isArray(value)) return typeof key === "number" ? value.at(key) : undefined;
  if (typeof value === "string") return typeof key === "number" ? Array.from(value).at(key) : undefined;
  if (value === null || typeof value !== "object") return undefined;
  return Object.hasOwn(value, String(key)) ? value[String(key)] : undefined;
}
