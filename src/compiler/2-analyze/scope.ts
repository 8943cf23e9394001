// Where in a tree of nested stacks a value stands: the template, what its names begin with, and what the parent gives to its parameters.
import { withoutIndexes } from "../../model/cell.ts";
import type { Resource, Template, Value } from "../../model/template.ts";
import type { Level } from "../../model/vm-plan.ts";

export interface Scope {
  template: Template;
  /** What stands before its names: nothing, `outer/`, of a group's members `app[%index:app%]/`. */
  prefix: string;
  /** The groups that it is a member of, outermost first. */
  levels: Level[];
  parent?: { scope: Scope; resource: Resource; given: ReadonlyMap<string, Value> };
  /** The scopes of its nested stacks that were looked at so far. */
  children: Map<string, Scope>;
}

export function rootScope(template: Template): Scope {
  return { template, prefix: "", levels: [], children: new Map() };
}

/** The name of something in a scope, as maps of the whole stack have it: `outer/db`. */
export function plainName(scope: Scope, name: string): string {
  return withoutIndexes(scope.prefix) + name;
}

/** The text that stands for a member's number where the group has no index variable of its own. */
export function indexOf(scope: Scope, group: Resource): string {
  return `%index:${plainName(scope, group.name)}%`;
}

/** The scope of a nested stack, or of all members of a group of them; `sizeOf` is asked once for a group's size. */
export function openChild(scope: Scope, resource: Resource, sizeOf: () => Level["size"]): Scope | undefined {
  const known = scope.children.get(resource.name);
  if (known !== undefined || resource.nested === undefined) return known;
  const { name, group, nested } = resource;
  const properties = group === undefined ? resource.properties : group.memberProperties;
  const index = indexOf(scope, resource);
  const child: Scope = {
    template: nested,
    prefix: `${scope.prefix}${name}${group === undefined ? "" : `[${index}]`}/`,
    levels: scope.levels,
    parent: {
      scope,
      resource,
      given: givenBy(properties, group?.indexVar === undefined ? undefined : { from: group.indexVar, to: index }),
    },
    children: new Map(),
  };
  scope.children.set(name, child);
  if (group !== undefined) {
    const level: Level = { name: scope.prefix + name, indexVar: index, size: { kind: "value", value: null } };
    child.levels = [...scope.levels, level];
    if (group.skip.length > 0) level.skip = group.skip;
    level.size = sizeOf();
  }
  return child;
}

// Heat takes null for a property that is not given. In a group it replaces the index variable in every text.
function givenBy(properties: Value | undefined, index: { from: string; to: string } | undefined): Map<string, Value> {
  const given = new Map<string, Value>();
  if (properties?.kind !== "map") return given;
  for (const { key, value } of properties.entries) {
    if (value.kind === "literal" && value.value === null) continue;
    given.set(key, index === undefined ? value : replaceIndex(value, index));
  }
  return given;
}

function replaceIndex(value: Value, index: { from: string; to: string }): Value {
  switch (value.kind) {
    case "literal":
      return typeof value.value === "string" ? { ...value, value: value.value.replaceAll(index.from, index.to) } : value;
    case "list":
      return { ...value, items: value.items.map((item) => replaceIndex(item, index)) };
    case "map":
      return { ...value, entries: value.entries.map((entry) => ({ ...entry, value: replaceIndex(entry.value, index) })) };
    case "call":
      return { ...value, arg: replaceIndex(value.arg, index) };
  }
}

/** A scope and all below it, parents first. */
export function scopesOf(scope: Scope): Scope[] {
  return [scope, ...[...scope.children.values()].flatMap(scopesOf)];
}
