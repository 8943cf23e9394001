// The inputs of a role, in both their forms: `NAME: EXPR` and `NAME: {value: EXPR, ...}`.
import { findNearest } from "../../diagnostics/nearest.ts";
import type { InputSpec, ValueType, When } from "../../model/role.ts";
import type { Entry } from "../../model/template.ts";
import { findTool } from "../../model/tool-names.ts";
import { type ParseContext, parseLiteral, parseValue } from "./parse-value.ts";
import { readDuration } from "./read-duration.ts";
import { openMap, toJson } from "./read-fields.ts";

export const valueTypes: readonly ValueType[] = ["string", "number", "boolean", "json", "comma_delimited_list"];
export const longKeys = ["value", "type", "default", "description", "when", "wait_timeout", "bind"];
export const whens: readonly When[] = ["eager", "lazy", "deferred"];
const secretHint = "an input is secret if what it reads is: an output with `secret: true`, a parameter with `hidden: true`";

/** Reads the `inputs` of the role that messages call `label` and `tool` runs. */
export function parseInputs(entry: Entry | undefined, label: string, tool: string, context: ParseContext): InputSpec[] {
  if (entry === undefined) return [];
  const fields = openMap(entry.value, `"inputs" of ${label}`, context.report);
  return fields?.entries().map((input) => parseInput(input, label, tool, context)) ?? [];
}

function parseInput(entry: Entry, label: string, tool: string, context: ParseContext): InputSpec {
  const short: InputSpec = { name: entry.key, nameSpan: entry.keySpan, value: entry.value };
  if (!isLong(entry, context)) return { ...short, value: parseValue(entry.value, context) };

  const fields = openMap(entry.value, `input "${entry.key}" of ${label}`, context.report, longKeys, entry.keySpan);
  const value = fields?.get("value")?.value;
  if (fields === undefined || value === undefined)
    return { ...short, value: { kind: "literal", value: null, span: entry.keySpan } };
  const input: InputSpec = { ...short, value: parseValue(value, context) };
  const type = fields.word("type", valueTypes);
  if (type !== undefined) input.type = type;
  const when = fields.word("when", whens);
  if (when !== undefined) input.when = when;
  if (when === "deferred" && findTool(tool)?.hasDeferred === false) {
    context.report.add("no-deferred", fields.get("when")?.value.span ?? entry.keySpan, { tool, input: entry.key });
  }
  const bind = fields.word("bind", ["deploy"]);
  if (bind !== undefined) input.bind = bind;
  const description = fields.text("description");
  if (description !== undefined) input.description = description;
  const waitTimeoutMs = readDuration(fields, "wait_timeout", context);
  if (waitTimeoutMs !== undefined) input.waitTimeoutMs = waitTimeoutMs;
  const standIn = fields.get("default");
  const literal = standIn === undefined ? undefined : parseLiteral(standIn.value, `the default of input "${entry.key}"`, context);
  if (literal !== undefined) input.default = toJson(literal);
  return input;
}

/** A map is the long form if it has the key `value` and no key that we do not know. One that nearly is gets a warning. */
function isLong({ key: name, value }: Entry, context: ParseContext): boolean {
  if (value.kind !== "map" || !value.entries.some(({ key }) => key === "value")) return false;
  const foreign = value.entries.filter(({ key }) => !longKeys.includes(key));
  for (const { key, keySpan } of foreign) {
    const nearest = findNearest(key, longKeys);
    const hint = key === "secret" ? secretHint : nearest && `did you mean "${nearest}"?`;
    if (hint !== undefined) context.report.add("unclear-input", keySpan, { name, key }, { hint });
  }
  return foreign.length === 0;
}
