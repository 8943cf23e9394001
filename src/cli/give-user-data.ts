// user_data of vms that no Heat tells anything: of `weft compile --target cloud-init`, and of vms that boot on this machine.
import { gzipSync } from "node:zlib";
import type { AgentConfig } from "../agent/agent-config.ts";
import { renderUserData, type TextPart } from "../compiler/3-emit/render-user-data.ts";
import type { ProgramDigests } from "../compiler/compile.ts";
import type { HeatPlayer } from "../machines/play-heat.ts";
import type { ResolvedTemplate } from "../model/resolved.ts";
import { deploymentPath, identityFormat, type VmIdentity } from "../model/vm-identity.ts";
import { showValue } from "../model/cell.ts";
import { replaceIndex, type Member } from "./place-vms.ts";

/** Makes it of what an agent would be told directly; `parts` run before it starts. */
export function giveUserData(
  config: Omit<AgentConfig, "stateDir">,
  parts: TextPart[],
  digests: ProgramDigests,
  agentUrl?: string,
): string {
  const { stack, vm, index, hubs, hubFingerprint, token, sealKey, generation, plan, tag, values } = config;
  const from = (file: string): { url?: string } => (agentUrl === undefined ? {} : { url: `${agentUrl}/${file}` });
  const runtime = Object.entries(digests.runtime).map(([arch, sha256]) => [arch, { sha256, ...from(`node-linux-${arch}`) }]);
  const identity: VmIdentity = {
    format: identityFormat,
    stack,
    vm,
    ...(index === undefined ? {} : { index }),
    hubs,
    ...(hubFingerprint === undefined ? {} : { hubFingerprint }),
    token,
    sealKey: sealKey ?? "",
    carrier: { kind: "file", path: deploymentPath },
    program: { sha256: digests.agent, ...from("agent.cjs") },
    runtime: Object.fromEntries(runtime) as VmIdentity["runtime"],
  };
  return renderUserData({
    parts,
    identity,
    deployment: { format: identityFormat, generation, plan, tag, values },
    digests,
    ...(agentUrl === undefined ? {} : { agentUrl }),
    compress: (text) => gzipSync(text, { level: 9 }).toString("base64"),
  });
}

/** The user's own parts of a vm's user_data, as Heat would evaluate them. */
export function ownParts(resolved: ResolvedTemplate, { compiled, index }: Member, heat: HeatPlayer): TextPart[] {
  const { group, vm } = compiled;
  const parts = resolved.userData.get(group?.name ?? vm) ?? [];
  return parts.map(({ subtype, filename, expr }, number) => {
    const own = group === undefined || index === undefined ? expr : replaceIndex(expr, group.indexVar, index);
    const text = showValue(heat.evaluate(own, { vm, slot: `user_data#${number + 1}` }));
    return { subtype, ...(filename === undefined ? {} : { filename }), text };
  });
}
