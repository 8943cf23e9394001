import { expect, test } from "vitest";
import type { Json } from "../model/json.ts";
import { evaluateExpr } from "./evaluate.ts";

function call(fn: string, arg: Json): Json {
  return evaluateExpr({ kind: "call", fn, arg: { kind: "value", value: arg } }, { slot: () => null, read: () => null });
}

test.for<[string, Json, Json]>([
  ["list_join", [", ", ["a", "b"], ["c"]], "a, b, c"],
  ["list_join", ["", ["a", null, { b: 1 }, [2]]], 'a{"b": 1}[2]'],
  ["list_join", ["-", null, [], "", 0, false, {}, ["x"]], "x"],
  ["str_split", [",", "a,b,,c"], ["a", "b", "", "c"]],
  ["str_split", [",", "a,b", 1], "b"],
  ["str_split", [",", "a,b", "0"], "a"],
  ["str_split", [",", "a,b", -1], "b"],
  ["str_split", [",", null], null],
  ["list_concat", [[1, 2], null, [2]], [1, 2, 2]],
  [
    "list_concat_unique",
    [
      [{ a: 1, b: 2 }, 1],
      [{ b: 2, a: 1 }, 2, 1],
    ],
    [{ a: 1, b: 2 }, 1, 2],
  ],
  ["map_merge", [{ a: 1, b: 1 }, null, { b: 2 }], { a: 1, b: 2 }],
])("%s of %j is %j", ([fn, arg, result]) => {
  expect(call(fn, arg)).toEqual(result);
});

test.for<[string, Json, RegExp]>([
  ["list_join", [","], /needs a list/],
  ["list_join", [",", "abc"], /joins lists only/],
  ["list_join", [1, ["a"]], /delimiter must be a text/],
  ["list_join", [",", [1]], /not a number/],
  ["list_join", [",", [true]], /not a boolean/],
  ["str_split", [","], /needs a list/],
  ["str_split", [",", 5], /only a text/],
  ["str_split", ["", "a"], /not empty/],
  ["str_split", [",", "a,b", 2], /between 0 and 1/],
  ["str_split", [",", "a,b", "x"], /index must be a number/],
  ["list_concat", [["a"], "b"], /lists only/],
  ["map_merge", [["a"]], /maps only/],
  ["map_merge", {}, /needs a list/],
  ["digest", ["md5", "x"], /cannot be evaluated here/],
  ["nonsense", null, /only Heat can evaluate nonsense/],
])("%s refuses %j", ([fn, arg, message]) => {
  expect(() => call(fn, arg)).toThrow(message);
});

test("keys that look like an object's own survive a merge", () => {
  const merged = call("map_merge", [JSON.parse('{"__proto__": {"a": 1}}') as Json]);
  expect(JSON.stringify(merged)).toBe('{"__proto__":{"a":1}}');
});
