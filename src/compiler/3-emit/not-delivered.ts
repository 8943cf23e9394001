// Which vms get no plan from Heat, and why.
import { withoutIndexes } from "../../model/cell.ts";
import type { Expr } from "../../model/expression.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";
import type { Resource } from "../../model/template.ts";
import type { VmPlan } from "../../model/vm-plan.ts";
import { isPrivate, prefixesIn } from "./bind-values.ts";
import type { EmitScope } from "./emit-scopes.ts";

/** Returns why Heat cannot tell a vm who it is, or what it needs; undefined where it can. */
export function reasonNotDelivered(
  plan: VmPlan,
  slots: Record<string, Expr>,
  scope: EmitScope,
  own: Resource,
  resolved: ResolvedTemplate,
): string | undefined {
  const { outer = [] } = plan;
  if (outer.length > 1) return "it is a member of a group within a group within a group";
  // Heat's digest takes other characters for bytes of Latin-1, where they are any.
  if (/[^\x20-\x7e]/.test(plan.vm)) return "Heat makes tokens over names of ASCII characters only";
  let isConditional = false;
  for (let at: EmitScope | undefined = scope, resource: Resource | undefined = own; at !== undefined; at = at.parent) {
    const isNamed = resource?.group?.kind === "AutoScalingGroup";
    // Its members' names are cut out of another name, and it has no attribute that a path leads into.
    if (isNamed && at.template.version < "2015-10-15")
      return "members of an AutoScalingGroup have no names in a template of this version";
    if (isNamed && outer.length > 0 && at.plain + (resource?.name ?? "") === withoutIndexes(outer[0]?.name ?? ""))
      return "its group lies within the members of an AutoScalingGroup";
    if (isNamed && isConditional) return "it has a condition within a member of an AutoScalingGroup";
    isConditional ||=
      at.parent !== undefined && resource !== undefined && resolved.resourceConditions.has(at.plain + resource.name);
    ({ resource } = at);
  }
  if (outer.length > 0 && own.group === undefined && isConditional)
    return "it has a condition within a member of a group in a group";
  const { prefix } = scope.resolved;
  const isForeign = (expr: Expr): boolean =>
    isPrivate(expr, resolved.scopes) && [...prefixesIn(expr)].some((other) => !prefix.startsWith(other));
  return Object.values(slots).some(isForeign) ? "it needs what is hidden in another template" : undefined;
}

/** Whether a role runs when its vm leaves. */
export function runsAtDelete(plan: VmPlan): boolean {
  return plan.roles.some(({ onDelete }) => onDelete);
}
