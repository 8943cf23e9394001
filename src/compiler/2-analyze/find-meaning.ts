// The rule of get_attr: what NAME of a resource means, a role's output, a fact of a vm or an attribute for Heat.
import { findNearest } from "../../diagnostics/nearest.ts";
import type { Span } from "../../diagnostics/span.ts";
import type { Path } from "../../model/expression.ts";
import type { OutputSpec, RoleSpec } from "../../model/role.ts";
import type { Resource } from "../../model/template.ts";
import { memberNumbers } from "../../model/cell.ts";
import { attributesOf, groupAttributes, scalingGroupAttributes } from "./attributes.ts";
import { isIndex, type Context } from "./context.ts";

export interface Declared {
  role: RoleSpec;
  output: OutputSpec;
}

/** `member` is the text after `resource.` in a reference to one member of a group. */
export type Meaning =
  | { kind: "output"; declared: Declared; member?: string; path: Path }
  | { kind: "fact"; fact: "first_address" | "name"; member?: string; path: Path }
  | { kind: "attribute" }
  | { kind: "wrong" };

function declaredOutputs(resource: Resource, name: string): Declared[] {
  const roles = resource.vm?.roles ?? [];
  return roles.flatMap((role) => role.outputs.filter((output) => output.name === name).map((output) => ({ role, output })));
}

/** Says what `[resource, name, ...path]` means where it stands, and reports what is wrong with it. */
export function findMeaning(resource: Resource, name: string, path: Path, span: Span, context: Context): Meaning {
  const member = resource.group === undefined ? undefined : splitMember(name, path);
  // `resource.2` alone is that member's id.
  if (member !== undefined && member.attribute === undefined) return { kind: "attribute" };
  if (member !== undefined && !isMember(resource, member.index, span, context)) return { kind: "wrong" };
  const attribute = member?.attribute ?? name;
  const named: Named = {
    resource,
    name: attribute,
    span,
    declared: declaredOutputs(resource, attribute),
    attributes: knownAttributes(resource, member !== undefined),
  };
  const { place } = context;
  if (place.kind === "fixed") return findFixedMeaning(named, place.name, context);
  if (place.kind === "input" && place.bind === "deploy") return findDeployMeaning(named, context);

  const [first, second] = named.declared;
  const ofGroup = first !== undefined && isOnOne(first.role);
  // In an AutoScalingGroup a number is a place in the list of the members, whose names only Heat knows.
  const of =
    member === undefined
      ? { path }
      : isByPosition(resource, member.index) && !ofGroup
        ? { path: [Number(member.index), ...member.path] }
        : { member: member.index, path: member.path };
  if (first !== undefined && second !== undefined) return reportAmbiguous(named, first, context);
  if (first !== undefined) {
    if (named.attributes?.includes(attribute) === true) warnOfHidden(named, first, context);
    return { kind: "output", declared: first, ...of };
  }
  const isFact = attribute === "first_address" || attribute === "name";
  if (place.kind === "input" && resource.vm !== undefined && isFact) return { kind: "fact", fact: attribute, ...of };
  return isAttribute(named) ? { kind: "attribute" } : reportUnknown(named, context);
}

/** A name of a resource, and what is known under it. */
interface Named {
  resource: Resource;
  name: string;
  span: Span;
  declared: Declared[];
  /** Of the resource's type; undefined where we do not know them. */
  attributes: readonly string[] | undefined;
}

function isAttribute({ declared, attributes, name }: Named): boolean {
  return attributes === undefined ? declared.length === 0 : attributes.includes(name);
}

// Heat knows better than we do which attributes there are; what our own annotation declares is ours to check.
function findFixedMeaning(named: Named, place: string, context: Context): Meaning {
  if (isAttribute(named) || named.declared.length === 0) return { kind: "attribute" };
  refuseRunTime(`${named.resource.name}'s output ${named.name}`, place, named.span, context);
  return { kind: "wrong" };
}

function findDeployMeaning(named: Named, context: Context): Meaning {
  if (isAttribute(named)) return { kind: "attribute" };
  if (named.declared.length === 0) return reportUnknown(named, context);
  context.report.add("not-known-to-heat", named.span, { resource: named.resource.name, name: named.name });
  return { kind: "wrong" };
}

function reportAmbiguous({ resource, name, span, declared }: Named, first: Declared, context: Context): Meaning {
  const hint = `say which: {get_output: [${resource.name}, ${first.role.name}, ${name}]}`;
  const related = declared.map(({ role, output }) => ({ message: `role ${role.name} declares it`, span: output.nameSpan }));
  context.report.add("ambiguous-output", span, { resource: resource.name, name }, { hint, related });
  return { kind: "wrong" };
}

function warnOfHidden({ resource, name, span }: Named, { role }: Declared, context: Context): void {
  const hint = `{get_output: [${resource.name}, ${role.name}, ${name}]} says that the role's output is meant`;
  context.report.add("output-hides-attribute", span, { resource: resource.name, name, type: resource.type }, { hint });
}

function reportUnknown({ resource, name, span, attributes = [] }: Named, context: Context): Meaning {
  const outputs = (resource.vm?.roles ?? []).flatMap((role) => role.outputs.map((output) => ({ role, output })));
  const nearest = findNearest(name, [...outputs.map(({ output }) => output.name), ...attributes]);
  const hint = nearest === undefined ? undefined : `did you mean "${nearest}"?`;
  const related = outputs
    .filter(({ output }) => output.name === nearest)
    .map(({ role, output }) => ({
      message: `role ${role.name} of ${resource.name} writes "${output.name}"`,
      span: output.nameSpan,
    }));
  context.report.add("unknown-attribute", span, { resource: resource.name, name }, { hint, related });
  return { kind: "wrong" };
}

/** Tells whether one member only runs the role, so that the group as a whole has its outputs. */
export function isOnOne(role: RoleSpec): boolean {
  return role.on !== "all" && role.on !== "others";
}

/** Reports a run-time value in a place that cannot take one. */
export function refuseRunTime(what: string, place: string, span: Span, context: Context): void {
  context.report.add("run-time-value-here", span, { what, place }, { related: [...context.via] });
}

/** Takes Heat's forms apart: [group, resource.2.url], [group, resource.2, url], [group, resource.2] (the member's id). */
export function splitMember(name: string, path: Path): { index: string; attribute?: string; path: Path } | undefined {
  const match = /^resource\.([^.]*)(?:\.(.+))?$/s.exec(name);
  if (match === null) return undefined;
  const index = match[1] as string;
  if (match[2] !== undefined) return { index, attribute: match[2], path };
  const [attribute, ...rest] = path;
  return attribute === undefined ? { index, path: [] } : { index, attribute: String(attribute), path: rest };
}

/** Tells whether `index` counts the members of a group, and does not name one. */
export function isByPosition({ group }: Resource, index: string): boolean {
  return group?.kind === "AutoScalingGroup" && /^\d+$/.test(index);
}

/** Tells whether a group has the member that a reference names, or reports that it has not. */
export function isMember(resource: Resource, index: string, span: Span, context: Context): boolean {
  const count = literalCount(resource);
  if (/^\d+$/.test(index)) {
    const skip = resource.group?.skip ?? [];
    if (count === undefined ? !skip.includes(Number(index)) : memberNumbers(count, skip).includes(Number(index))) return true;
  } else if (index === context.reader?.indexVar || isIndex(index, context)) return true;
  // In a group's own properties Heat replaces its index variable.
  if (context.place.kind === "fixed" && index === resource.group?.indexVar) return true;
  const hint =
    count === undefined
      ? `a member is named by its number, or by ${resource.group?.indexVar ?? "%index%"} in the metadata of a group`
      : `its members are ${showMembers(count, resource.group?.skip ?? [])}`;
  context.report.add("unknown-member", span, { group: resource.name, member: index }, { hint });
  return false;
}

function showMembers(count: number, skip: number[]): string {
  return skip.length === 0 ? `0 to ${count - 1}` : memberNumbers(count, skip).join(", ");
}

/** The number of a group's members, where the template writes it out. */
export function literalCount(resource: Resource): number | undefined {
  const count = resource.group?.count;
  return count?.kind === "literal" && /^\d+$/.test(String(count.value)) ? Number(count.value) : undefined;
}

function knownAttributes(resource: Resource, ofMember: boolean): readonly string[] | undefined {
  if (resource.group === undefined) return attributesOf(resource.type);
  const member = attributesOf(resource.group.memberType);
  if (ofMember || member === undefined) return member;
  return resource.group.kind === "AutoScalingGroup" ? scalingGroupAttributes : [...groupAttributes, ...member];
}
