// Checks the shape of a function's argument as far as it is written out, as Heat does when it reads a template.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Value } from "../../model/template.ts";

interface Shape {
  /** Completes "FN needs ...". */
  expected: string;
  fits(arg: Value): boolean;
}

const reference = "a list of a resource's name, an attribute and maybe a path: [NAME, ATTRIBUTE, ...]";
const replacement: Shape = {
  expected: "a map with template and params: {template: TEXT, params: {PLACEHOLDER: VALUE}}",
  fits: (arg) => hasKeys(arg, ["template", "params"]) && isMapOrCall(entryOf(arg, "params")),
};

const shapes: Record<string, Shape> = {
  get_param: {
    expected: "a parameter's name, or a list of the name and a path into its value",
    fits: (arg) => isText(arg) || (isList(arg, 1) && isTextOrCall(itemOf(arg, 0))) || arg.kind === "call",
  },
  get_attr: { expected: reference, fits: (arg) => isList(arg, 1) && isTextOrCall(itemOf(arg, 0)) },
  get_output: {
    expected:
      "a list of a resource's name, a role, an output and maybe a path: [NAME, ROLE, OUTPUT, ...], and in `of` all, any or a number",
    fits: (arg) =>
      arg.kind === "map" ? isOutputList(entryOf(arg, "get_output")) && isCount(entryOf(arg, "of")) : isOutputList(arg),
  },
  get_resource: { expected: "a resource's name", fits: isTextOrCall },
  get_file: { expected: "a file's name, written out", fits: isText },
  str_replace: replacement,
  str_replace_strict: replacement,
  str_replace_vstrict: replacement,
  list_join: { expected: "a list of a delimiter and one or more lists: [DELIMITER, [TEXT, ...]]", fits: (arg) => isList(arg, 2) },
  str_split: {
    expected: "a list of a delimiter, a text and maybe an index",
    fits: (arg) => isList(arg, 2) || arg.kind === "call",
  },
  if: { expected: "a list of a condition, a value if it holds and one if not", fits: (arg) => isList(arg, 2) },
  digest: { expected: "a list of an algorithm and a text", fits: (arg) => isList(arg, 2) },
};

/** Reports a call whose argument Heat would refuse. */
export function checkArgument(call: Value & { kind: "call" }, report: Report): void {
  const shape = Object.hasOwn(shapes, call.fn) ? shapes[call.fn] : undefined;
  if (shape === undefined || shape.fits(call.arg)) return;
  const span = call.arg.kind === "literal" ? call.arg.span : call.fnSpan;
  report.add("bad-function-argument", span, { fn: call.fn, expected: shape.expected });
}

function isText(value: Value | undefined): boolean {
  return value?.kind === "literal" && typeof value.value === "string" && value.value !== "";
}

function isTextOrCall(value: Value | undefined): boolean {
  return isText(value) || value?.kind === "call";
}

function isMapOrCall(value: Value | undefined): boolean {
  return value?.kind === "map" || value?.kind === "call";
}

function isList(value: Value | undefined, least: number): boolean {
  return value?.kind === "list" && value.items.length >= least;
}

function isOutputList(value: Value | undefined): boolean {
  return isList(value, 3) && [0, 1, 2].every((index) => isText(itemOf(value, index)));
}

function isCount(value: Value | undefined): boolean {
  if (value?.kind !== "literal") return false;
  return value.value === "all" || value.value === "any" || (Number.isInteger(value.value) && Number(value.value) > 0);
}

function itemOf(value: Value | undefined, index: number): Value | undefined {
  return value?.kind === "list" ? value.items[index] : undefined;
}

function entryOf(value: Value, key: string): Value | undefined {
  return value.kind === "map" ? value.entries.find((entry) => entry.key === key)?.value : undefined;
}

function hasKeys(value: Value, keys: string[]): boolean {
  return value.kind === "map" && keys.every((key) => entryOf(value, key) !== undefined);
}
