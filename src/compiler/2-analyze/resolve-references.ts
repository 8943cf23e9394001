// Values as written -> expressions: every reference becomes a read, a parameter, an attribute or a resource's id; constants are folded.
import { suggestNearest } from "../../diagnostics/nearest.ts";
import type { Span } from "../../diagnostics/span.ts";
import { heatFunctions } from "../../functions/heat-functions.ts";
import { type Expr, type Path, referenceName } from "../../model/expression.ts";
import { messageOf } from "../../model/failure.ts";
import { canonicalJson, type Json } from "../../model/json.ts";
import type { OutputSpec, RoleSpec } from "../../model/role.ts";
import type { Value } from "../../model/template.ts";
import { holdsIndex, type Context } from "./context.ts";
import { findPlaced, findResource, findRole, type Placed } from "./find-names.ts";
import { findMeaning, isOnOne, literalCount, refuseRunTime } from "./find-meaning.ts";
import { addRead, gatherThrough, readFact, readOutput, sizeAndSkip } from "./make-reads.ts";
import { resolveInGroup, resolveNested, resolvePassed } from "./resolve-nested.ts";

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
    case "if":
      return resolveIf(call, context);
    default:
      return resolveFunction(call, context);
  }
}

function resolveParameter(call: Call, context: Context): Expr {
  const reference = readReference(call.arg);
  if (reference === undefined) return resolveByHeat(call, context);
  const { name, nameSpan, path } = reference;
  if (!isParameter(name, nameSpan, context)) return nothing;
  const passed = resolvePassed(name, path ?? [], call.span, context, resolveValue);
  if (path === undefined) {
    // Where in a run-time value a path leads must be known.
    if (passed !== undefined && passed.kind !== "value") context.report.add("computed-path", call.span, { fn: call.fn });
    return resolveByHeat(call, context);
  }
  return passed ?? { kind: "param", name: context.scope.prefix + name, path };
}

function resolveResourceId(call: Call, context: Context): Expr {
  if (call.arg.kind !== "literal") return resolveByHeat(call, context);
  const name = String(call.arg.value);
  const { place, template, report } = context;
  if (place.kind === "output" && !template.resources.has(name)) {
    report.add(
      "output-without-value",
      call.arg.span,
      { what: "resource", name },
      { hint: suggestNearest(name, template.resources.keys()) },
    );
    return nothing;
  }
  return findResource(name, call.arg.span, context) === undefined
    ? nothing
    : { kind: "resource", name: context.scope.prefix + name };
}

function resolveAttribute(call: Call, context: Context): Expr {
  const reference = readReference(call.arg);
  if (reference === undefined) return resolveByHeat(call, context);
  const resource = findResource(reference.name, reference.nameSpan, context);
  if (resource === undefined) return nothing;
  const [first] = reference.rest;
  const ofHeat = (path: Path): Expr => ({ kind: "attr", resource: context.scope.prefix + resource.name, path });
  // All attributes at once.
  if (first === undefined) return ofHeat([]);
  if (first.kind !== "literal") return resolveByHeat(call, context);

  const { path } = reference;
  const asked = { resource, name: String(first.value), path: path?.slice(1) ?? [], span: first.span };
  if (resource.nested !== undefined && path !== undefined) return resolveNested(asked, context, resolveValue) ?? ofHeat(path);
  if (resource.nested !== undefined) return resolveByHeat(call, context);
  if (resource.group !== undefined && path !== undefined) {
    const ofMembers = resolveInGroup(asked, context, resolveValue);
    if (ofMembers !== undefined) return ofMembers;
  }
  const meaning = findMeaning(resource, String(first.value), path?.slice(1) ?? [], first.span, context);
  if (meaning.kind === "wrong") return nothing;
  if (meaning.kind === "attribute") return path === undefined ? resolveByHeat(call, context) : ofHeat(path);
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
  const placed = findPlaced(reference.name, reference.nameSpan, context);
  if (placed === undefined) return nothing;
  const { resource } = placed;
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
  const of = readOf(keys?.get("of"), placed, role, context);
  return of === undefined ? nothing : readThrough(placed, role, output, of, reference.path.slice(2), call.span, context);
}

// An output of a vm by its path; that of all members where the path leads through groups.
function readThrough(
  { resource, context: inside, through }: Placed,
  role: RoleSpec,
  output: OutputSpec,
  of: "all" | "any" | number,
  path: Path,
  span: Span,
  context: Context,
): Expr {
  const levels = isOnOne(role) && resource.group === undefined ? through.slice(0, -1) : through;
  const [level] = levels;
  const read = readOutput(resource, role, output.name, undefined, resource.group === undefined ? "all" : of, inside);
  if (of !== "all" && level !== undefined && read.kind === "cell")
    return addRead(gatherThrough(level, read, of), path, span, context, output);
  const value = addRead(read, path, span, context, output);
  return levels.reduceRight<Expr>(
    (item, around) => ({ kind: "each", ...sizeAndSkip(around), index: around.indexVar, item }),
    value,
  );
}

// How many members must have written; undefined when that can never be met, or is no number at all, as the parser has reported.
function readOf(
  value: Value | undefined,
  { resource, through }: Placed,
  role: RoleSpec,
  context: Context,
): "all" | "any" | number | undefined {
  if (value === undefined) return "all";
  const groups = [...through, ...(resource.group === undefined ? [] : [resource.name])].length - (isOnOne(role) ? 1 : 0);
  if (groups <= 0) {
    context.report.add("of-needs-group", value.span, { resource: resource.name });
    return undefined;
  }
  const of = value.kind === "literal" ? value.value : undefined;
  if (of === "all") return of;
  if (groups > 1) {
    const problem = `\`of\` counts the members of one group, and ${resource.name} lies in several`;
    context.report.add("nested-limit", value.span, { problem });
    return undefined;
  }
  if (of === "any") return of;
  if (typeof of !== "number") return undefined;
  const [level] = through;
  const size = level === undefined ? literalCount(resource) : level.size.kind === "value" ? Number(level.size.value) : undefined;
  if (size === undefined || of <= size) return of;
  context.report.add("too-many-members", value.span, { group: level?.name ?? resource.name, of, size });
  return undefined;
}

function resolveIf(call: Call, context: Context): Expr {
  if (call.arg.kind !== "list") return resolveFunction(call, context);
  const [condition, ...branches] = call.arg.items;
  if (condition === undefined) return nothing;
  const items = [resolveCondition(condition, context), ...branches.map((branch) => resolveValue(branch, context))];
  return { kind: "call", fn: "if", arg: { kind: "list", items } };
}

/** Returns as an expression what stands where a condition is expected: a condition's name, true or false, or a condition function. */
export function resolveCondition(value: Value, context: Context): Expr {
  const { report, template } = context;
  if (value.kind === "literal" && typeof value.value === "boolean") return { kind: "value", value: value.value };
  if (value.kind === "literal" && typeof value.value === "string") {
    const name = value.value;
    if (template.conditions.has(name)) return { kind: "condition", name: context.scope.prefix + name };
    report.add("unknown-condition", value.span, { name }, { hint: suggestNearest(name, template.conditions.keys()) });
    return nothing;
  }
  if (value.kind === "call" && value.fn === "not") return { kind: "call", fn: "not", arg: resolveCondition(value.arg, context) };
  if (value.kind === "call" && (value.fn === "and" || value.fn === "or") && value.arg.kind === "list") {
    const items = value.arg.items.map((item) => resolveCondition(item, context));
    return { kind: "call", fn: value.fn, arg: { kind: "list", items } };
  }
  if (value.kind === "call") return resolveValue(value, context);
  report.add("not-a-condition", value.span, undefined);
  return nothing;
}

function resolveFunction(call: Call, context: Context): Expr {
  const readsBefore = context.reads.length;
  const arg = resolveValue(call.arg, context);
  const { evaluate, needsHost = false } = heatFunctions.get(call.fn) ?? {};
  if (context.reads.length > readsBefore && evaluate === undefined) {
    context.report.add("run-time-value-in-function", call.fnSpan, { fn: call.fn });
    return nothing;
  }
  if (call.fn === "str_replace" || call.fn === "str_replace_strict" || call.fn === "str_replace_vstrict")
    warnOfLists(arg, context);
  // What holds the index variable differs from member to member, so the agent evaluates it.
  if (evaluate === undefined || needsHost || arg.kind !== "value" || holdsIndex(canonicalJson(arg.value), context))
    return { kind: "call", fn: call.fn, arg };
  try {
    return { kind: "value", value: evaluate(arg.value, {}) };
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
  if (!isOfSomething(call, arg, context)) return nothing;
  return { kind: "call", fn: call.fn, arg: call.fn === "get_file" ? arg : withPrefix(arg, context.scope.prefix) };
}

// A name that is known by now, because it stands in a file, is held to what one that is written out is held to.
function isOfSomething({ fn, arg: { span } }: Call, arg: Expr, context: Context): boolean {
  const name = referenceName(arg);
  if (name === undefined) return true;
  if (fn === "get_resource" || fn === "get_attr") return findResource(name, span, context) !== undefined;
  return fn !== "get_param" || isParameter(name, span, context);
}

function isParameter(name: string, span: Span, { place, template: { parameters }, report }: Context): boolean {
  if (parameters.has(name) || pseudoParameters.includes(name)) return true;
  const hint = suggestNearest(name, parameters.keys());
  if (place.kind === "output") report.add("output-without-value", span, { what: "parameter", name }, { hint });
  else report.add("unknown-parameter", span, { name }, { hint });
  return false;
}

// A reference whose name is written out names something of its own template.
function withPrefix(arg: Expr, prefix: string): Expr {
  if (prefix === "") return arg;
  if (arg.kind === "list") return { ...arg, items: [withPrefix(arg.items[0] ?? nothing, prefix), ...arg.items.slice(1)] };
  if (arg.kind !== "value") return arg;
  const [name, ...rest] = Array.isArray(arg.value) ? arg.value : [arg.value];
  if (typeof name !== "string") return arg;
  return { kind: "value", value: Array.isArray(arg.value) ? [prefix + name, ...rest] : prefix + name };
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
