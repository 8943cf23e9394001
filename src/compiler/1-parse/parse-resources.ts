// The template's resources: their keys, which are vms or groups of vms, and the annotation of those.
import { suggestNearest } from "../../diagnostics/nearest.ts";
import type { Entry, GroupSpec, Resource, Value } from "../../model/template.ts";
import { parseRoles } from "./parse-roles.ts";
import { type ParseContext, parseValue } from "./parse-value.ts";
import { findRealType } from "./resource-registry.ts";
import { type Fields, isNull, openMap, readText, reportType } from "./read-fields.ts";

const serverType = "OS::Nova::Server";
/** Where each type of group has the definition of its members. */
const groupTypes: Readonly<Record<string, { kind: GroupSpec["kind"]; definition: string }>> = {
  "OS::Heat::ResourceGroup": { kind: "ResourceGroup", definition: "resource_def" },
  "OS::Heat::AutoScalingGroup": { kind: "AutoScalingGroup", definition: "resource" },
};
const resourceKeys = ["type", "properties", "metadata", "depends_on", "deletion_policy", "update_policy", "description"];
const policyKeys = ["external_id", "update_policy", "deletion_policy"];
const laterKeys = ["condition", "external_id"];

/** Reads the section `resources`. */
export function parseResources(section: Fields | undefined, context: ParseContext): Map<string, Resource> {
  const resources = new Map<string, Resource>();
  const names = section?.entries().map(({ key }) => key) ?? [];
  for (const entry of section?.entries() ?? []) {
    const resource = parseResource(entry, names, context);
    if (resource !== undefined) resources.set(entry.key, resource);
  }
  return resources;
}

function parseResource(entry: Entry, names: string[], context: ParseContext): Resource | undefined {
  const name = entry.key;
  const known = context.version >= "2016-10-14" ? [...resourceKeys, ...laterKeys] : resourceKeys;
  const fields = openMap(entry.value, `resource "${name}"`, context.report, known, entry.keySpan);
  if (fields === undefined) return undefined;
  const typeSpan = fields.require("type")?.value.span ?? entry.keySpan;
  const { type, path, used } = findRealType(fields.text("type") ?? "", name, context.file, context.aliases);
  const policies = policyKeys.filter((key) => fields.get(key) !== undefined);
  const dependsOn = parseDependsOn(fields, names, context);
  const resource: Resource = { name, span: entry.keySpan, type, typeSpan, policies, dependsOn };
  const nested = path === undefined ? undefined : context.openNested(path, typeSpan, used);
  if (nested !== undefined) resource.nested = nested;

  const kind = Object.hasOwn(groupTypes, type) ? groupTypes[type] : undefined;
  const properties = fields.get("properties");
  if (properties !== undefined)
    resource.properties = parseValue(withoutMemberAnnotation(properties.value, kind?.definition), context);
  const metadata = fields.get("metadata");
  if (metadata !== undefined) resource.metadata = parseValue(without(metadata.value, "weft"), context);
  const condition = fields.get("condition");
  if (condition !== undefined) resource.condition = parseValue(condition.value, context, "condition");

  const definition =
    kind !== undefined && properties !== undefined
      ? memberDefinition(properties.value, kind.definition, name, context)
      : undefined;
  const member = definition === undefined ? undefined : findRealType(typeOf(definition) ?? "", "", context.file, context.aliases);
  const memberSpan = definition?.get("type")?.value.span ?? typeSpan;
  const memberTemplate = member?.path === undefined ? undefined : context.openNested(member.path, memberSpan, member.used);
  if (memberTemplate !== undefined) resource.nested = memberTemplate;
  const isServerGroup = member?.type === serverType;
  if (kind !== undefined && (isServerGroup || memberTemplate !== undefined) && resource.properties !== undefined)
    resource.group = parseGroup(resource.properties, { ...kind, type: member?.type ?? "" }, typeSpan, name, context);

  const own = findAnnotation(fields);
  if (own !== undefined && type === serverType) resource.vm = parseRoles(own, name, context);
  else if (own !== undefined) {
    const hint = isServerGroup ? `the members are the vms: move it to ${kind?.definition} of "${name}"` : undefined;
    context.report.add("not-a-vm", own.keySpan, { resource: name, type }, { hint });
  }
  const members = definition === undefined ? undefined : findAnnotation(definition);
  if (members !== undefined && isServerGroup) resource.vm = parseRoles(members, name, context);
  else if (members !== undefined)
    context.report.add("not-a-vm", members.keySpan, { resource: name, type: typeOf(definition) ?? "its member" });
  return resource;
}

function parseDependsOn(fields: Fields, names: string[], context: ParseContext): string[] {
  const value = fields.get("depends_on")?.value;
  if (value === undefined) return [];
  const items = value.kind === "list" ? value.items : [value];
  return items.flatMap((item) => {
    const name = readText(item, `"depends_on" of ${fields.what}`, context.report);
    if (name === undefined) return [];
    if (names.includes(name)) return [name];
    context.report.add("unknown-resource", item.span, { name }, { hint: suggestNearest(name, names) });
    return [];
  });
}

/** The annotation within a resource's metadata, if there is one. Metadata made by a function hold none. */
function findAnnotation(fields: Fields): Entry | undefined {
  const metadata = fields.get("metadata")?.value;
  return metadata?.kind === "map" ? metadata.entries.find(({ key }) => key === "weft") : undefined;
}

/** The map that defines a group's members, opened; undefined when it is made by a function or absent, which is for Heat to judge. */
function memberDefinition(properties: Value, key: string, group: string, context: ParseContext): Fields | undefined {
  const definition = properties.kind === "map" ? properties.entries.find((entry) => entry.key === key) : undefined;
  return definition?.value.kind === "map"
    ? openMap(definition.value, `${key} of "${group}"`, context.report, undefined, definition.keySpan)
    : undefined;
}

/** The properties of a group without the annotation of its members, in which functions are found differently. */
function withoutMemberAnnotation(properties: Value, key: string | undefined): Value {
  if (key === undefined) return properties;
  return mapEntry(properties, key, (definition) => mapEntry(definition, "metadata", (metadata) => without(metadata, "weft")));
}

function mapEntry(value: Value, key: string, change: (value: Value) => Value): Value {
  if (value.kind !== "map") return value;
  return {
    ...value,
    entries: value.entries.map((entry) => (entry.key === key ? { ...entry, value: change(entry.value) } : entry)),
  };
}

function without(value: Value, key: string): Value {
  return value.kind === "map" ? { ...value, entries: value.entries.filter((entry) => entry.key !== key) } : value;
}

function typeOf(fields: Fields | undefined): string | undefined {
  const type = fields?.get("type")?.value;
  return type?.kind === "literal" && typeof type.value === "string" ? type.value : undefined;
}

/** `properties` are the group's, functions found. */
function parseGroup(
  properties: Value,
  member: { kind: GroupSpec["kind"]; definition: string; type: string },
  typeSpan: Resource["typeSpan"],
  name: string,
  context: ParseContext,
): GroupSpec {
  const fields = openMap(properties, `properties of "${name}"`, context.report);
  const sizes = member.kind === "ResourceGroup" ? ["count"] : ["desired_capacity", "min_size"];
  const count = sizes.flatMap((key) => fields?.get(key)?.value ?? []).find((value) => !isNull(value));
  const group: GroupSpec = {
    kind: member.kind,
    count: count ?? { kind: "literal", value: 1, span: typeSpan },
    indexVar: undefined,
    skip: [],
    memberType: member.type,
  };
  if (member.kind === "ResourceGroup") {
    const indexVar = fields?.get("index_var")?.value;
    group.indexVar = "%index%";
    if (indexVar?.kind === "literal" && typeof indexVar.value === "string" && indexVar.value.length > 0)
      group.indexVar = indexVar.value;
    else if (indexVar !== undefined) reportType(context.report, indexVar, `"index_var" of "${name}"`, "a text");
    Object.assign(group, parseRemoved(fields?.get("removal_policies")?.value));
  }
  const definition = fields?.map(member.definition, `${member.definition} of "${name}"`);
  const memberProperties = definition?.get("properties")?.value;
  if (memberProperties !== undefined) group.memberProperties = memberProperties;
  return group;
}

/** The members that `removal_policies` name by number, and where they name others. */
function parseRemoved(policies: Value | undefined): Pick<GroupSpec, "skip" | "removed"> {
  const numbers = new Set<number>();
  const unclear: Value[] = [];
  const itemsOf = (value: Value): Value[] => {
    if (value.kind === "list") return value.items;
    if (value.kind !== "literal") unclear.push(value);
    return [];
  };
  for (const policy of policies === undefined ? [] : itemsOf(policies)) {
    if (policy.kind !== "map") unclear.push(policy);
    else
      for (const { key, value } of policy.entries)
        for (const item of key === "resource_list" ? itemsOf(value) : []) {
          if (item.kind === "literal" && /^\d+$/.test(String(item.value))) numbers.add(Number(item.value));
          else unclear.push(item);
        }
  }
  const skip = [...numbers].sort((left, right) => left - right);
  return unclear[0] === undefined ? { skip } : { skip, removed: unclear[0].span };
}
