import { expect, test } from "vitest";
import { parseDuration } from "./parse-duration.ts";

test.for([
  [30, 30_000],
  [0.5, 500],
  ["30", 30_000],
  ["30s", 30_000],
  ["500ms", 500],
  ["1.5m", 90_000],
  ["2 h", 7_200_000],
  ["", undefined],
  ["5 minutes", undefined],
  ["-1", undefined],
  [-1, undefined],
  [Number.NaN, undefined],
  [null, undefined],
] as const)("%j is %j milliseconds", ([duration, milliseconds]) => {
  expect(parseDuration(duration)).toBe(milliseconds);
});
