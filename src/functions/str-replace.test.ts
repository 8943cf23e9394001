import { expect, test } from "vitest";
import type { Json } from "../model/json.ts";
import { strReplace } from "./str-replace.ts";

test.for<[string, { template: string; params: Record<string, Json> }, string]>([
  ["puts every occurrence in", { template: "A-b-A", params: { A: "x" } }, "x-b-x"],
  ["prefers longer placeholders", { template: "PORT PORTAL", params: { PORT: "1", PORTAL: "2" } }, "1 2"],
  ["does not look again at what was put in", { template: "A B", params: { A: "B", B: "A" } }, "B A"],
  ["takes null as an empty text", { template: "[A]", params: { A: null } }, "[]"],
  ["writes booleans as Python does", { template: "A B", params: { A: true, B: false } }, "True False"],
  ["writes numbers plainly", { template: "A B C", params: { A: 3306, B: 1.5, C: 0.00001 } }, "3306 1.5 1e-05"],
  ["writes maps as sorted JSON", { template: "M", params: { M: { b: [1, null], a: "ä" } } }, '{"a": "\\u00e4", "b": [1, null]}'],
  ["takes $ for a plain character", { template: "A", params: { A: "$& $1" } }, "$& $1"],
  ["ignores params that do not occur", { template: "x", params: { A: "1" } }, "x"],
  [
    "takes keys that look like an object's own",
    { template: "__proto__", params: JSON.parse('{"__proto__": "p"}') as Record<string, Json> },
    "p",
  ],
])("str_replace %s", ([, arg, result]) => {
  expect(strReplace("str_replace", arg)).toBe(result);
});

test.for<[string, Json, RegExp]>([
  ["no map", "x", /needs a map with template and params/],
  ["no params", { template: "x" }, /needs a map with template and params/],
  ["a template that is no text", { template: 5, params: {} }, /template must be a text/],
  ["params that are no map", { template: "x", params: ["a"] }, /params must be a map/],
  ["an empty placeholder", { template: "x", params: { "": "a" } }, /must not be empty/],
])("str_replace refuses %s", ([, arg, message]) => {
  expect(() => strReplace("str_replace", arg)).toThrow(message);
});

test("the strict form wants every placeholder to occur", () => {
  const arg = { template: "A", params: { A: "", LONG: "", B: "" } };
  expect(() => strReplace("str_replace_strict", arg)).toThrow("not in the template: LONG, B");
  expect(strReplace("str_replace_strict", { template: "A", params: { A: "" } })).toBe("");
});

test("a placeholder that only a longer one contains does not occur", () => {
  expect(() => strReplace("str_replace_strict", { template: "PORTAL", params: { PORT: "1", PORTAL: "2" } })).toThrow("PORT");
});

test.for<[Json]>([[null], [""], [[]], [{}]])("the very strict form refuses %j as a value", ([value]) => {
  expect(() => strReplace("str_replace_vstrict", { template: "A", params: { A: value } })).toThrow("A has no value");
});

test("the very strict form takes a text of two brackets", () => {
  expect(strReplace("str_replace_vstrict", { template: "A", params: { A: "[]" } })).toBe("[]");
});
