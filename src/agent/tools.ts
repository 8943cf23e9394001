// The tools there are, one line each.
import type { Tool } from "./tool.ts";
import { ansible } from "./tools/ansible.ts";
import { chef } from "./tools/chef.ts";
import { hook } from "./tools/hook.ts";
import { murano } from "./tools/murano.ts";
import { puppet } from "./tools/puppet.ts";
import { salt } from "./tools/salt.ts";
import { script } from "./tools/script.ts";

const tools: Tool[] = [script, chef, ansible, puppet, murano, salt];

/** Returns the adapter of the tool `name` (`hook:PATH` is one too); undefined where there is none. */
export function findAdapter(name: string): Tool | undefined {
  if (name.startsWith("hook:")) return hook;
  return tools.find((tool) => tool.name === name);
}
