// Where the files are that weft brings beside its own program.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../model/failure.ts";

/** The path of dist/agent.cjs, the agent's one file, the same that travels to vms; fails where it has not been built. */
export function agentProgram(): string {
  return builtFile("agent.cjs", "the agent's bundle");
}

/** The path of dist/hub.mjs, the hub in one file, for vms that are one; fails where it has not been built. */
export function hubProgram(): string {
  return builtFile("hub.mjs", "the hub's bundle");
}

/** The path of dist/page.html, what people see at a hub; fails where it has not been built. */
export function hubPage(): string {
  return builtFile("page.html", "the hub's page");
}

function builtFile(name: string, what: string): string {
  // From dist/cli.js, from one of its chunks, or from the sources.
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    for (const path of [join(folder, name), join(folder, "dist", name)]) if (existsSync(path)) return path;
  }
  throw new Failure("give-up", "not-built", `${what} is missing\nhint: build it with "npm run build"`);
}
