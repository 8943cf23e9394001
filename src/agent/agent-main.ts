// The agent as a program: reads who the vm is, connects to a hub, runs what deployments say, ends in order when told to.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openHubClient } from "../coordinator/backends/hub.ts";
import { messageOf } from "../model/failure.ts";
import { type Deployment, identityFormat, type VmIdentity } from "../model/vm-identity.ts";
import { type AgentOptions, runAgent } from "./agent.ts";
import type { AgentConfig } from "./agent-config.ts";
import { openFileCarrier, openFixedCarrier } from "./carrier-file.ts";
import { openHeatCarrier } from "./carrier-heat.ts";
import { isServed } from "./local-socket.ts";
import type { Log } from "./vm.ts";

const exitCodes = { done: 0, usage: 2, failed: 3, stopped: 130 } as const;

const usage = "usage: weft agent --vm FILE [--state DIR] | --config FILE\n";

const defaultStateDir = "/var/lib/weft";

/** Runs `weft agent` until it is told to end, and resolves with the exit code, which it also sets. */
export async function main(args: string[]): Promise<number> {
  const code = await runProgram(args);
  process.exitCode = code;
  return code;
}

async function runProgram(args: string[]): Promise<number> {
  const flags = { config: { type: "string" }, vm: { type: "string" }, state: { type: "string" } } as const;
  const { config, vm, state = defaultStateDir } = parseArgs({ args, options: flags }).values;
  if ((config === undefined) === (vm === undefined)) {
    process.stderr.write(usage);
    return exitCodes.usage;
  }
  try {
    return await serve(vm === undefined ? readConfig(config as string) : readIdentity(vm, state));
  } catch (error) {
    log(messageOf(error));
    return exitCodes.failed;
  }
}

/** All that the two files differ in. */
type Settings = Omit<AgentOptions, "connect" | "log"> & {
  hubs: string[];
  hubFingerprint?: string | undefined;
  token: string;
  exitWithParent?: boolean | undefined;
};

function readConfig(path: string): Settings {
  const config = JSON.parse(readFileSync(path, "utf8")) as AgentConfig;
  const { generation, plan, tag, values, ...rest } = config;
  const deployment: Deployment = { format: identityFormat, generation, plan, tag, values };
  return { ...rest, endLeftRunning: config.exitWithParent, carrier: openFixedCarrier(deployment) };
}

function readIdentity(path: string, stateDir: string): Settings {
  const identity = JSON.parse(readFileSync(path, "utf8")) as VmIdentity;
  if (identity.format !== identityFormat) throw new Error(`${path} is of format ${identity.format}, known is ${identityFormat}`);
  const { stack, vm, index, sealKey, hubs, hubFingerprint = "", token, carrier, values, valuesDigest } = identity;
  return {
    stack,
    vm,
    ...(index === undefined ? {} : { index }),
    sealKey,
    hubs,
    ...(hubFingerprint === "" ? {} : { hubFingerprint }),
    token,
    privateValues: values,
    valuesDigest,
    stateDir,
    carrier: carrier.kind === "file" ? openFileCarrier(carrier.path, log) : openHeatCarrier(stateDir, log),
  };
}

async function serve(settings: Settings): Promise<number> {
  const { stateDir, vm, stack, hubs, token, hubFingerprint, localAddress } = settings;
  if (await isServed(stateDir)) {
    process.stderr.write(`another agent of ${vm} runs already, with its state in ${stateDir}\n`);
    return exitCodes.usage;
  }
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Error("the agent is stopping"));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  if (settings.exitWithParent === true) {
    process.stdin.once("end", stop).once("error", stop).resume();
  }
  const connect: AgentOptions["connect"] = (claim, signal, complain) => {
    const options = {
      urls: hubs,
      credentials: { kind: "vm" as const, stack, vm, token, ...claim },
      complain,
      ...(hubFingerprint === undefined ? {} : { fingerprint: hubFingerprint }),
      ...(localAddress === undefined ? {} : { localAddress }),
    };
    return openHubClient(options, signal);
  };
  try {
    return exitCodes[await runAgent({ ...settings, connect, log }, controller.signal)];
  } finally {
    stop();
    process.stdin.destroy();
  }
}

const log: Log = (message, details = {}) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), message, ...details })}\n`);
};
