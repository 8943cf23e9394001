import { expect, test } from "vitest";
import { parseDocument } from "yaml";
import { emitText } from "../../../tests/support/compile-text.ts";
import { annotationBytes, yamlBytes } from "./estimate-size.ts";

test("annotations are counted by whole lines, with the metadata that hold nothing else", () => {
  const ours = ["    metadata:\n      weft: {roles: []}\n", "      weft:\n        roles: []\n"];
  const text = `resources:\n  a:\n    type: t\n${ours[0]}  b:\n    metadata:\n      x: y\n${ours[1]}  c:\n    type: t\n`;
  expect(annotationBytes(parseDocument(text), text)).toBe(ours.join("").length);
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
