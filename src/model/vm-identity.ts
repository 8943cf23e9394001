// Who a vm is, as its user_data tells it, and what one generation tells it, as a deployment does. Written by the compiler (through Heat's
// functions where Heat makes the values), read by the agent.
import type { Json } from "./json.ts";
import type { VmPlan } from "./vm-plan.ts";

/** Grows when an agent could misread an identity or a deployment of another version. */
export const identityFormat = 1;

/** Where the boot part of user_data writes a VmIdentity, mode 0600. */
export const identityPath = "/etc/weft/vm.json";

/** Where it writes a Deployment when no carrier brings one. */
export const deploymentPath = "/etc/weft/deployment.json";

/** What is private to one vm and stays the same for its life. */
export interface VmIdentity {
  format: number;
  /** The id of the top stack. */
  stack: string;
  /** `db`, or `app[2]` for a member of a group. */
  vm: string;
  /** Base URLs of hubs. */
  hubs: string[];
  /** SHA-256 of the one certificate that the hubs may show; absent or empty: one whose authority is known. */
  hubFingerprint?: string;
  /** vmToken (hub/tokens.ts). */
  token: string;
  /** Under which secrets travel from vm to vm; no hub has it. */
  sealKey: string;
  /** How deployments come. */
  carrier: { kind: "heat" } | { kind: "file"; path: string };
  /** The agent's bundle: from `url`, else from a hub; refused unless this is its SHA-256. */
  program: Program;
  /** Where the vm has no Node: an executable to run it with, by architecture (`x64`). */
  runtime: Record<string, Program>;
  /** Deploy-time values that no deployment may hold, since other vms can read it: those made of hidden parameters, by slot. */
  values?: Record<string, Json>;
  /** Digest of `values`: a deployment with another one was made of other values. */
  valuesDigest?: string;
}

/** `url` empty or absent: from a hub. */
export interface Program {
  sha256: string;
  url?: string;
}

/** What one generation tells one agent. A Heat deployment brings `{format, generation, plan}` as its config, the rest as input values. */
export interface Deployment {
  format: number;
  generation: string;
  /** Of a member: its group's plan. */
  plan: VmPlan;
  /** rightsTag (hub/tokens.ts) over the plan's rights. */
  tag: string;
  /** What Heat resolved, by slot; VmIdentity.values come on top. */
  values: Record<string, Json>;
  /** The digest of the private values that belong to it: see VmIdentity.valuesDigest. */
  valuesDigest?: DigestOfMembers;
  /** The one member that hands Heat the plan's stack outputs, by its index or its server's id; absent: whoever is told this does. */
  teller?: string;
  /** The id of the server that this is for. */
  server?: string;
}

/** Of members that are told as one, a map by the indexes of the outermost group, and in it of the next. */
export type DigestOfMembers = string | { [index: string]: DigestOfMembers };
