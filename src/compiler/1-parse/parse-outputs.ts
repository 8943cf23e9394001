// The outputs that a role declares.
import { suggestNearest } from "../../diagnostics/nearest.ts";
import { namePattern } from "../../model/cell.ts";
import type { InputSpec, OutputSpec, Publish } from "../../model/role.ts";
import type { Entry } from "../../model/template.ts";
import { valueTypes } from "./parse-inputs.ts";
import type { ParseContext } from "./parse-value.ts";
import { isNull, openMap, readText } from "./read-fields.ts";

export const outputKeys = ["from", "type", "secret", "optional", "publish", "before", "error_output", "description"];
export const publishes: readonly Publish[] = ["on_success", "on_write"];

/** Reads the `outputs` of the role that messages call `label`; `inputs` are that role's, for `before`. */
export function parseOutputs(entry: Entry | undefined, label: string, inputs: InputSpec[], context: ParseContext): OutputSpec[] {
  if (entry === undefined) return [];
  const fields = openMap(entry.value, `"outputs" of ${label}`, context.report);
  return fields?.entries().flatMap((output) => parseOutput(output, label, inputs, context) ?? []) ?? [];
}

function parseOutput(entry: Entry, label: string, inputs: InputSpec[], context: ParseContext): OutputSpec | undefined {
  const { report } = context;
  const value = isNull(entry.value) ? { kind: "map" as const, entries: [], span: entry.keySpan } : entry.value;
  const fields = openMap(value, `output "${entry.key}" of ${label}`, report, outputKeys, entry.keySpan);
  if (!namePattern.test(entry.key)) report.add("bad-name", entry.keySpan, { what: "an output", name: entry.key });
  if (fields === undefined) return undefined;
  const output: OutputSpec = {
    name: entry.key,
    nameSpan: entry.keySpan,
    type: fields.word("type", valueTypes) ?? "string",
    secret: fields.flag("secret"),
    optional: fields.flag("optional"),
    publish: fields.word("publish", publishes) ?? "on_success",
    before: [],
    errorOutput: fields.flag("error_output"),
  };
  const from = fields.text("from");
  if (from !== undefined) output.from = from;
  const description = fields.text("description");
  if (description !== undefined) output.description = description;
  for (const item of fields.list("before")) {
    const name = readText(item, `"before" of ${fields.what}`, report);
    if (name === undefined) continue;
    const names = inputs.map((input) => input.name);
    if (names.includes(name)) output.before.push({ name, span: item.span });
    else report.add("unknown-input", item.span, { of: label, name }, { hint: suggestNearest(name, names) });
  }
  return namePattern.test(entry.key) ? output : undefined;
}
