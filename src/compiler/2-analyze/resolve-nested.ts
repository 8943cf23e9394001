// References that cross the border of a nested stack: its parameters stand for what the parent gives, its attributes for its outputs.
import { suggestNearest } from "../../diagnostics/nearest.ts";
import type { Span } from "../../diagnostics/span.ts";
import { digInto } from "../../functions/dig.ts";
import { evaluateExpr } from "../../functions/evaluate.ts";
import { readParameterValue } from "../../functions/read-parameter-value.ts";
import { type Expr, fillExpr, type Filling, fillRead, fillWith, type Path } from "../../model/expression.ts";
import { canonicalJson, type Json } from "../../model/json.ts";
import type { Resource, Value } from "../../model/template.ts";
import { groupAttributes, scalingGroupAttributes } from "./attributes.ts";
import { childScope, holdsIndex, inScope, type Context } from "./context.ts";
import { isByPosition, isMember, splitMember } from "./find-meaning.ts";
import { sizeAndSkip } from "./make-reads.ts";
import { indexOf, type Scope } from "./scope.ts";

/** resolveValue of resolve-references.ts, which calls the functions here. */
type Resolve = (value: Value, context: Context) => Expr;

/** What a get_attr asks of a resource. */
export interface Asked {
  resource: Resource;
  name: string;
  path: Path;
  /** Of the attribute's name. */
  span: Span;
}

const nothing: Expr = { kind: "value", value: null };

/**
 * Returns what a parameter of a nested template stands for, if the parent gives it: a run-time value, or a constant. Undefined: its value
 * is Heat's to know.
 */
export function resolvePassed(name: string, path: Path, span: Span, context: Context, resolve: Resolve): Expr | undefined {
  const { scope } = context;
  const parameter = scope.template.parameters.get(name);
  const { parent } = scope;
  const given = parent?.given.get(name);
  if (parameter?.hidden === true) context.hidden.met = true;
  if (parameter === undefined || parent === undefined || given === undefined) return undefined;

  const level = parent.resource.group === undefined ? undefined : scope.levels.at(-1);
  const via = { message: `parameter ${name} of ${scope.template.file} brings it here`, span };
  const outside: Context = {
    ...inScope(context, parent.scope),
    indexes: level === undefined ? context.indexes : [...context.indexes, level.indexVar],
    via: [...context.via, via],
  };
  const before = context.reads.length;
  const value = follow(`parameter ${scope.prefix}${name}`, given, span, outside, resolve);
  if (context.reads.length > before) return dig(value, path);
  if (value.kind !== "value" || parameter.hidden) return undefined;
  // Only a text can hold a member's number before the number is known.
  if (parameter.type !== "string" && holdsIndex(canonicalJson(value.value), outside)) return undefined;
  const read = readParameterValue(value.value, parameter.type);
  return "problem" in read ? undefined : constant(read.value, path);
}

function constant(value: Json, path: Path): Expr {
  const none = (): never => {
    throw new Error("a constant needs nothing else");
  };
  return {
    kind: "value",
    value: evaluateExpr({ kind: "param", name: "", path }, { param: () => value, slot: none, read: none }),
  };
}

/** Returns what an attribute of a nested stack, or of a group of them, stands for; undefined: Heat's to know. */
export function resolveNested(asked: Asked, context: Context, resolve: Resolve): Expr | undefined {
  const child = childScope(asked.resource, context);
  if (child === undefined) return undefined;
  return asked.resource.group === undefined
    ? resolveInside(child, asked, context, resolve)
    : resolveInGroup(asked, context, resolve);
}

/**
 * Returns what `[group, attributes, NAME]`, of an AutoScalingGroup `outputs` or `outputs_list`, stands for where that is a run-time value,
 * and of a group of nested stacks what any attribute stands for.
 */
export function resolveInGroup(asked: Asked, context: Context, resolve: Resolve): Expr | undefined {
  const { resource, name, path, span } = asked;
  const isScaling = resource.group?.kind === "AutoScalingGroup";
  const [first, ...rest] = path;
  const isKeyed = name === (isScaling ? "outputs" : "attributes");
  if (isKeyed || (isScaling && name === "outputs_list"))
    return first === undefined
      ? undefined
      : resolveMembers({ ...asked, name: String(first), path: rest }, isKeyed, context, resolve);
  if (resource.nested === undefined || (isScaling ? scalingGroupAttributes : groupAttributes).includes(name)) return undefined;
  const member = splitMember(name, path);
  if (member === undefined) return resolveMembers(asked, false, context, resolve);
  if (member.attribute === undefined) return undefined;
  if (!isMember(resource, member.index, span, context)) return nothing;
  const one = { ...asked, name: member.attribute, path: member.path };
  if (isByPosition(resource, member.index)) {
    const all = resolveMembers(one, false, context, resolve);
    // What one member writes for all has no list.
    const isList = all?.kind === "each" && all.index === indexOf(context.scope, resource);
    return isList ? dig(all, [Number(member.index)]) : all;
  }
  return resolveMember(one, member.index, context, resolve);
}

// A list, or a map by number, with the value of each member.
function resolveMembers(asked: Asked, isKeyed: boolean, context: Context, resolve: Resolve): Expr | undefined {
  const { resource } = asked;
  const index = indexOf(context.scope, resource);
  const inLoop: Context = { ...context, indexes: [...context.indexes, index], reads: [] };
  const item = resolveMember(asked, index, inLoop, resolve);
  if (item === undefined || inLoop.reads.length === 0) return undefined;
  // Of each member, be the reader one of them.
  const ofAny: Filling = { text: (text) => text, cell: (cell) => cell.replaceAll(index, "*") };
  context.reads.push(...inLoop.reads.map((located) => ({ ...located, read: fillRead(located.read, ofAny) })));
  // What one member writes for all.
  if (!JSON.stringify(item).includes(JSON.stringify(index).slice(1, -1))) return item;
  const skip = resource.group?.skip ?? [];
  const members = sizeAndSkip({
    name: resource.name,
    indexVar: index,
    size: context.sizeOf(resource, context.scope),
    ...(skip.length === 0 ? {} : { skip }),
  });
  return { kind: "each", ...members, index, item, ...(isKeyed ? { keyed: true } : {}) };
}

function resolveMember(asked: Asked, index: string, context: Context, resolve: Resolve): Expr | undefined {
  const { resource, name, path, span } = asked;
  if (resource.nested === undefined) {
    const before = context.reads.length;
    const value = resolve(callOf(resource.name, [`resource.${index}.${name}`, ...path], span), context);
    return context.reads.length > before ? value : undefined;
  }
  const child = childScope(resource, context);
  if (child === undefined) return undefined;
  const all = indexOf(context.scope, resource);
  const inMember: Context = { ...context, reads: [] };
  const value = resolveInside(child, asked, inMember, resolve);
  const filling = fillWith(all, index);
  context.reads.push(...inMember.reads.map((located) => ({ ...located, read: fillRead(located.read, filling) })));
  return value === undefined ? undefined : fillExpr(value, filling);
}

function resolveInside(child: Scope, asked: Asked, context: Context, resolve: Resolve): Expr | undefined {
  const { resource, name, path, span } = asked;
  const inside = inScope(context, child);
  const before = context.reads.length;
  const { template } = child;
  const named = /^resource\.([^.]+)(?:\.(.+))?$/s.exec(name);
  if (named !== null) {
    const [attribute, ...rest] = named[2] === undefined ? path : [named[2], ...path];
    if (attribute === undefined) return undefined;
    const value = resolve(callOf(named[1] as string, [attribute, ...rest], span), inside);
    return context.reads.length > before ? value : undefined;
  }
  const output = template.outputs.get(name);
  if (output === undefined) {
    if (context.place.kind === "fixed" || name === "show") return undefined;
    const hint = suggestNearest(name, template.outputs.keys());
    context.report.add("unknown-attribute", span, { resource: resource.name, name }, { hint });
    return nothing;
  }
  const via = { message: `output ${name} of ${template.file} is read here`, span };
  const value = follow(`output ${child.prefix}${name}`, output.value, span, { ...inside, via: [...context.via, via] }, resolve);
  if (context.reads.length === before)
    return value.kind === "value" && output.condition === undefined ? dig(value, path) : undefined;
  if (output.condition?.kind !== "literal") return dig(value, path);
  const condition: Expr = { kind: "condition", name: child.prefix + String(output.condition.value) };
  return { kind: "call", fn: "if", arg: { kind: "list", items: [condition, dig(value, path), nothing] } };
}

// What leads back to where it came from has no value.
function follow(step: string, value: Value, span: Span, context: Context, resolve: Resolve): Expr {
  if (context.trail.includes(step)) {
    const steps = [...context.trail.slice(context.trail.indexOf(step)), step];
    context.report.add("endless-reference", span, { steps });
    return nothing;
  }
  return resolve(value, { ...context, trail: [...context.trail, step] });
}

function callOf(resource: string, path: Path, span: Span): Value {
  const literal = (value: string | number): Value => ({ kind: "literal", value, span });
  return {
    kind: "call",
    fn: "get_attr",
    fnSpan: span,
    arg: { kind: "list", items: [resource, ...path].map(literal), span },
    span,
  };
}

/** Follows a path into a value. */
export function dig(value: Expr, path: Path): Expr {
  if (path.length === 0) return value;
  if (value.kind === "value") return { kind: "value", value: digInto(value.value, path) };
  if (value.kind === "read") return { ...value, path: [...value.path, ...path] };
  const items: Expr[] = [value, ...path.map((part): Expr => ({ kind: "value", value: part }))];
  return { kind: "call", fn: "dig", arg: { kind: "list", items } };
}
