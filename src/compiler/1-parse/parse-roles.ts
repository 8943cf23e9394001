// Our annotation, `metadata: {weft: ...}` of a vm, -> its roles. Inputs and outputs are read in parse-inputs.ts and parse-outputs.ts.
import { suggestNearest } from "../../diagnostics/nearest.ts";
import type { Span } from "../../diagnostics/span.ts";
import { namePattern } from "../../model/cell.ts";
import type { AfterSpec, OnError, RoleSpec, VmSpec } from "../../model/role.ts";
import type { Entry, Value } from "../../model/template.ts";
import { findTool, hookPath, tools } from "../../model/tool-names.ts";
import { parseInputs } from "./parse-inputs.ts";
import { parseOutputs } from "./parse-outputs.ts";
import { packFiles, type PackedPaths } from "./pack-files.ts";
import { parseOptions } from "./parse-options.ts";
import { parseRun } from "./parse-run.ts";
import { type ParseContext, parseValue } from "./parse-value.ts";
import { readDuration } from "./read-duration.ts";
import { type Fields, openMap, readText, reportType } from "./read-fields.ts";

export const vmKeys = ["tool", "order", "roles"];
export const roleKeys = [
  "name",
  "tool",
  "run",
  "options",
  "inputs",
  "outputs",
  "after",
  "on_error",
  "timeout",
  "on_delete",
  "on",
];

interface Tool {
  name: string;
  span: Span;
}

/** Reads the annotation of vm or group `vm`; what is wrong is reported and left out. */
export function parseRoles(annotation: Entry, vm: string, outer: ParseContext): VmSpec {
  const context = { ...outer, inRole: true };
  const empty: VmSpec = { span: annotation.keySpan, order: "listed", roles: [] };
  const fields = openMap(annotation.value, `the annotation of "${vm}"`, context.report, vmKeys, annotation.keySpan);
  if (fields === undefined) return empty;
  const tool = parseTool(fields, context);
  fields.require("roles");
  const roles: RoleSpec[] = [];
  const packed: PackedPaths = new Map();
  for (const item of fields.list("roles")) {
    const role = parseRole(item, vm, tool, packed, context);
    const earlier = roles.find(({ name }) => name === role?.name);
    if (role !== undefined && earlier !== undefined) {
      const related = [{ message: `the first role "${role.name}"`, span: earlier.nameSpan }];
      context.report.add("duplicate-role", role.nameSpan, { vm, role: role.name }, { related });
    } else if (role !== undefined) roles.push(role);
  }
  return { ...empty, order: fields.word("order", ["listed", "dataflow"]) ?? "listed", roles };
}

/** Undefined for a role without a usable name; the rest of it has been checked all the same. */
function parseRole(
  value: Value,
  vm: string,
  vmTool: Tool | undefined,
  packed: PackedPaths,
  context: ParseContext,
): RoleSpec | undefined {
  const { report } = context;
  const named = value.kind === "map" ? value.entries.find(({ key }) => key === "name")?.value : undefined;
  const label = named?.kind === "literal" && typeof named.value === "string" ? `role "${named.value}"` : `a role of "${vm}"`;
  const fields = openMap(value, label, report, roleKeys);
  if (fields === undefined) return undefined;

  const nameEntry = fields.require("name");
  const name = fields.text("name");
  const tool = parseTool(fields, context) ?? vmTool;
  if (tool === undefined) fields.require("tool");
  const run = fields.require("run");
  const inputs = parseInputs(fields.get("inputs"), label, tool?.name ?? "script", context);
  const on = fields.get("on");
  const { options, packed: ownPacked } = parseOptions(fields.get("options"), label, tool?.name ?? "script", packed, context);
  const role: RoleSpec = {
    name: name ?? "",
    nameSpan: nameEntry?.value.span ?? fields.span,
    span: fields.span,
    tool: tool?.name ?? "script",
    toolSpan: tool?.span ?? fields.span,
    run:
      run === undefined
        ? { kind: "literal", value: "", span: fields.span }
        : parseRun(run.value, tool?.name ?? "script", context),
    options,
    packed: tool === undefined ? ownPacked : { ...ownPacked, ...packHook(tool, packed, context) },
    inputs,
    outputs: parseOutputs(fields.get("outputs"), label, inputs, context),
    after: fields.list("after").flatMap((item) => parseAfter(item, label, context)),
    onError: parseOnError(fields.get("on_error"), label, context),
    onDelete: fields.flag("on_delete"),
    on: parseOn(on, label, context),
  };
  if (on !== undefined) role.onSpan = on.keySpan;
  const timeoutMs = readDuration(fields, "timeout", context);
  if (timeoutMs !== undefined) role.timeoutMs = timeoutMs;

  if (name === undefined) return undefined;
  if (namePattern.test(name)) return role;
  report.add("bad-name", role.nameSpan, { what: "a role", name });
  return undefined;
}

function parseTool(fields: Fields, context: ParseContext): Tool | undefined {
  const name = fields.text("tool");
  if (name === undefined) return undefined;
  const span = fields.get("tool")?.value.span ?? fields.span;
  if (findTool(name) === undefined) {
    const names = tools.map((tool) => tool.name);
    context.report.add("unknown-tool", span, { tool: name }, { hint: suggestNearest(name, names) });
  }
  return { name, span };
}

// A hook that lies beside the template travels.
function packHook({ name, span }: Tool, packed: PackedPaths, context: ParseContext): RoleSpec["packed"] {
  const path = hookPath(name);
  if (path === undefined || path.startsWith("/")) return {};
  const files = packFiles(path, span, packed, context);
  if (files === undefined) return {};
  if (files.file !== undefined) return { [path]: files };
  context.report.add("bad-type", span, { what: `the hook "${path}"`, expected: "an executable file", found: "a folder" });
  return {};
}

function parseAfter(value: Value, label: string, context: ParseContext): AfterSpec[] {
  if (value.kind !== "list") {
    const role = readText(value, `"after" of ${label}`, context.report);
    return role === undefined ? [] : [{ span: value.span, role }];
  }
  const names = value.items.map((item) => (item.kind === "literal" && typeof item.value === "string" ? item.value : undefined));
  const [resource, role] = names;
  if (names.length === 2 && resource !== undefined && role !== undefined) return [{ span: value.span, resource, role }];
  reportType(context.report, value, `"after" of ${label}`, "a role's name or a pair [RESOURCE, ROLE]");
  return [];
}

function parseOnError(entry: Entry | undefined, label: string, context: ParseContext): OnError {
  if (entry === undefined) return "fail";
  const { value } = entry;
  if (value.kind === "literal" && (value.value === "fail" || value.value === "continue")) return value.value;
  const what = `"on_error" of ${label}`;
  if (value.kind !== "map") {
    reportType(context.report, value, what, "fail, continue or {retry: {times: N, delay: TIME}}");
    return "fail";
  }
  const outer = openMap(value, what, context.report, ["retry"]);
  outer?.require("retry");
  const retry = outer?.map("retry", `"retry" of ${label}`, ["times", "delay"]);
  const times = retry?.require("times")?.value;
  if (retry === undefined || times === undefined) return "fail";
  if (times.kind === "literal" && Number.isInteger(times.value) && Number(times.value) > 0) {
    return { times: Number(times.value), delayMs: readDuration(retry, "delay", context) ?? 0 };
  }
  reportType(context.report, times, `"times" of ${label}`, "a whole number of at least 1");
  return "fail";
}

function parseOn(entry: Entry | undefined, label: string, context: ParseContext): RoleSpec["on"] {
  if (entry === undefined) return "all";
  const { value } = entry;
  const what = `"on" of ${label}`;
  if (value.kind === "map") {
    const index = openMap(value, what, context.report, ["index"])?.require("index");
    return index === undefined ? "one" : { index: parseValue(index.value, context) };
  }
  const word =
    value.kind === "literal" ? (["all", "one", "others"] as const).find((choice) => choice === value.value) : undefined;
  if (word === undefined) reportType(context.report, value, what, "all, one, others or {index: EXPR}");
  return word ?? "all";
}
