import { expect, test } from "vitest";
import { findFunction } from "./heat-functions.ts";
import { findVersion, type HeatVersion, versionNames } from "./heat-versions.ts";

test.for<[string, HeatVersion, boolean]>([
  ["get_attr", "2013-05-23", true],
  ["repeat", "2014-10-16", false],
  ["repeat", "2015-04-30", true],
  ["str_split", "2015-10-15", true],
  ["str_replace_strict", "2016-10-14", false],
  ["str_replace_vstrict", "2018-08-31", true],
  ["get_output", "2013-05-23", true],
  ["equals", "2018-08-31", false],
  ["toString", "2018-08-31", false],
])("%s is a function in a value of version %s: %j", ([name, version, expected]) => {
  expect(findFunction(name, version, "value") !== undefined).toBe(expected);
});

test("conditions have functions of their own", () => {
  const names = ["equals", "not", "and", "or", "get_param", "yaql", "contains", "str_replace", "get_attr"];
  expect(names.filter((name) => findFunction(name, "2018-08-31", "condition") !== undefined)).toEqual(names.slice(0, 7));
});

test("functions that a version has given up are still seen", () => {
  expect(findFunction("Fn::Select", "2018-08-31", "value")?.until).toBe("2015-10-15");
});

test("a release's name stands for its date", () => {
  expect(findVersion("rocky")).toBe("2018-08-31");
  expect(findVersion("2013-05-23")).toBe("2013-05-23");
  expect(findVersion("2013-05-24")).toBeUndefined();
  expect(findVersion("constructor")).toBeUndefined();
  expect(versionNames.every((name) => findVersion(name) !== undefined)).toBe(true);
});
