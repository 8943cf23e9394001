// The packaged agent of Murano: runs execution plans for comparison.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Json, JsonMap } from "../../../src/model/json.ts";

const runner = join(import.meta.dirname, "murano-runner.py");
// Packages of the system belong to its own Python.
const python = "/usr/bin/python3";

/** Why it cannot be run here; undefined where it can. */
export const muranoAgentMissing: string | undefined =
  spawnSync(python, ["-c", "import muranoagent.execution_plan_runner"]).status === 0
    ? undefined
    : "python3-murano-agent is not installed";

/** Runs plans and returns their results. */
export async function runPackaged(plans: Json[]): Promise<JsonMap[]> {
  const child = spawn(python, [runner], { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, LC_ALL: "C.UTF-8" } });
  child.stdin.end(JSON.stringify(plans));
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  await once(child, "close");
  return JSON.parse(text) as JsonMap[];
}
