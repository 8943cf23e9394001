import { expect, test } from "vitest";
import { type Expr, type Path, readsOf } from "../model/expression.ts";
import type { Json } from "../model/json.ts";
import { digInto } from "./dig.ts";
import { chooseBranches, evaluateExpr, type Lookup } from "./evaluate.ts";

const lookup: Lookup = {
  slot: (name) => `slot ${name}`,
  read: (read) => (read.kind === "cell" ? { cell: read.cell, list: [1, { deep: true }] } : [read.of]),
  param: (name) => (name === "list" ? ["a", "b"] : { key: null, map: { x: 1 } }),
  attr: (resource, path) => [resource, ...path],
  resource: (name) => `id of ${name}`,
};
const cell = { kind: "cell", cell: "db.mysql.port" } as const;

test.for<[string, Expr, Json]>([
  ["a value", { kind: "value", value: [1] }, [1]],
  ["a slot", { kind: "slot", slot: "s1" }, "slot s1"],
  ["a read with a path", { kind: "read", read: cell, path: ["list", 1, "deep"] }, true],
  ["a resource", { kind: "resource", name: "db" }, "id of db"],
  ["an attribute", { kind: "attr", resource: "db", path: ["addresses", 0] }, ["db", "addresses", 0]],
  ["a parameter's path", { kind: "param", name: "json", path: ["map", "x"] }, 1],
  ["a parameter's list by a text", { kind: "param", name: "list", path: ["1"] }, "b"],
  ["a path of a parameter that leads nowhere", { kind: "param", name: "json", path: ["nope", "x"] }, ""],
  ["a list", { kind: "list", items: [{ kind: "slot", slot: "a" }] }, ["slot a"]],
  ["a map", { kind: "map", entries: { k: { kind: "value", value: 1 } } }, { k: 1 }],
  [
    "a call",
    {
      kind: "call",
      fn: "list_join",
      arg: {
        kind: "list",
        items: [
          { kind: "value", value: "-" },
          {
            kind: "list",
            items: [
              { kind: "read", read: cell, path: ["cell"] },
              { kind: "slot", slot: "x" },
            ],
          },
        ],
      },
    },
    "db.mysql.port-slot x",
  ],
])("%s is evaluated", ([, expr, value]) => {
  expect(evaluateExpr(expr, lookup)).toEqual(value);
});

test.for<[Json, Path, Json]>([
  [{ a: { b: 1 } }, ["a", "b"], 1],
  [{ a: 1 }, ["b"], null],
  [{ a: 1 }, ["b", "c"], null],
  [{ 0: "x" }, [0], "x"],
  [["a", "b"], [1], "b"],
  [["a", "b"], [-1], "b"],
  [["a"], [5], null],
  [["a"], ["0"], null],
  ["text", [0], "t"],
  [5, ["a"], null],
  [null, ["a"], null],
  [{}, ["toString"], null],
  [false, [], false],
])("digging into %j by %j gives %j", ([value, path, found]) => {
  expect(digInto(value, path)).toEqual(found);
});

test("what the caller cannot look up is an error", () => {
  const bare: Lookup = { slot: () => null, read: () => null };
  expect(() => evaluateExpr({ kind: "param", name: "p", path: [] }, bare)).toThrow('parameter "p" is not known here');
  expect(() => evaluateExpr({ kind: "attr", resource: "r", path: ["a"] }, bare)).toThrow('attributes of "r" are not known here');
  expect(() => evaluateExpr({ kind: "resource", name: "r" }, bare)).toThrow('resource "r" is not known here');
});

const when = (holds: Json, ...branches: Expr[]): Expr => ({
  kind: "call",
  fn: "if",
  arg: { kind: "list", items: [{ kind: "value", value: holds }, ...branches] },
});
const one: Expr = { kind: "value", value: 1 };
const unreadable: Lookup = {
  ...lookup,
  read: () => {
    throw new Error("nobody may ask for this");
  },
};

test.for<[string, Expr, Json]>([
  ["the branch that holds", when(true, one, { kind: "read", read: cell, path: [] }), 1],
  ["the other branch", when(false, { kind: "read", read: cell, path: [] }, one), 1],
  ["nothing, where there is no other branch", when(false, one), null],
  ["no item for a branch that is not there", { kind: "list", items: [when(false, one), when(true, one)] }, [1]],
  ["no entry for a branch that is not there", { kind: "map", entries: { a: when(false, one), b: one } }, { b: 1 }],
  ["an inner if", when(true, when(false, one, { kind: "value", value: 2 })), 2],
])("if gives %s, and only that is evaluated", ([, expr, value]) => {
  expect(evaluateExpr(expr, unreadable)).toEqual(value);
  const chosen = chooseBranches(expr, unreadable);
  expect(readsOf(chosen)).toEqual([]);
  expect(evaluateExpr(chosen, unreadable)).toEqual(value);
});

test.for<[Expr, RegExp]>([
  [when("yes", one, one), /"yes" is no condition/],
  [when(true), /needs a list of a condition/],
  [when(true, one, one, one), /needs a list of a condition/],
])("an if that is wrong is refused", ([expr, message]) => {
  expect(() => evaluateExpr(expr, lookup)).toThrow(message);
});

test("a reference whose parts are worked out is followed", () => {
  const call = (fn: string, ...parts: Json[]): Expr => ({ kind: "call", fn, arg: { kind: "value", value: parts } });
  expect(evaluateExpr(call("get_param", "json", "map", "x"), lookup)).toBe(1);
  expect(evaluateExpr(call("get_attr", "db", "addresses", 0), lookup)).toEqual(["db", "addresses", 0]);
  expect(evaluateExpr(call("get_resource", "db"), lookup)).toBe("id of db");
  expect(() => evaluateExpr(call("get_param", 5), lookup)).toThrow("needs a name");
});
