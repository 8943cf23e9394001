// Finds the functions in a value: a map whose one key names a function of the template's version is a call of it.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Span } from "../../diagnostics/span.ts";
import { findFunction } from "../../functions/heat-functions.ts";
import type { HeatVersion } from "../../functions/heat-versions.ts";
import type { FoundFile } from "../../model/bundle.ts";
import type { Entry, Value } from "../../model/template.ts";
import type { TypeAlias } from "./resource-registry.ts";
import { checkArgument } from "./check-argument.ts";

/** What every part of the parser needs: how the template reads functions, where files come from, where complaints go. */
export interface ParseContext {
  file: string;
  version: HeatVersion;
  versionName: string;
  report: Report;
  /** Of the environments' resource registries, later ones last. */
  aliases: readonly TypeAlias[];
  /** Contents of files by the name as written; undefined for one that cannot be read. */
  readFile(name: string): string | undefined;
  /** The files of a folder, or the one file, at a path beside the template; undefined: there is nothing. */
  listFiles(path: string): FoundFile[] | undefined;
  /** Within a role, where the compiler needs every file; elsewhere Heat's client fetches URLs itself. */
  inRole: boolean;
}

/**
 * Returns `value` with its functions as calls, as Heat sees them: in a condition other functions exist than elsewhere.
 * A get_output with `of` beside it becomes one call whose argument is a map of the two keys.
 */
export function parseValue(value: Value, context: ParseContext, place: "value" | "condition" = "value"): Value {
  if (value.kind === "list") return { ...value, items: value.items.map((item) => parseValue(item, context, place)) };
  if (value.kind !== "map") return value;
  const [entry] = value.entries;
  if (entry !== undefined) {
    if (value.entries.length === 1) {
      const call = parseCall(value, entry, context, place);
      if (call !== undefined) return call;
    }
    if (place === "value" && isGatheringOutput(value.entries)) {
      const named = value.entries.find(({ key }) => key === "get_output") as Entry;
      return call("get_output", named, { ...value, entries: parseEntries(value.entries, context) }, value, context);
    }
  }
  return { ...value, entries: parseEntries(value.entries, context, place) };
}

/** As parseValue, for a value that must be known now: a function in it is reported. Undefined then. */
export function parseLiteral(value: Value, what: string, context: ParseContext): Value | undefined {
  const parsed = parseValue(value, context);
  const found = findCall(parsed);
  if (found === undefined) return parsed;
  context.report.add("function-not-allowed", found.fnSpan, { what, fn: found.fn });
  return undefined;
}

function parseEntries(entries: Entry[], context: ParseContext, place: "value" | "condition" = "value"): Entry[] {
  return entries.map((entry) => ({ ...entry, value: parseValue(entry.value, context, place) }));
}

function parseCall(map: Value, entry: Entry, context: ParseContext, place: "value" | "condition"): Value | undefined {
  const fn = findFunction(entry.key, context.version, place);
  if (fn === undefined) {
    const isOfValues = place === "condition" && findFunction(entry.key, context.version, "value") !== undefined;
    if (isOfValues) context.report.add("function-not-allowed", entry.keySpan, { what: "a condition", fn: entry.key });
    return undefined;
  }
  if (fn.until !== undefined && fn.until <= context.version) {
    context.report.add("function-not-in-version", entry.keySpan, { fn: fn.name, version: context.versionName });
  }
  return call(
    fn.name,
    entry,
    fn.name === "if" ? parseIf(entry.value, context) : parseValue(entry.value, context, place),
    map,
    context,
  );
}

/** The first argument of `if` is a condition. */
function parseIf(arg: Value, context: ParseContext): Value {
  if (arg.kind !== "list") return parseValue(arg, context);
  return { ...arg, items: arg.items.map((item, index) => parseValue(item, context, index === 0 ? "condition" : "value")) };
}

function call(fn: string, entry: Entry, arg: Value, map: Value, context: ParseContext): Value {
  const parsed: Value & { kind: "call" } = { kind: "call", fn, fnSpan: entry.keySpan, arg, span: map.span };
  checkArgument(parsed, context.report);
  if (fn === "get_file" && arg.kind === "literal" && typeof arg.value === "string") checkFile(arg.value, arg.span, context);
  return parsed;
}

function checkFile(file: string, span: Span, context: ParseContext): void {
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(file);
  if (isUrl && !context.inRole) return;
  if (!isUrl && context.readFile(file) !== undefined) return;
  context.report.add(
    "missing-file",
    span,
    { file },
    { hint: isUrl ? "a role's files must be on this machine: download it" : undefined },
  );
}

function isGatheringOutput(entries: Entry[]): boolean {
  return entries.length === 2 && ["get_output", "of"].every((key) => entries.some((entry) => entry.key === key));
}

function findCall(value: Value): (Value & { kind: "call" }) | undefined {
  if (value.kind === "call") return value;
  const inner = value.kind === "list" ? value.items : value.kind === "map" ? value.entries.map((entry) => entry.value) : [];
  for (const item of inner) {
    const found = findCall(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
