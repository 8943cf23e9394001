// An agent with one deployment and a coordinator of the test's own, instead of a carrier and a hub.
import { runAgent } from "../../src/agent/agent.ts";
import type { AgentConfig } from "../../src/agent/agent-config.ts";
import { openFixedCarrier } from "../../src/agent/carrier-file.ts";
import type { Log } from "../../src/agent/vm.ts";
import type { Coordinator } from "../../src/coordinator/coordinator.ts";
import { identityFormat } from "../../src/model/vm-identity.ts";

export function runConfigured(
  config: AgentConfig,
  coordinator: Coordinator,
  signal: AbortSignal,
  log: Log,
  env?: Record<string, string | undefined>,
): Promise<"done" | "failed" | "stopped"> {
  const { generation, plan, tag, values, exitWithParent, ...rest } = config;
  const carrier = openFixedCarrier({ format: identityFormat, generation, plan, tag, values });
  return runAgent({ ...rest, endLeftRunning: exitWithParent, carrier, connect: async () => coordinator, log, env }, signal);
}
