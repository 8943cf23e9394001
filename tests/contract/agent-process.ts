// An agent as a process of its own, to be killed: `node agent-process.ts CONFIG`. Its coordinator dies with it.
import { readFileSync } from "node:fs";
import type { AgentConfig } from "../../src/agent/agent-config.ts";
import { memory } from "../../src/coordinator/backends/memory.ts";
import { runConfigured } from "./run-configured.ts";

const config = JSON.parse(readFileSync(process.argv[2] as string, "utf8")) as AgentConfig;
await runConfigured(config, await memory.open(), new AbortController().signal, (message) => process.stderr.write(`${message}\n`));
