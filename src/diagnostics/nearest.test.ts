import { expect, test } from "vitest";
import { editDistance, findNearest, suggestNearest } from "./nearest.ts";

test.for([
  ["", "", 0],
  ["abc", "abc", 0],
  ["abc", "ab", 1],
  ["abc", "abdc", 1],
  ["abc", "axc", 1],
  ["abc", "acb", 1],
  ["kitten", "sitting", 3],
  ["", "abc", 3],
] as const)("the distance of %j and %j is %i", ([left, right, distance]) => {
  expect(editDistance(left, right)).toBe(distance);
  expect(editDistance(right, left)).toBe(distance);
});

test.for([
  ["db_pasword", ["db_port", "db_password"], "db_password"],
  ["Script", ["chef", "script"], "script"],
  ["tpye", ["type", "value"], "type"],
  ["shef", ["chef"], "chef"],
  ["completely", ["different"], undefined],
  ["a", ["b"], undefined],
  ["x", [], undefined],
] as const)("nearest to %j among %j is %j", ([name, candidates, nearest]) => {
  expect(findNearest(name, candidates)).toBe(nearest);
});

test("a suggestion is a question, and none is made where nothing is near", () => {
  expect(suggestNearest("tpye", ["type"])).toBe('did you mean "type"?');
  expect(suggestNearest("tpye", ["run"])).toBeUndefined();
});
