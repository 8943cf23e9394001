// The tools that can run a role, as templates name them. Their adapters live in the agent.
import type { When } from "./role.ts";

export interface ToolInfo {
  name: string;
  /** When inputs are read unless they say so themselves. */
  defaultWhen: When;
}

export const tools: readonly ToolInfo[] = [
  { name: "script", defaultWhen: "eager" },
  { name: "chef", defaultWhen: "lazy" },
  { name: "puppet", defaultWhen: "lazy" },
  { name: "salt", defaultWhen: "lazy" },
  { name: "ansible", defaultWhen: "lazy" },
  { name: "murano", defaultWhen: "lazy" },
];

/** Returns what is known of the tool `name` (`hook:PATH` is one too), or undefined. */
export function findTool(name: string): ToolInfo | undefined {
  if (name.startsWith("hook:") && name.length > "hook:".length) return { name, defaultWhen: "eager" };
  return tools.find((tool) => tool.name === name);
}
