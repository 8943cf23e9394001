import { expect, test } from "vitest";
import type { Expr, Path } from "../model/expression.ts";
import type { Json } from "../model/json.ts";
import { digInto, evaluateExpr, type Lookup } from "./evaluate.ts";

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
