// Values as written -> expressions: every reference becomes a read, a parameter, an attribute or a resource's id; constants are folded.
import { Report } from "../../diagnostics/diagnostic.ts";
import { suggestNearest } from "../../diagnostics/nearest.ts";
import type { Span } from "../../diagnostics/span.ts";
import { heatFunctions } from "../../functions/heat-functions.ts";
import { cellId, factCell, memberId } from "../../model/cell.ts";
import type { Expr, Path, Read } from "../../model/expression.ts";
import { messageOf } from "../../model/failure.ts";
import { canonicalJson, type Json } from "../../model/json.ts";
import type { OutputSpec, RoleSpec } from "../../model/role.ts";
import type { Resource, Template, Value } from "../../model/template.ts";
import { holdsIndex, type Context } from "./context.ts";
import { findResource, findRole } from "./find-names.ts";
import { findMeaning, isOnOne, literalCount, refuseRunTime } from "./find-meaning.ts";

type Call = Extract<Value, { kind: "call" }>;

const nothing: Expr = { kind: "value", value: null };
const pseudoParameters = ["OS::stack_id", "OS::stack_name", "OS::project_id"];

/** Returns `value` as an expression. What is wrong is reported, and null stands in its place; reads are added to `context.reads`. */
export function resolveValue(value: Value, context: Context): Expr {
  switch (value.kind) {
    case "literal":
      return { kind: "value", value: value.value };
    case "list":
      return foldList(value.items.map((item) => resolveValue(item, context)));
    case "map":
      return foldMap(value.entries.map(({ key, value: inner }) => [key, resolveValue(inner, context)]));
    case "call":
      return resolveCall(value, context);
  }
}

/** Returns a group's count as an expression; mistakes in it are reported where its properties are looked at. */
export function resolveSize(resource: Resource, template: Template): Expr {
  if (resource.group === undefined) throw new Error(`${resource.name} is no group`);
  const place = { kind: "fixed", name: "the count of a group" } as const;
  return resolveValue(resource.group.count, { template, report: new Report(), place, reads: [] });
}

function resolveCall(call: Call, context: Context): Expr {
  switch (call.fn) {
    case "get_param":
      return resolveParameter(call, context);
    case "get_resource":
      return resolveResourceId(call, context);
    case "get_file":
      return {
        kind: "value",
        value: call.arg.kind === "literal" ? (context.template.files.get(String(call.arg.value)) ?? "") : "",
      };
    case "get_attr":
      return resolveAttribute(call, context);
    case "get_output":
      return resolveOutput(call, context);
    default:
      return resolveFunction(call, context);
  }
}

function resolveParameter(call: Call, context: Context): Expr {
  const reference = readReference(call.arg);
  if (reference === undefined) return resolveByHeat(call, context);
  const { name, nameSpan, path } = reference;
  const { parameters } = context.template;
  if (!parameters.has(name) && !pseudoParameters.includes(name)) {
    context.report.add("unknown-parameter", nameSpan, { name }, { hint: suggestNearest(name, parameters.keys()) });
    return nothing;
  }
  return path === undefined ? resolveByHeat(call, context) : { kind: "param", name, path };
}

function resolveResourceId(call: Call, context: Context): Expr {
  if (call.arg.kind !== "literal") return resolveByHeat(call, context);
  const name = String(call.arg.value);
  return findResource(name, call.arg.span, context) === undefined ? nothing : { kind: "resource", name };
}

function resolveAttribute(call: Call, context: Context): Expr {
  const reference = readReference(call.arg);
  if (reference === undefined) return resolveByHeat(call, context);
  const resource = findResource(reference.name, reference.nameSpan, context);
  if (resource === undefined) return nothing;
  const [first] = reference.rest;
  // All attributes at once.
  if (first === undefined) return { kind: "attr", resource: resource.name, path: [] };
  if (first.kind !== "literal") return resolveByHeat(call, context);

  const { path } = reference;
  const meaning = findMeaning(resource, String(first.value), path?.slice(1) ?? [], first.span, context);
  if (meaning.kind === "wrong") return nothing;
  if (meaning.kind === "attribute")
    return path === undefined ? resolveByHeat(call, context) : { kind: "attr", resource: resource.name, path };
  if (path === undefined) {
    context.report.add("computed-path", call.span, { fn: call.fn });
    return nothing;
  }
  if (meaning.kind === "fact")
    return addRead(readFact(resource, meaning.fact, meaning.member, context), meaning.path, call.span, context);
  const { role, output } = meaning.declared;
  return addRead(
    readOutput(resource, role, output.name, meaning.member, "all", context),
    meaning.path,
    call.span,
    context,
    output,
  );
}

// With `of` beside it, the argument is a map of the two.
function resolveOutput(call: Call, context: Context): Expr {
  const keys = call.arg.kind === "map" ? new Map(call.arg.entries.map(({ key, value }) => [key, value])) : undefined;
  const reference = readReference(keys?.get("get_output") ?? call.arg);
  const [roleName, outputName] = reference?.rest ?? [];
  if (reference?.path === undefined || roleName?.kind !== "literal" || outputName?.kind !== "literal") {
    context.report.add("computed-path", call.span, { fn: call.fn });
    return nothing;
  }
  const resource = findResource(reference.name, reference.nameSpan, context);
  if (resource === undefined) return nothing;
  const role = findRole(resource, String(roleName.value), roleName.span, context);
  if (role === undefined) return nothing;
  const name = String(outputName.value);
  const output = role.outputs.find((output) => output.name === name);
  if (output === undefined) {
    const hint = suggestNearest(
      name,
      role.outputs.map((output) => output.name),
    );
    context.report.add("unknown-output", outputName.span, { resource: resource.name, role: role.name, name }, { hint });
    return nothing;
  }
  const what = `${resource.name}'s output ${name}`;
  if (context.place.kind === "fixed") {
    refuseRunTime(what, context.place.name, call.span, context);
    return nothing;
  }
  if (context.place.kind === "input" && context.place.bind === "deploy") {
    context.report.add("not-known-to-heat", outputName.span, { resource: resource.name, name });
    return nothing;
  }
  const of = readOf(keys?.get("of"), resource, role, context);
  return of === undefined
    ? nothing
    : addRead(readOutput(resource, role, name, undefined, of, context), reference.path.slice(2), call.span, context, output);
}

// How many members must have written; undefined when that can never be met, or is no number at all, as the parser has reported.
function readOf(
  value: Value | undefined,
  resource: Resource,
  role: RoleSpec,
  context: Context,
): "all" | "any" | number | undefined {
  if (value === undefined) return "all";
  if (resource.group === undefined || isOnOne(role)) {
    context.report.add("of-needs-group", value.span, { resource: resource.name });
    return undefined;
  }
  const of = value.kind === "literal" ? value.value : undefined;
  if (of === "all" || of === "any") return of;
  if (typeof of !== "number") return undefined;
  const size = literalCount(resource);
  if (size === undefined || of <= size) return of;
  context.report.add("too-many-members", value.span, { group: resource.name, of, size });
  return undefined;
}

function resolveFunction(call: Call, context: Context): Expr {
  const readsBefore = context.reads.length;
  const arg = resolveValue(call.arg, context);
  const evaluate = heatFunctions.get(call.fn)?.evaluate;
  if (context.reads.length > readsBefore && evaluate === undefined) {
    context.report.add("run-time-value-in-function", call.fnSpan, { fn: call.fn });
    return nothing;
  }
  if (call.fn === "str_replace" || call.fn === "str_replace_strict" || call.fn === "str_replace_vstrict")
    warnOfLists(arg, context);
  // What holds the index variable differs from member to member, so the agent evaluates it.
  if (evaluate === undefined || arg.kind !== "value" || holdsIndex(canonicalJson(arg.value), context))
    return { kind: "call", fn: call.fn, arg };
  try {
    return { kind: "value", value: evaluate(arg.value) };
  } catch (error) {
    // The parser has perhaps said already what is wrong with the argument.
    const isKnown = context.report.diagnostics.some(({ code, span }) => code === "bad-function-argument" && span === call.fnSpan);
    if (!isKnown) context.report.add("function-failed", call.fnSpan, { fn: call.fn, problem: messageOf(error) });
    return nothing;
  }
}

// A reference whose parts are worked out by functions: only Heat can follow it.
function resolveByHeat(call: Call, context: Context): Expr {
  const readsBefore = context.reads.length;
  const arg = resolveValue(call.arg, context);
  if (context.reads.length > readsBefore) context.report.add("run-time-value-in-function", call.fnSpan, { fn: call.fn });
  return { kind: "call", fn: call.fn, arg };
}

interface Reference {
  name: string;
  nameSpan: Span;
  /** What follows the name, as written. */
  rest: Value[];
  /** The same as keys and indexes; undefined when a function stands among them. */
  path: Path | undefined;
}

// NAME or [NAME, PATH...]; undefined when the name itself is worked out by a function.
function readReference(arg: Value): Reference | undefined {
  const [first, ...rest] = arg.kind === "list" ? arg.items : [arg];
  if (first?.kind !== "literal") return undefined;
  const path: Path = [];
  for (const part of rest) {
    if (part.kind === "literal") path.push(typeof part.value === "number" ? part.value : String(part.value));
  }
  return { name: String(first.value), nameSpan: first.span, rest, path: path.length === rest.length ? path : undefined };
}

function readFact(resource: Resource, fact: string, member: string | undefined, context: Context): Read {
  if (resource.group === undefined) return { kind: "cell", cell: factCell(resource.name, fact) };
  if (member !== undefined) return { kind: "cell", cell: factCell(memberOf(resource, member, context), fact) };
  return {
    kind: "gather",
    group: resource.name,
    role: "@vm",
    output: fact,
    size: resolveSize(resource, context.template),
    of: "all",
  };
}

function readOutput(
  resource: Resource,
  role: RoleSpec,
  output: string,
  member: string | undefined,
  of: "all" | "any" | number,
  context: Context,
): Read {
  if (resource.group === undefined || isOnOne(role)) return { kind: "cell", cell: cellId(resource.name, role.name, output) };
  if (member !== undefined) return { kind: "cell", cell: cellId(memberOf(resource, member, context), role.name, output) };
  return { kind: "gather", group: resource.name, role: role.name, output, size: resolveSize(resource, context.template), of };
}

// `[self]` is the member that reads; the index variable of another group's reader stays, for the agent to fill in.
function memberOf(resource: Resource, member: string, { reader }: Context): string {
  const isSelf = reader?.resource === resource.name && member === reader.indexVar;
  return memberId(resource.name, isSelf ? "self" : member);
}

function addRead(read: Read, path: Path, span: Span, context: Context, output?: OutputSpec): Expr {
  context.reads.push({ read, span, ...(output === undefined ? {} : { output }) });
  return { kind: "read", read, path };
}

function warnOfLists(arg: Expr, context: Context): void {
  const params = arg.kind === "map" ? arg.entries["params"] : undefined;
  if (params?.kind !== "map") return;
  for (const param of Object.values(params.entries)) {
    if (param.kind !== "read" || param.read.kind !== "gather" || param.read.of === "any" || param.path.length > 0) continue;
    const { read } = param;
    const located = context.reads.find((candidate) => candidate.read === read);
    if (located !== undefined) context.report.add("group-read-as-one", located.span, { group: read.group, name: read.output });
  }
}

function foldList(items: Expr[]): Expr {
  const values = items.map((item) => (item.kind === "value" ? item.value : undefined));
  return values.every((value) => value !== undefined) ? { kind: "value", value: values } : { kind: "list", items };
}

function foldMap(entries: [string, Expr][]): Expr {
  const values = entries.map(([key, expr]) => [key, expr.kind === "value" ? expr.value : undefined] as const);
  const isConstant = values.every((entry): entry is readonly [string, Json] => entry[1] !== undefined);
  return isConstant
    ? { kind: "value", value: Object.fromEntries(values) }
    : { kind: "map", entries: Object.fromEntries(entries) };
}
