// Resources and roles by the names that references give; a name that is not there is reported with the nearest that is.
import { suggestNearest } from "../../diagnostics/nearest.ts";
import type { Span } from "../../diagnostics/span.ts";
import type { RoleSpec } from "../../model/role.ts";
import type { Resource } from "../../model/template.ts";
import type { Level } from "../../model/vm-plan.ts";
import { childScope, inScope, type Context } from "./context.ts";

/** Finds a resource by name, or reports that there is none. */
export function findResource(name: string, span: Span, context: Context): Resource | undefined {
  const { resources } = context.template;
  const resource = resources.get(name);
  if (resource === undefined)
    context.report.add("unknown-resource", span, { name }, { hint: suggestNearest(name, [...resources.keys()]) });
  return resource;
}

/** A resource in a nested stack, in the context of its own scope. */
export interface Placed {
  resource: Resource;
  context: Context;
  /** The groups on the way of which all members are meant, outermost first; the resource itself may be a group besides. */
  through: Level[];
}

/** Finds a resource by a path, `outer/db`, `app/db` for those of all members; or reports that there is none. */
export function findPlaced(path: string, span: Span, context: Context): Placed | undefined {
  const whole = context.template.resources.get(path);
  if (whole !== undefined) return { resource: whole, context, through: [] };
  const parts = path.split("/");
  const through: Level[] = [];
  let current = context;
  for (const part of parts.slice(0, -1)) {
    const resource = findResource(part, span, current);
    const child = resource === undefined ? undefined : childScope(resource, current);
    if (resource === undefined) return undefined;
    if (child === undefined) {
      context.report.add("not-nested", span, { name: part });
      return undefined;
    }
    const level = resource.group === undefined ? undefined : child.levels.at(-1);
    if (level !== undefined) through.push(level);
    current = inScope({ ...current, indexes: [...current.indexes, ...(level === undefined ? [] : [level.indexVar])] }, child);
  }
  const resource = findResource(parts.at(-1) as string, span, current);
  return resource === undefined ? undefined : { resource, context: current, through };
}

/** Finds a role of a resource by name, or reports that there is none. */
export function findRole(resource: Resource, name: string, span: Span, context: Context): RoleSpec | undefined {
  const roles = resource.vm?.roles ?? [];
  const role = roles.find((role) => role.name === name);
  if (role === undefined) {
    const names = roles.map((role) => role.name);
    context.report.add("unknown-role", span, { resource: resource.name, name }, { hint: suggestNearest(name, names) });
  }
  return role;
}
