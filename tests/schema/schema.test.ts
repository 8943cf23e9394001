// The JSON Schema for editors says what the parser does: the same keys and words, and every example fits.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { longKeys, valueTypes, whens } from "../../src/compiler/1-parse/parse-inputs.ts";
import { outputKeys, publishes } from "../../src/compiler/1-parse/parse-outputs.ts";
import { roleKeys, vmKeys } from "../../src/compiler/1-parse/parse-roles.ts";
import type { Json, JsonMap } from "../../src/model/json.ts";
import { tools } from "../../src/model/tool-names.ts";
import { findMisfits } from "./validate-schema.ts";

const root = join(import.meta.dirname, "../..");
const schema = JSON.parse(readFileSync(join(root, "schema/weft.schema.json"), "utf8")) as JsonMap;

function at(...path: (string | number)[]): Json {
  return path.reduce<Json>((value, key) => (value as JsonMap)[key] as Json, schema);
}

const keysAt = (...path: (string | number)[]): string[] => Object.keys(at(...path, "properties") as JsonMap).sort();

test("the schema has the parser's keys and words, no more and no fewer", () => {
  expect(keysAt()).toEqual([...vmKeys].sort());
  expect(keysAt("$defs", "role")).toEqual([...roleKeys].sort());
  expect(keysAt("$defs", "input", "anyOf", 0)).toEqual([...longKeys].sort());
  expect(keysAt("$defs", "output")).toEqual([...outputKeys].sort());
  expect(at("$defs", "type", "enum")).toEqual(valueTypes);
  expect(at("$defs", "input", "anyOf", 0, "properties", "when", "enum")).toEqual(whens);
  expect(at("$defs", "output", "properties", "publish", "enum")).toEqual(publishes);
  expect(at("$defs", "tool", "anyOf", 0, "enum")).toEqual(tools.map(({ name }) => name));
});

/** Every annotation in a template, wherever it stands. */
function annotationsOf(value: Json): Json[] {
  if (Array.isArray(value)) return value.flatMap(annotationsOf);
  if (value === null || typeof value !== "object") return [];
  const metadata = value["metadata"] as JsonMap | undefined;
  return [...(metadata?.["weft"] === undefined ? [] : [metadata["weft"]]), ...Object.values(value).flatMap(annotationsOf)];
}

// Templates that the compiler accepts: those with something to emit.
const templates = ["examples", "tests/golden"].flatMap((parent) =>
  readdirSync(join(root, parent))
    .map((name) => join(root, parent, name))
    .filter((folder) => existsSync(join(folder, "expected/template.yaml")) && existsSync(join(folder, "stack.yaml")))
    .map((folder) => join(folder, "stack.yaml")),
);

test.for(templates.map((file) => [file.slice(root.length + 1), file] as const))("%s fits the schema", ([, file]) => {
  const annotations = annotationsOf(parse(readFileSync(file, "utf8"), { merge: true, uniqueKeys: false }) as Json);
  expect(annotations.flatMap((annotation) => findMisfits(annotation, schema, schema, "weft"))).toEqual([]);
});

test.for<[string, string]>([
  ["an unknown key", "{roles: [], rolls: []}"],
  ["no roles", "{tool: script}"],
  ["a role without a name", "{roles: [{run: x}]}"],
  ["an unknown tool", "{tool: scripts, roles: []}"],
  ["a bad type", "{roles: [{name: a, run: x, outputs: {b: {type: text}}}]}"],
  ["a bad output name", "{roles: [{name: a, run: x, outputs: {b.c: {type: string}}}]}"],
  ["a bad duration", "{roles: [{name: a, run: x, timeout: soon}]}"],
  ["no times", "{roles: [{name: a, run: x, on_error: {retry: {}}}]}"],
])("%s does not fit", ([, text]) => {
  expect(findMisfits(parse(text) as Json, schema, schema, "weft")).not.toEqual([]);
});
