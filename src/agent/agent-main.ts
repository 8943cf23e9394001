// The agent as a program: reads its configuration, connects to a hub, runs the roles, ends in order when told to.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type HubClient, openHubClient } from "../coordinator/backends/hub.ts";
import { messageOf } from "../model/failure.ts";
import { type AgentCoordinator, type Log, runAgent } from "./agent.ts";
import type { AgentConfig } from "./agent-config.ts";
import { isServed } from "./local-socket.ts";
import { instantiatePlan } from "./instantiate.ts";

const exitCodes = { done: 0, usage: 2, failed: 3, stopped: 130 } as const;

/** Runs `weft agent --config FILE` until it is told to end, and resolves with the exit code, which it also sets. */
export async function main(args: string[]): Promise<number> {
  const code = await runProgram(args);
  process.exitCode = code;
  return code;
}

async function runProgram(args: string[]): Promise<number> {
  const { config: path } = parseArgs({ args, options: { config: { type: "string" } } }).values;
  if (path === undefined) {
    process.stderr.write("usage: weft agent --config FILE\n");
    return exitCodes.usage;
  }
  const config = JSON.parse(readFileSync(path, "utf8")) as AgentConfig;
  if (await isServed(config.stateDir)) {
    process.stderr.write(`another agent of ${config.vm} runs already, with its state in ${config.stateDir}\n`);
    return exitCodes.usage;
  }
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Error("the agent is stopping"));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  if (config.exitWithParent === true) {
    process.stdin.once("end", stop).once("error", stop).resume();
  }
  const hub = connect(config, controller.signal);
  hub.catch((error: unknown) => controller.signal.aborted || log(messageOf(error)));
  try {
    const outcome = await runAgent(config, lateCoordinator(hub), controller.signal, log);
    return exitCodes[outcome];
  } catch (error) {
    log(messageOf(error));
    return exitCodes.failed;
  } finally {
    stop();
    process.stdin.destroy();
  }
}

function connect(config: AgentConfig, signal: AbortSignal): Promise<HubClient> {
  const { stack, generation, vm, token, tag, hubs, hubFingerprint, localAddress } = config;
  const { rights } = instantiatePlan(config.plan, config.vm);
  const credentials = { kind: "vm" as const, stack, vm, generation, token, rights, tag };
  const options = {
    urls: hubs,
    credentials,
    complain: log,
    ...(hubFingerprint === undefined ? {} : { fingerprint: hubFingerprint }),
    ...(localAddress === undefined ? {} : { localAddress }),
  };
  return openHubClient(options, signal);
}

// A coordinator whose verbs wait for the connection: roles that need nothing remote start before it is there.
function lateCoordinator(opening: Promise<HubClient>): AgentCoordinator {
  return {
    address: async () => (await opening).address(),
    read: async (key) => (await opening).read(key),
    list: async (prefix) => (await opening).list(prefix),
    write: async (key, value, expected) => (await opening).write(key, value, expected),
    remove: async (key) => (await opening).remove(key),
    watch: async (prefix, observer, signal) => (await opening).watch(prefix, observer, signal),
    join: async (key, value, signal) => (await opening).join(key, value, signal),
    [Symbol.asyncDispose]: async () => (await opening)[Symbol.asyncDispose](),
  };
}

const log: Log = (message, details = {}) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), message, ...details })}\n`);
};
