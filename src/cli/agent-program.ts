// Where the agent's one file is: the same that travels to vms.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../model/failure.ts";

/** The path of dist/agent.cjs; fails where the bundle has not been built. */
export function agentProgram(): string {
  // From dist/cli.js, from one of its chunks, or from the sources.
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    for (const path of [join(folder, "agent.cjs"), join(folder, "dist/agent.cjs")]) if (existsSync(path)) return path;
  }
  throw new Failure("give-up", "not-built", 'the agent\'s bundle is missing\nhint: build it with "npm run build"');
}
