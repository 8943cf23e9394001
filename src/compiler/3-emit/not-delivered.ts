// Which vms get no plan from Heat, and why.
import type { Expr } from "../../model/expression.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";
import type { Resource } from "../../model/template.ts";
import type { VmPlan } from "../../model/vm-plan.ts";
import { isPrivate, prefixesIn } from "./bind-values.ts";
import type { EmitScope } from "./emit-scopes.ts";

/** Heat's `max_nested_stack_depth`, unless its operator has raised it. */
const maxDepth = 5;

/** Returns why Heat cannot tell a vm who it is, or what it needs; undefined where it can. */
export function reasonNotDelivered(
  plan: VmPlan,
  slots: Record<string, Expr>,
  scope: EmitScope,
  own: Resource,
  resolved: ResolvedTemplate,
): string | undefined {
  // Heat's digest takes other characters for bytes of Latin-1, where they are any.
  if (/[^\x20-\x7e]/.test(plan.vm)) return "Heat makes tokens over names of ASCII characters only";
  let depth = 0;
  for (let at: EmitScope | undefined = scope, resource: Resource | undefined = own; at !== undefined; at = at.parent) {
    // A group's members are stacks in its own stack, and what makes the user_data of a single vm is one, too.
    depth += resource?.group === undefined ? 1 : 2;
    // Its members' names are cut out of another name, and it has no attribute that a path leads into.
    const isOfNamed = [resource, at.resource].some((one) => one?.group?.kind === "AutoScalingGroup");
    if (isOfNamed && at.template.version < "2015-10-15")
      return "members of an AutoScalingGroup have no names in a template of this version";
    ({ resource } = at);
  }
  if (depth > maxDepth) return `what it needs would lie ${depth} stacks deep, and Heat takes ${maxDepth}`;
  const { prefix } = scope.resolved;
  const isForeign = (expr: Expr): boolean =>
    isPrivate(expr, resolved.scopes) && [...prefixesIn(expr)].some((other) => !prefix.startsWith(other));
  return Object.values(slots).some(isForeign) ? "it needs what is hidden in another template" : undefined;
}

/** Whether a role runs when its vm leaves. */
export function runsAtDelete(plan: VmPlan): boolean {
  return plan.roles.some(({ onDelete }) => onDelete);
}
