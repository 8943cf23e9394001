// Who may do what, as derived from a template's reads.
import type { Rights, VmFact } from "./vm-plan.ts";

export interface Access {
  /** Rights and facts to publish by the vm's id. */
  vms: Map<string, { rights: Rights; facts: VmFact[] }>;
  /** Outputs, as `RESOURCE.ROLE.OUTPUT`, that are read outside the vm that writes them. */
  publishedOutputs: Set<string>;
  /** Roles, as `RESOURCE.ROLE`, whose end is waited for outside their vm. */
  publishedEnds: Set<string>;
  /** The id of the vm whose agent evaluates a stack output, by the output's name; those that hold no read have none. */
  outputs: Map<string, string>;
}
