import { expect, test } from "vitest";
import type { Json } from "../model/json.ts";
import { pythonJson, pythonText } from "./python-text.ts";

test.for<[string | number | boolean, string]>([
  ["as it is", "as it is"],
  [true, "True"],
  [false, "False"],
  [0, "0"],
  [-5, "-5"],
  [2 ** 60, "1152921504606846976"],
  [0.1, "0.1"],
  [0.0001, "0.0001"],
  [0.000015, "1.5e-05"],
  [1e-10, "1e-10"],
])("%j is written %s", ([value, text]) => {
  expect(pythonText(value)).toBe(text);
});

test.for<[Json, string]>([
  [{ b: 1, a: [true, null, 1.5] }, '{"a": [true, null, 1.5], "b": 1}'],
  [[], "[]"],
  [{}, "{}"],
  ["\x7f", '"\\u007f"'],
  ['"\n\u00e9\u{1F600}', '"\\"\\n\\u00e9\\ud83d\\ude00"'],
])("%j becomes the JSON %s", ([value, text]) => {
  expect(pythonJson(value)).toBe(text);
});
