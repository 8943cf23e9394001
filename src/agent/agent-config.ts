// What an agent is told at its start, beside its plan: who it is, where its hubs are, what Heat resolved for it.
import type { Json } from "../model/json.ts";
import type { VmPlan } from "../model/vm-plan.ts";

/** The file that `weft agent --config FILE` reads; mode 0600, since it holds the vm's token. */
export interface AgentConfig {
  stack: string;
  generation: string;
  /** The vm's id, `db` or `app[2]`; where the plan is a group's, it says which member this is. */
  vm: string;
  /** Hubs' base URLs, `http://HOST:PORT` or `https://`; the agent moves on to the next when one is gone. */
  hubs: string[];
  /** SHA-256 of the one certificate that the hubs may show over `https:`; without, one whose authority Node knows. */
  hubFingerprint?: string;
  /** Who I am: vmToken (hub/tokens.ts). */
  token: string;
  /** What I may in this generation: rightsTag over the rights of the plan. */
  tag: string;
  /** The stack's seal key, under which secrets travel. Needed where the plan has a secret output. */
  sealKey?: string;
  plan: VmPlan;
  /** What Heat resolved, by slot. */
  values: Record<string, Json>;
  /** Journal, logs, socket and folders of roles; made if missing. */
  stateDir: string;
  /** The address to connect from: a process vm's own loopback address. */
  localAddress?: string;
  /** End, with everything that the roles started, when standard input ends: the process that started us has died. */
  exitWithParent?: boolean;
}
