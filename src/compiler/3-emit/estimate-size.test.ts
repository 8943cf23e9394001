import { expect, test } from "vitest";
import { parseDocument } from "yaml";
import { emitText } from "../../../tests/support/compile-text.ts";
import type { Entry, Value } from "../../model/template.ts";
import { annotationBytes, yamlBytes } from "./estimate-size.ts";

const place = (line: number): Value["span"] => ({ file: "t.yaml", line, column: 1, length: 1 });

// A map whose keys stand in the lines that are named.
function map(...entries: [string, number, Value?][]): Value {
  const entryOf = ([key, line, value = { kind: "literal", value: "x", span: place(line) }]: [string, number, Value?]): Entry => ({
    key,
    keySpan: place(line),
    value,
  });
  return { kind: "map", entries: entries.map(entryOf), span: place(1) };
}

test("annotations are counted by whole lines, with the metadata that hold nothing else", () => {
  const ours = ["    metadata:\n      weft: {roles: []}\n", "      weft:\n        roles: []\n"];
  const text = `resources:\n  a:\n    type: t\n${ours[0]}  b:\n    metadata:\n      x: y\n${ours[1]}  c:\n    type: t\n`;
  const root = map([
    "resources",
    1,
    map(
      ["a", 2, map(["type", 3], ["metadata", 4, map(["weft", 5])])],
      ["b", 6, map(["metadata", 7, map(["x", 8], ["weft", 9])])],
      ["c", 11, map(["type", 12])],
    ),
  ]);
  expect(annotationBytes(root, text)).toBe(ours.join("").length);
});

test("what is added to a template is about as large as it is estimated", () => {
  const server = "type: OS::Nova::Server, properties: {image: i, flavor: f}";
  const role = "{name: a, run: x, outputs: {port: {type: number}}}";
  const one = (name: string): string => `  ${name}: {${server}, metadata: {weft: {tool: script, roles: [${role}]}}}\n`;
  const few = emitText(`resources:\n${one("a")}`).hot;
  const many = emitText(`resources:\n${["a", "b", "c", "d", "e"].map(one).join("")}`).hot;
  const bytesOfOne = (many.length - few.length) / 4;
  const resources = (text: string): Record<string, never> => JSON.parse(JSON.stringify(parseDocument(text).toJS()))["resources"];
  const { weft_a, weft_a_boot, a } = resources(few);
  const estimate = yamlBytes({ weft_a, weft_a_boot, a } as never, 2);
  expect(estimate / bytesOfOne).toBeGreaterThan(0.9);
  expect(estimate / bytesOfOne).toBeLessThan(1.1);
});
