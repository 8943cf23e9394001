// The hub that vms with a network of their own speak to: beside the one for this machine's people, on the same coordinator.
import { X509Certificate } from "node:crypto";
import type { Coordinator } from "../coordinator/coordinator.ts";
import { type Hub, openHub } from "../hub/hub.ts";
import { makeSelfSigned } from "../hub/self-signed.ts";
import { lanNet } from "../machines/lan.ts";
import type { Machine } from "../machines/machine.ts";
import { vmPrograms } from "./agent-program.ts";

/** Opens it on the machine's socket, with a certificate made for this run, as in a cloud; undefined where vms reach this machine's own. */
export async function openVmHub(
  machine: Machine,
  coordinator: Coordinator,
  tokenKey: string,
): Promise<(Hub & { fingerprint: string }) | undefined> {
  const listen = await machine.listen();
  if (listen === undefined) return undefined;
  const tls = makeSelfSigned([lanNet.gateway]);
  const hub = await openHub({ listen, coordinator, tokenKey, tls, programs: vmPrograms() });
  return { ...hub, fingerprint: new X509Certificate(tls.cert).fingerprint256 };
}
