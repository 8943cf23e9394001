// Reads of cells: of one vm, of one member of a group, or gathered over all its members.
import type { Span } from "../../diagnostics/span.ts";
import { cellId, endCell, factCell, memberId, wholeId } from "../../model/cell.ts";
import type { Expr, Path, Read } from "../../model/expression.ts";
import type { ResolvedAfter } from "../../model/resolved.ts";
import type { AfterSpec, OutputSpec, RoleSpec } from "../../model/role.ts";
import type { Resource } from "../../model/template.ts";
import type { Level } from "../../model/vm-plan.ts";
import type { Context } from "./context.ts";
import { isOnOne } from "./find-meaning.ts";
import { plainName, type Scope } from "./scope.ts";

/** The id of a resource in cells, and that of what all its members have in common. */
export function idsOf({ name, group }: Resource, { prefix }: Scope): { own: string; whole: string } {
  const id = prefix + name;
  return { own: id, whole: group === undefined ? wholeId(id) : id };
}

export function readFact(resource: Resource, fact: string, member: string | undefined, context: Context): Read {
  const presence = presenceOf(resource, context);
  const { own } = idsOf(resource, context.scope);
  if (resource.group === undefined) return { kind: "cell", cell: factCell(own, fact), ...presence };
  if (member !== undefined) return { kind: "cell", cell: factCell(memberOf(resource, member, context), fact), ...presence };
  return { kind: "gather", group: own, role: "@vm", output: fact, ...membersOf(resource, context), of: "all", ...presence };
}

export function readOutput(
  resource: Resource,
  role: RoleSpec,
  output: string,
  member: string | undefined,
  of: "all" | "any" | number,
  context: Context,
): Read {
  const presence = presenceOf(resource, context);
  const { own, whole } = idsOf(resource, context.scope);
  if (isOnOne(role)) return { kind: "cell", cell: cellId(whole, role.name, output), ...presence };
  if (resource.group === undefined) return { kind: "cell", cell: cellId(own, role.name, output), ...presence };
  if (member !== undefined)
    return { kind: "cell", cell: cellId(memberOf(resource, member, context), role.name, output), ...presence };
  return { kind: "gather", group: own, role: role.name, output, ...membersOf(resource, context), of, ...presence };
}

/** An output of the same vm in all members of a group of nested stacks; `cell` is one member's. */
export function gatherThrough(level: Level, { cell, present }: Extract<Read, { kind: "cell" }>, of: "any" | number): Read {
  const at = cell.indexOf(`[${level.indexVar}]`);
  const inside = cell.slice(at + level.indexVar.length + 2);
  const [output = "", role = ""] = inside.split(".").reverse();
  return {
    kind: "gather",
    group: level.name,
    inside: inside.slice(0, inside.length - role.length - output.length - 2),
    role,
    output,
    ...sizeAndSkip(level),
    of,
    ...(present === undefined ? {} : { present }),
  };
}

/** The end of a role: of the same vm or member, or (a pair in `after`) of all members of a group, that `through` which it lies too. */
export function readEnd(
  resource: Resource,
  role: RoleSpec,
  after: AfterSpec,
  through: Level | undefined,
  context: Context,
): ResolvedAfter["target"] {
  const presence = presenceOf(resource, context);
  const { own, whole } = idsOf(resource, context.scope);
  if (isOnOne(role)) return { kind: "cell", cell: endCell(whole, role.name), ...presence };
  // A plain name is a role of the same member, a pair is a barrier over all.
  if (resource.group !== undefined)
    return after.resource === undefined
      ? { kind: "cell", cell: endCell(memberId(own, "self"), role.name) }
      : { kind: "gather", group: own, role: role.name, ...membersOf(resource, context), ...presence };
  if (through === undefined) return { kind: "cell", cell: endCell(own, role.name), ...presence };
  const inside = own.slice(own.indexOf(`[${through.indexVar}]`) + through.indexVar.length + 2);
  return { kind: "gather", group: through.name, inside, role: role.name, ...sizeAndSkip(through), ...presence };
}

export function addRead(read: Read, path: Path, span: Span, context: Context, output?: OutputSpec): Expr {
  context.reads.push({ read, span, ...(output === undefined ? {} : { output }) });
  return { kind: "read", read, path };
}

// `[self]` is the member that reads; the index variable of another group's reader stays, for the agent to fill in.
function memberOf(resource: Resource, member: string, { reader, scope }: Context): string {
  const isSelf = reader?.resource === plainName(scope, resource.name) && member === reader.indexVar;
  return memberId(scope.prefix + resource.name, isSelf ? "self" : member);
}

function membersOf(resource: Resource, context: Context): { size: Expr; skip?: number[] } {
  const skip = resource.group?.skip ?? [];
  return { size: context.sizeOf(resource, context.scope), ...(skip.length === 0 ? {} : { skip }) };
}

export function sizeAndSkip({ size, skip }: Level): { size: Expr; skip?: number[] } {
  return { size, ...(skip === undefined ? {} : { skip }) };
}

// Heat decides on conditions. As a value it takes a condition only inside `if`. Whoever runs on a vm knows that it is there, and the
// stacks around it.
function presenceOf(resource: Resource, { conditions, reader, scope }: Context): { present?: Expr } {
  const found: Expr[] = [];
  for (let at: { scope: Scope; resource: Resource } | undefined = { scope, resource }; at !== undefined; at = at.scope.parent) {
    const name = plainName(at.scope, at.resource.name);
    const condition = conditions.get(name);
    if (condition !== undefined && reader?.resource !== name && reader?.resource.startsWith(`${name}/`) !== true)
      found.unshift(condition);
  }
  const condition = allOf(found);
  if (condition === undefined) return {};
  const items: Expr[] = [condition, { kind: "value", value: true }, { kind: "value", value: false }];
  return { present: { kind: "call", fn: "if", arg: { kind: "list", items } } };
}

/** One condition that holds when all do; undefined for none. */
export function allOf(conditions: Expr[]): Expr | undefined {
  return conditions.length < 2 ? conditions[0] : { kind: "call", fn: "and", arg: { kind: "list", items: conditions } };
}
