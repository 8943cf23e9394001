import { expect, test } from "vitest";
import { Report } from "../../diagnostics/diagnostic.ts";
import { readDocument } from "./read-document.ts";

test.for(["12345678901234567890", "1.10", "0644", "1_000", "yes", "1e3", "12:30", "2013-05-23"])(
  "%s is written again as it stood",
  (text) => {
    expect(readDocument("t.yaml", `a: ${text}\n`, new Report())?.toString()).toBe(`a: ${text}\n`);
  },
);

test("a byte order mark is no indentation", () => {
  expect(readDocument("t.yaml", "\ufeff  a:\n  b: 1\n", new Report())?.toJS()).toEqual({ a: null, b: 1 });
});

test.for<[string, unknown]>([
  ["a: [1,\n2]\n", { a: [1, 2] }],
  ["a:\n  b: \"x\ny\n\n  z\"\n  c: ['d\ne']\n", { a: { b: "x y\nz", c: ["d e"] } }],
  ["a: [-, {b: -, c: [-]}, '[-]', -d]\n", { a: ["-", { b: "-", c: ["-"] }, "[-]", "-d"] }],
])("inside brackets and quotes indentation means nothing, and a dash may be a text: %j", ([text, expected]) => {
  expect(readDocument("t.yaml", text, new Report())?.toJS()).toEqual(expected);
});

test("what this reader alone refuses is reported at its place", () => {
  const report = new Report();
  expect(readDocument("t.yaml", "a: 1\nb: [\n", report)).toBeUndefined();
  expect(report.diagnostics.map(({ code, span }) => `${code} at ${span.line}:${span.column}`)).toEqual(["yaml-syntax at 3:1"]);
});
