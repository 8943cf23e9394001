// Reads of cells: of one vm, of one member of a group, or gathered over all its members.
import type { Span } from "../../diagnostics/span.ts";
import { cellId, endCell, factCell, memberId } from "../../model/cell.ts";
import type { Expr, Path, Read } from "../../model/expression.ts";
import type { ResolvedAfter } from "../../model/resolved.ts";
import type { AfterSpec, OutputSpec, RoleSpec } from "../../model/role.ts";
import type { Resource } from "../../model/template.ts";
import type { Context } from "./context.ts";
import { isOnOne } from "./find-meaning.ts";

export function readFact(resource: Resource, fact: string, member: string | undefined, context: Context): Read {
  const presence = presenceOf(resource, context);
  if (resource.group === undefined) return { kind: "cell", cell: factCell(resource.name, fact), ...presence };
  if (member !== undefined) return { kind: "cell", cell: factCell(memberOf(resource, member, context), fact), ...presence };
  return {
    kind: "gather",
    group: resource.name,
    role: "@vm",
    output: fact,
    size: sizeOf(resource, context),
    of: "all",
    ...presence,
  };
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
  if (resource.group === undefined || isOnOne(role))
    return { kind: "cell", cell: cellId(resource.name, role.name, output), ...presence };
  if (member !== undefined)
    return { kind: "cell", cell: cellId(memberOf(resource, member, context), role.name, output), ...presence };
  return { kind: "gather", group: resource.name, role: role.name, output, size: sizeOf(resource, context), of, ...presence };
}

/** The end of a role: of the same vm or member, or (a pair in `after`) of all members of a group. */
export function readEnd(resource: Resource, role: RoleSpec, after: AfterSpec, context: Context): ResolvedAfter["target"] {
  const presence = presenceOf(resource, context);
  if (resource.group === undefined || isOnOne(role))
    return { kind: "cell", cell: endCell(resource.name, role.name), ...presence };
  // A plain name is a role of the same member, a pair is a barrier over all.
  if (after.resource === undefined) return { kind: "cell", cell: endCell(memberId(resource.name, "self"), role.name) };
  return { kind: "gather", group: resource.name, role: role.name, size: sizeOf(resource, context), ...presence };
}

export function addRead(read: Read, path: Path, span: Span, context: Context, output?: OutputSpec): Expr {
  context.reads.push({ read, span, ...(output === undefined ? {} : { output }) });
  return { kind: "read", read, path };
}

// `[self]` is the member that reads; the index variable of another group's reader stays, for the agent to fill in.
function memberOf(resource: Resource, member: string, { reader }: Context): string {
  const isSelf = reader?.resource === resource.name && member === reader.indexVar;
  return memberId(resource.name, isSelf ? "self" : member);
}

function sizeOf({ name }: Resource, { sizes }: Context): Expr {
  const size = sizes.get(name);
  if (size === undefined) throw new Error(`${name} is no group`);
  return size;
}

// Heat decides on conditions. As a value it takes a condition only inside `if`. Whoever runs on a vm knows that it is there.
function presenceOf({ name }: Resource, { conditions, reader }: Context): { present?: Expr } {
  const condition = conditions.get(name);
  if (condition === undefined || reader?.resource === name) return {};
  const items: Expr[] = [condition, { kind: "value", value: true }, { kind: "value", value: false }];
  return { present: { kind: "call", fn: "if", arg: { kind: "list", items } } };
}
