// The tools there are, one line each.
import type { Tool } from "./tool.ts";
import { ansible } from "./tools/ansible.ts";
import { chef } from "./tools/chef.ts";
import { puppet } from "./tools/puppet.ts";
import { script } from "./tools/script.ts";

const tools: Tool[] = [script, chef, ansible, puppet];

/** Returns the adapter of the tool `name`; undefined where there is none. */
export function findAdapter(name: string): Tool | undefined {
  return tools.find((tool) => tool.name === name);
}
