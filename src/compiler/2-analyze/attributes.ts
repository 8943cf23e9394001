// Attributes and properties of resource types. A type that Heat's own engine does not have (a plug-in's) may have any attribute: Heat will judge.
import { attributeTable } from "./attribute-table.ts";
import { propertyTable } from "./property-table.ts";

/** Attributes of an OS::Heat::ResourceGroup, beside those of its members. */
export const groupAttributes: readonly string[] = ["attributes", "refs", "refs_map", "removed_rsrc_list", "show"];

/** Attributes of an OS::Heat::AutoScalingGroup; those of its members are read through `outputs` and `outputs_list`. */
export const scalingGroupAttributes: readonly string[] = ["outputs", "outputs_list", "current_size", "refs", "refs_map", "show"];

/** Tells whether Heat's own engine has the resource type. */
export function isHeatType(type: string): boolean {
  return Object.hasOwn(attributeTable, type);
}

/** Returns the attributes of a resource type, `show` (which every resource has) among them; undefined where there may be others. */
export function attributesOf(type: string): readonly string[] | undefined {
  const own = isHeatType(type) ? attributeTable[type] : undefined;
  if (own === undefined || own.endsWith("*")) return undefined;
  return [...own.split(" ").filter((name) => name !== ""), "show"];
}

/** Returns the names of the properties of a resource type; undefined where there may be others. */
export function propertiesOf(type: string): readonly string[] | undefined {
  const names = Object.hasOwn(propertyTable, type) ? propertyTable[type] : undefined;
  // Types that Heat has given up take anything and do nothing.
  return names === undefined || names === "" ? undefined : names.split(" ");
}
