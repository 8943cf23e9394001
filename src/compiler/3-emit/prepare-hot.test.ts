import { expect, test } from "vitest";
import { compileText } from "../../../tests/support/compile-text.ts";

const roles = "{name: a, run: x}, {name: z, run: x, on_delete: true}";
const server = `{type: OS::Nova::Server, properties: {image: i, flavor: f}, metadata: {weft: {tool: script, roles: [${roles}]}}}`;
const version = "heat_template_version: 2018-08-31\n";
const files = {
  "site.yaml": `${version}resources:\n  web: ${server}\n  none: {type: OS::Heat::None}\n`,
  "farm.yaml": `${version}resources:\n  web: ${server}\n${numbered("cache", 2, server)}${named("probe", 3, server)}`,
};

function numbered(name: string, size: number, member: string): string {
  return `  ${name}: {type: OS::Heat::ResourceGroup, properties: {count: ${size}, resource_def: ${member}}}\n`;
}

function named(name: string, size: number, member: string): string {
  return `  ${name}: {type: OS::Heat::AutoScalingGroup, properties: {min_size: 0, max_size: 200, desired_capacity: ${size}, resource: ${member}}}\n`;
}

// As many as the real engine makes of three members, or of two farms, and of each further one.
test.for([
  { of: "a group", resources: numbered("app", 143, server), count: 24 + 140 * 7 },
  { of: "members with names", resources: named("app", 200, server) + named("more", 200, server), count: 2 * 20 - 1 + 394 * 5 },
  { of: "a group of stacks", resources: numbered("app", 100, "{type: site.yaml}"), count: 33 + 97 * 10 },
  { of: "a scaling group of stacks", resources: named("app", 125, "{type: site.yaml}"), count: 29 + 122 * 8 },
  { of: "groups in a group", resources: numbered("app", 30, "{type: farm.yaml}"), count: 81 + 28 * 36 },
  { of: "groups in a scaling group", resources: named("app", 30, "{type: farm.yaml}"), count: 79 + 28 * 34 },
])("all resources of a stack are counted, of $of too", ({ resources, count }) => {
  const said = compileText(`resources:\n${resources}`, files).report.diagnostics.map(({ message }) => message);
  expect(said).toEqual([`the template for Heat has ${count} resources; Heat's limit is 1000`]);
});
