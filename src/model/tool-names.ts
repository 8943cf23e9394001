// The tools that can run a role, as templates name them. Their adapters live in the agent.
import type { JsonMap } from "./json.ts";
import type { When } from "./role.ts";

export interface ToolInfo {
  name: string;
  /** When inputs are read unless they say so themselves. */
  defaultWhen: When;
  /** It can read an input when the resource that uses it is applied. */
  hasDeferred: boolean;
  /** The options that are paths, or lists of them: what is relative travels from beside the template. */
  pathOptions: readonly string[];
}

export const tools: readonly ToolInfo[] = [
  { name: "script", defaultWhen: "eager", hasDeferred: false, pathOptions: [] },
  { name: "chef", defaultWhen: "lazy", hasDeferred: true, pathOptions: ["cookbook_path", "chef_repo_path", "config"] },
  { name: "puppet", defaultWhen: "lazy", hasDeferred: true, pathOptions: ["modulepath"] },
  { name: "salt", defaultWhen: "lazy", hasDeferred: true, pathOptions: ["file_roots", "pillar_roots"] },
  { name: "ansible", defaultWhen: "lazy", hasDeferred: false, pathOptions: ["roles_path", "collections_path"] },
  { name: "murano", defaultWhen: "lazy", hasDeferred: false, pathOptions: ["resources"] },
];

/** When a role's inputs are read unless they say so themselves. A script may ask for its variables to be read lazily. */
export function defaultWhen(tool: string, options: JsonMap): When {
  if (tool === "script" && options["lazy"] === true) return "lazy";
  return findTool(tool)?.defaultWhen ?? "eager";
}

/** The path in `hook:PATH`: absolute, on the vm, or relative to the template. Undefined for other tools. */
export function hookPath(tool: string): string | undefined {
  return tool.startsWith("hook:") && tool.length > "hook:".length ? tool.slice("hook:".length) : undefined;
}

/** Returns what is known of the tool `name` (`hook:PATH` is one too), or undefined. */
export function findTool(name: string): ToolInfo | undefined {
  if (hookPath(name) !== undefined) {
    return { name, defaultWhen: "eager", hasDeferred: false, pathOptions: [] };
  }
  return tools.find((tool) => tool.name === name);
}
