import { expect, test } from "vitest";
import { Report } from "../../diagnostics/diagnostic.ts";
import type { Json } from "../../model/json.ts";
import { parseYaml } from "./parse-yaml.ts";
import { toJson } from "./read-fields.ts";

function read(text: string): { value: Json | undefined; places: string[] } {
  const report = new Report();
  const root = parseYaml("t.yaml", text, report);
  const places = report.diagnostics.map(({ span, code }) => `${span.line}:${span.column} ${code}`);
  return { value: root === undefined ? undefined : toJson(root), places };
}

test.for<[string, Json]>([
  ["2013-05-23", "2013-05-23"],
  ["yes", true],
  ["Off", false],
  ["y", "y"],
  ["n", "n"],
  ["~", null],
  ["1.10", 1.1],
  ["0644", 420],
  ["1_000", 1000],
  ["0x1F", 31],
  ["12:30", 750],
  ["1e3", "1e3"],
  ["1.0e+3", 1000],
  ["1.0e3", "1.0e3"],
  ["08", "08"],
  ["0b_", "0b_"],
  ["-0x1f", -31],
  [".5", 0.5],
  [".inf", ".inf"],
  ["190:20:30.5", 685230.5],
  ["'5'", "5"],
  ["!!float 5", 5],
  ["!!bool 'on'", true],
  ["!!str 5", "5"],
])("the plain scalar %s is read as Heat reads it: %j", ([text, value]) => {
  expect(read(`a: ${text}`)).toMatchObject({ value: { a: value }, places: [] });
});

test("keys are the texts as written, even where YAML sees a boolean", () => {
  expect(read("on: 1\n5: 2\n'x y': 3").value).toEqual({ on: 1, 5: 2, "x y": 3 });
});

test("aliases and merge keys are followed; own keys win, earlier merges win", () => {
  const text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 0}\nd: *a\n";
  expect(read(text)).toMatchObject({ value: { c: { x: 0, y: 1, z: 2 }, d: { x: 1, y: 1 } }, places: [] });
});

test("an alias means its anchor wherever that stands", () => {
  const text = "a: &x {k: &y 1}\nb: &z 2\nc: *x\nd: *y\n&k e: *k\nf: {<<: &m {g: 3}}\nh: *m\n";
  expect(read(text).value).toEqual({ a: { k: 1 }, b: 2, c: { k: 1 }, d: 1, e: "e", f: { g: 3 }, h: { g: 3 } });
});

test("a repeated key is a warning and the last one counts, but an error inside weft", () => {
  expect(read("a: 1\na: 2")).toMatchObject({ value: { a: 2 }, places: ["2:1 shadowed-key"] });
  expect(read("metadata: {weft: {a: 1, a: {b: 1, b: 2}}}").places).toEqual(["1:25 duplicate-key", "1:35 duplicate-key"]);
  expect(read("weft: {a: 1, a: 2}").places).toEqual(["1:14 shadowed-key"]);
});

test.for<[string, string, string[]]>([
  ["a bracket that is never closed", "a: [1", ["1:4 yaml-syntax"]],
  ["a tab as indentation", "a:\n\tb: 1", ["2:1 yaml-syntax"]],
  ["a tag that Heat does not know", "a: !sync b", ["1:4 yaml-syntax"]],
  ["a tag that says nothing", "a: ! b", ["1:4 yaml-syntax"]],
  ["a tag without such a value", "a: !!int b", ["1:4 yaml-syntax"]],
  ["an anchor given twice", "a: &x 1\nb: &x 2", ["2:4 yaml-syntax"]],
  ["an anchor that ends elsewhere for Heat", "&a.b c: 1", ["1:2 yaml-syntax"]],
  ["no key", "a: 1\n: 2", ["2:1 yaml-syntax"]],
  ["a document that ends before it begins", "# x\n...\na: 1", ["2:1 yaml-syntax"]],
  ["a document that begins within a line", "  ---\na: 1", ["1:3 yaml-syntax"]],
  ["a second document", "a: 1\n---\nb: 1", ["2:1 yaml-syntax"]],
  ["a key that is no text", "? [a]\n: 1", ["1:3 yaml-syntax"]],
  ["an alias without its anchor", "a: *x", ["1:4 bad-alias"]],
  ["an alias that contains itself", "a: &a {b: *a}", ["1:11 bad-alias"]],
  ["a merge of no map", "a: {<<: 5}", ["1:9 yaml-syntax"]],
  ["a control character", "a: \u0007", ["1:4 bad-character"]],
  ["a carriage return alone", "a: 1\rb: 2", ["1:5 bad-character"]],
  ["what was no UTF-8", "a: b\nc: \uFFFD", ["2:4 bad-character"]],
])("%s is reported at its place", ([, text, places]) => {
  expect(read(text).places).toEqual(places);
});

test.for<[string, string]>([
  ["flow lists", "[".repeat(5000)],
  ["flow maps", "{a: ".repeat(3000) + "}".repeat(3000)],
  ["blocks", Array.from({ length: 3000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
  ["moderate nesting", "[".repeat(300) + "]".repeat(300)],
])("nesting without measure is reported, not a crash: %s", ([, text]) => {
  expect(read(text).places.at(0)).toMatch(/yaml-syntax$/);
});

test.for<[string, (level: number) => string]>([
  ["lists", (level) => `[${Array(10).fill(`*a${level}`).join(", ")}]`],
  ["merges", (level) => `{<<: [${Array(10).fill(`*a${level}`).join(", ")}]}`],
])("aliases that would blow up are refused: %s", ([, next]) => {
  const levels = Array.from({ length: 9 }, (_, level) => `a${level + 1}: &a${level + 1} ${next(level)}`);
  expect(read(["a0: &a0 {}", ...levels].join("\n")).places).toEqual(["1:1 bad-alias"]);
});

test("an empty value stands where its key stands", () => {
  const report = new Report();
  const root = parseYaml("t.yaml", "a:\n  b:\nc: 1", report);
  const a = root?.kind === "map" ? root.entries[0]?.value : undefined;
  expect(a?.kind === "map" && a.entries[0]?.value.span).toEqual({ file: "t.yaml", line: 2, column: 3, length: 1 });
});

test("a place ends with its line", () => {
  const report = new Report();
  const root = parseYaml("t.yaml", "a: [1,\r\n  2]", report);
  expect(root?.kind === "map" && root.entries[0]?.value.span).toEqual({ file: "t.yaml", line: 1, column: 4, length: 3 });
});

test.for<[string, Json]>([
  ["a:\n  b: [{\n    c: 1\n  }]\n  d: {\n e: [1,\n2]\n}\nf: 2\n", { a: { b: [{ c: 1 }], d: { e: [1, 2] } }, f: 2 }],
  ["a:\n  b: \"x\ny\n\n  z\"\n  c: ['d\ne']\n", { a: { b: "x y\nz", c: ["d e"] } }],
  ["a: [-, {b: -, c: [-]}, '[-]', -d]\n", { a: ["-", { b: "-", c: ["-"] }, "[-]", "-d"] }],
  ["a: [\n-,\n'b\nc']\n", { a: ["-", "b c"] }],
])("inside brackets and quotes indentation means nothing, and a dash may be a text: %j", ([text, expected]) => {
  const { value, places } = read(text);
  expect(places).toEqual([]);
  expect(value).toEqual(expected);
});
