// Evaluates an expression once everything that it refers to is known; the compiler and the agent share it.
import { membersOf } from "../model/cell.ts";
import { type Each, type Expr, fillExpr, fillWith, type Path, type Read } from "../model/expression.ts";
import type { Json } from "../model/json.ts";
import { digInto, digIntoParameter } from "./dig.ts";
import type { FunctionHost } from "./digest.ts";
import { asCondition, heatFunctions } from "./heat-functions.ts";

/** Where an expression's leaves come from. In a vm plan only slots and reads occur; `attr` gets the attribute's name and path. */
export interface Lookup extends FunctionHost {
  slot(name: string): Json;
  read(read: Read): Json;
  param?(name: string): Json;
  attr?(resource: string, path: Path): Json;
  resource?(name: string): Json;
  condition?(name: string): boolean;
}

/** Returns the value of `expr`. Throws an Error that says which function cannot take which argument. */
export function evaluateExpr(expr: Expr, lookup: Lookup): Json {
  return evaluateItem(expr, lookup) ?? null;
}

/** Undefined: an `if` without a third argument whose condition is false; what holds it goes on as if it were not written. */
function evaluateItem(expr: Expr, lookup: Lookup): Json | undefined {
  if (expr === omitted) return undefined;
  switch (expr.kind) {
    case "value":
      return expr.value;
    case "slot":
      return (expr.at ?? []).reduce(valueOfMember, lookup.slot(expr.slot));
    case "read":
      return digInto(lookup.read(expr.read), expr.path);
    case "list":
      return expr.items.flatMap((item): Json[] => {
        const value = evaluateItem(item, lookup);
        return value === undefined ? [] : [value];
      });
    case "map":
      return Object.fromEntries(
        Object.entries(expr.entries).flatMap(([key, entry]): [string, Json][] => {
          const value = evaluateItem(entry, lookup);
          return value === undefined ? [] : [[key, value]];
        }),
      );
    case "each":
      return evaluateItem(expandEach(expr, lookup), lookup);
    case "call":
      return expr.fn === "if" ? evaluateItem(chooseBranch(expr.arg, lookup), lookup) : callFunction(expr, lookup);
    case "param":
      return getParameter(expr.name, expr.path, lookup);
    case "attr":
      return getAttribute(expr.resource, expr.path, lookup);
    case "resource":
      return getResource(expr.name, lookup);
    case "condition":
      if (lookup.condition === undefined) throw new Error(`condition "${expr.name}" is not known here`);
      return lookup.condition(expr.name);
  }
}

/** Replaces each `if` whose condition needs no read by the branch that holds, so that nobody waits for the other one, and each `each` by what it stands for. */
export function chooseBranches(expr: Expr, lookup: Lookup): Expr {
  switch (expr.kind) {
    case "call":
      return expr.fn === "if"
        ? chooseBranches(chooseBranch(expr.arg, lookup), lookup)
        : { ...expr, arg: chooseBranches(expr.arg, lookup) };
    case "list":
      return { kind: "list", items: expr.items.map((item) => chooseBranches(item, lookup)).filter((item) => item !== omitted) };
    case "map": {
      const entries = Object.entries(expr.entries).map(([key, entry]) => [key, chooseBranches(entry, lookup)] as const);
      return { kind: "map", entries: Object.fromEntries(entries.filter(([, entry]) => entry !== omitted)) };
    }
    case "each":
      return chooseBranches(expandEach(expr, lookup), lookup);
    case "value":
    case "slot":
    case "read":
    case "param":
    case "attr":
    case "resource":
    case "condition":
      return expr;
  }
}

/** The members of a group one by one; how many there are is known without waiting. */
function expandEach({ size: sizeExpr, skip, index, item, keyed }: Each, lookup: Lookup): Expr {
  const members = membersOf(evaluateExpr(sizeExpr, lookup), skip);
  const items = members.map((member) => fillExpr(item, fillWith(index, member)));
  if (keyed !== true) return { kind: "list", items };
  return { kind: "map", entries: Object.fromEntries(items.map((entry, position) => [members[position], entry])) };
}

// Heat's first version has a list where later ones have a map.
function valueOfMember(values: Json, member: string): Json {
  return digInto(values, [Array.isArray(values) ? Number(member) : member]);
}

/** This very object stands for a branch that is not written. */
const omitted: Expr = { kind: "value", value: null };

function chooseBranch(arg: Expr, lookup: Lookup): Expr {
  const items = itemsOf(arg);
  const [condition, ifTrue, ifFalse] = items;
  if (condition === undefined || ifTrue === undefined || items.length > 3)
    throw new Error("if needs a list of a condition, a value if it holds and one if not");
  return asCondition(evaluateExpr(condition, lookup)) ? ifTrue : (ifFalse ?? omitted);
}

function itemsOf(expr: Expr): Expr[] {
  if (expr.kind === "list") return expr.items;
  return expr.kind === "value" && Array.isArray(expr.value) ? expr.value.map((value): Expr => ({ kind: "value", value })) : [];
}

function callFunction({ fn, arg: argument }: Extract<Expr, { kind: "call" }>, lookup: Lookup): Json {
  const arg = evaluateExpr(argument, lookup);
  if (fn === "get_param" || fn === "get_attr" || fn === "get_resource") return followReference(fn, arg, lookup);
  const evaluate = heatFunctions.get(fn)?.evaluate;
  if (evaluate === undefined) throw new Error(`only Heat can evaluate ${fn}`);
  return evaluate(arg, lookup);
}

/** A reference whose parts were worked out by functions. */
function followReference(fn: "get_param" | "get_attr" | "get_resource", arg: Json, lookup: Lookup): Json {
  const [name, ...rest] = Array.isArray(arg) ? arg : [arg];
  if (typeof name !== "string") throw new Error(`${fn} needs a name, not ${JSON.stringify(name ?? null)}`);
  const path = rest.map((part) => (typeof part === "number" || typeof part === "string" ? part : JSON.stringify(part)));
  if (fn === "get_param") return getParameter(name, path, lookup);
  return fn === "get_attr" ? getAttribute(name, path, lookup) : getResource(name, lookup);
}

function getParameter(name: string, path: Path, lookup: Lookup): Json {
  if (lookup.param === undefined) throw new Error(`parameter "${name}" is not known here`);
  return digIntoParameter(lookup.param(name), path);
}

function getAttribute(resource: string, path: Path, lookup: Lookup): Json {
  if (lookup.attr === undefined) throw new Error(`attributes of "${resource}" are not known here`);
  return lookup.attr(resource, path);
}

function getResource(name: string, lookup: Lookup): Json {
  if (lookup.resource === undefined) throw new Error(`resource "${name}" is not known here`);
  return lookup.resource(name);
}
