// Resources and roles by the names that references give; a name that is not there is reported with the nearest that is.
import { suggestNearest } from "../../diagnostics/nearest.ts";
import type { Span } from "../../diagnostics/span.ts";
import type { RoleSpec } from "../../model/role.ts";
import type { Resource } from "../../model/template.ts";
import type { Context } from "./context.ts";

/** Finds a resource by name, or reports that there is none. */
export function findResource(name: string, span: Span, context: Context): Resource | undefined {
  const { resources } = context.template;
  const resource = resources.get(name);
  if (resource === undefined)
    context.report.add("unknown-resource", span, { name }, { hint: suggestNearest(name, [...resources.keys()]) });
  return resource;
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
