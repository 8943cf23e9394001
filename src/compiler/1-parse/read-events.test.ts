import { expect, test } from "vitest";
import { Report } from "../../diagnostics/diagnostic.ts";
import { parseYaml } from "./parse-yaml.ts";

test.for<[string, string]>([
  ["a:\n  b: 1\n\tc: 2\n", "3:1 this line is indented with a tab: YAML takes spaces only"],
  ["a:1\nb: 2\n", "1:1 a space is missing after the colon"],
  ["a: 1\nb:2\nc: 3\n", "2:1 a space is missing after the colon"],
  ["a:\n  b:1\n  c: {d: 1}\n", "2:3 a space is missing after the colon"],
  ["a: 1\nbad\nc: 3\n", "2:1 a colon is missing after this key"],
  ["a:\n  b: 1\n   c: 2\n", "3:4 this fits nothing above: the keys of a map, and the items of a list, begin in the same column"],
  ["a: [b, - c]\n", "1:8 a dash begins no item inside brackets; where it is a text it needs quotes"],
  ["a: 'x\nb: 'y'\n", "1:4 this quote is not closed in its line, and the next one is not indented more than what it belongs to"],
  ['a: "x\n--- y"\n', "1:4 this quote is not closed in its line, and the next one is not indented more than what it belongs to"],
  ["a:\n  - 1\n  -2\n", "3:3 a space is missing after the dash"],
  ["a: b: c\n", "1:5 a second colon in one line: a text with a colon and a space needs quotes, a map a line of its own"],
  ["a: 'it's'\n", "1:8 nothing may stand behind a value in its line"],
  ["a: @x\n", "1:4 a text that begins with @ needs quotes"],
  ["a:\n  - %x\n", "2:5 a text that begins with % needs quotes"],
  ["a: `x`\n", "1:4 a text that begins with ` needs quotes"],
  ['a: "\\d"\n', "1:6 to double quotes \\ begins an escape, and there is none like this: \\\\ is the character itself"],
])("%j", ([text, said]) => {
  expect(read(text)).toEqual([said]);
});

test.for<[string, string]>([
  ['a: "x\n  y\n', "1:4 this quote is never closed"],
  [
    "a:\n  b: 'x\nc: 1\n",
    "2:6 this quote is not closed in its line, and the next one is not indented more than what it belongs to",
  ],
  ["a: {b: [1,\n  2, 3\n", "1:8 this bracket is never closed"],
  ["# {\na: b [c\nd: |\n  {[\ne: x\n  [y\nf: [1, 'a]', # ]\n  it's\n", "7:4 this bracket is never closed"],
])("what is never closed is named where it was opened: %j", ([text, said]) => {
  expect(read(text)).toEqual([said]);
});

test("where something is open, a message names it too", () => {
  const report = new Report();
  parseYaml("t.yaml", "a:\n  b: [1, 2\n  c: 3\n", report);
  expect(report.diagnostics[0]?.related.map(({ span }) => `${span.line}:${span.column}`)).toEqual(["2:6"]);
});

test("places are those of the file where brackets hold lines that are indented too little", () => {
  expect(read("---\na: {b: [\n1\n],\n  <<: x, c: &a!b 'd\ne'\n}\nf: !x g\n")).toEqual([
    "5:7 only maps can be merged with <<",
    '5:14 the name of an anchor has only letters, digits, - and _, unlike "a!b"',
    "8:4 Heat has no tag !x for a value like this",
  ]);
});

function read(text: string): string[] {
  const report = new Report();
  parseYaml("t.yaml", text, report);
  return report.diagnostics.map(({ span, message }) => `${span.line}:${span.column} ${message}`);
}
