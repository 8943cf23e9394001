// Declared types of inputs against what they read, and against their defaults.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Span } from "../../diagnostics/span.ts";
import { conformsTo } from "../../model/cell.ts";
import type { Json } from "../../model/json.ts";
import type { ResolvedInput, ResolvedTemplate } from "../../model/resolved.ts";
import type { ValueType } from "../../model/role.ts";

/** Reports inputs whose type, value and default do not fit each other. What only the run will show is left to the agent. */
export function checkTypes(resolved: ResolvedTemplate, report: Report): void {
  for (const { roles } of resolved.vms) for (const { inputs } of roles) for (const input of inputs) checkInput(input, report);
}

function checkInput(input: ResolvedInput, report: Report): void {
  const { spec, value } = input;
  const what = `input "${spec.name}"`;
  const source = sourceOf(input);
  if (spec.type !== undefined && source !== undefined && !fits(source.type, spec.type)) {
    const { hint, related } = source;
    report.add("type-mismatch", spec.value.span, { what, expected: spec.type, found: source.words }, { hint, related });
  }
  if (spec.type !== undefined && value.kind === "value" && value.value !== null && !conformsTo(value.value, spec.type)) {
    report.add("type-mismatch", spec.value.span, { what, expected: spec.type, found: describe(value.value) });
  }
  const type = spec.type ?? source?.type;
  if (spec.default === undefined || type === undefined || type === "list" || conformsTo(spec.default, type)) return;
  report.add("type-mismatch", spec.nameSpan, { what: `the default of ${what}`, expected: type, found: describe(spec.default) });
}

interface Source {
  type: ValueType | "list";
  words: string;
  hint: string | undefined;
  related: { message: string; span: Span }[];
}

// The type of an input that is one read and nothing else.
function sourceOf({ value, reads: [located] }: ResolvedInput): Source | undefined {
  if (value.kind !== "read" || value.path.length > 0 || located === undefined) return undefined;
  const { read, output } = located;
  const type = output?.type ?? "string";
  const related = output === undefined ? [] : [{ message: `"${output.name}" is declared here`, span: output.nameSpan }];
  if (read.kind === "cell" || read.of === "any")
    return { type, words: `${output?.name ?? "a fact"}, a ${type}`, hint: undefined, related };
  const { group } = read;
  return {
    // Strings of all members make a list of strings.
    type: type === "string" ? "comma_delimited_list" : "list",
    words: `a list with one ${type} a member of ${group}`,
    hint: `one member: {get_attr: [${group}, resource.0.${output?.name ?? "first_address"}]}`,
    related,
  };
}

function fits(source: ValueType | "list", type: ValueType): boolean {
  return source === type || type === "json" || source === "json";
}

function describe(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
