// The user_data of a vm of `weft up`: what `weft compile --target cloud-init` writes for it, with this run's hub and values.
import type { AgentConfig } from "../agent/agent-config.ts";
import { bootScript } from "../compiler/3-emit/boot-script.ts";
import { type Deployment, deploymentPath, identityFormat, type VmIdentity } from "../model/vm-identity.ts";
import { readProgramDigests } from "./agent-program.ts";

/** Makes it of what an agent here would be told directly. */
export function giveUserData(config: Omit<AgentConfig, "stateDir">): string {
  const { stack, vm, index, hubs, hubFingerprint, token, sealKey, generation, plan, tag, values } = config;
  const digests = readProgramDigests();
  const identity: VmIdentity = {
    format: identityFormat,
    stack,
    vm,
    ...(index === undefined ? {} : { index }),
    hubs,
    ...(hubFingerprint === undefined ? {} : { hubFingerprint }),
    token,
    sealKey: sealKey as string,
    carrier: { kind: "file", path: deploymentPath },
    program: { sha256: digests.agent },
    runtime: Object.fromEntries(Object.entries(digests.runtime).map(([arch, sha256]) => [arch, { sha256 }])),
  };
  const deployment: Deployment = { format: identityFormat, generation, plan, tag, values };
  const sources = hubs.map((hub) => `${hub}/agent`).join("\n");
  const pieces = { identity: JSON.stringify(identity), sources, deployment: JSON.stringify(deployment) };
  return bootScript(pieces, digests).join("");
}
