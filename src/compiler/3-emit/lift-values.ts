// Values of nested templates as the stack's own template has them: those of vms that may be missing, and maps over the members of groups.
import { withoutIndexes } from "../../model/cell.ts";
import { type Expr, visitExpr } from "../../model/expression.ts";
import type { Json } from "../../model/json.ts";
import type { Resource } from "../../model/template.ts";
import { isOwnMember } from "./bind-values.ts";
import { type EmitScope, localCondition, localHot, localized, membersKey } from "./emit-scopes.ts";

/** A resource's template, and its condition there. */
export interface Placed {
  scope: EmitScope;
  ownCondition?: Json | undefined;
}

/** Whether a resource may be missing where that which stands for it in the stack's own template is there. */
export function isUnsure({ scope, ownCondition }: Placed): boolean {
  if (scope.parent === undefined) return false;
  for (let at = scope; at.parent?.parent !== undefined; at = at.parent) if (at.condition !== undefined) return true;
  return ownCondition !== undefined;
}

/** What stands for a value of a resource that may be missing: `otherwise` where it is. */
export function liftSure({ scope, ownCondition }: Placed, value: Json, otherwise: Json): Json {
  const isSure = ownCondition === undefined || scope.parent === undefined;
  return scope.lift(isSure ? value : { if: [ownCondition, value, otherwise] }, otherwise);
}

/** The ids of all servers that `own` stands for, whatever groups its stack lies in: a list, of lists where these are groups. */
export function liftServers({ scope, ownCondition }: Placed, own: Resource): Json {
  const ids: Json = own.group === undefined ? [{ get_resource: own.name }] : { get_attr: [own.name, "refs"] };
  return scope.lift(ownCondition === undefined ? ids : { if: [ownCondition, ids, []] }, [], "list");
}

/** The expression that Heat resolves for `expr`, which may be a loop over members that Heat knows by itself; `index` is the loop's. */
export function innermost(expr: Expr, index?: string): { item: Expr; index: string | undefined } {
  return expr.kind === "each" ? innermost(expr.item, expr.index) : { item: expr, index };
}

/** The conditions, as their template knows them, of the resources that `item` names. */
export function conditionsOf(item: Expr, conditions: ReadonlyMap<string, Expr>): Json[] {
  const found = new Map<string, Json>();
  visitExpr(item, (inner) => {
    const named = inner.kind === "attr" ? inner.resource : inner.kind === "resource" ? inner.name : undefined;
    const condition = named === undefined ? undefined : localCondition(withoutIndexes(named), conditions);
    if (condition !== undefined) found.set(JSON.stringify(condition), condition);
  });
  return [...found.values()];
}

/** `item` in its template: of all members of a group, by index, where it is one member's own. */
export function ofMembers(item: Expr, index: string | undefined, { template }: EmitScope): Json {
  if (!isOwnMember(item, index) || item.kind !== "attr") return localHot(item);
  const local = localized(item) as typeof item;
  const group = template.resources.get(local.resource);
  const [member, ...path] = local.path;
  const [, , attribute] = /^(resource\.[^.]*)(?:\.(.+))?$/s.exec(String(member)) ?? [];
  const rest = attribute === undefined ? path : [attribute, ...path];
  if (rest.length === 0) return { get_attr: [local.resource, "refs_map"] };
  // In the first version an attribute does not see the path behind it: there it is the list over the members.
  const key = template.version === "2013-05-23" ? [] : [membersKey(group)];
  return { get_attr: [local.resource, ...key, ...rest] };
}
