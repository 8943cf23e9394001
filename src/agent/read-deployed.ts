// Makes of a deployment what this vm is to do: its own plan, and all values that Heat has resolved. Pure.
import { indexesIn, withIndexes } from "../model/cell.ts";
import { Failure } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import { planFormat } from "../model/vm-plan.ts";
import { type Deployment, type DigestOfMembers, identityFormat } from "../model/vm-identity.ts";
import type { Deployed } from "./generation-run.ts";
import { instantiatePlan } from "./instantiate.ts";

/** Reads a deployment as the vm that `own` describes. Fails `give-up` for one that it would misread, or that belongs to other private values. */
export function readDeployed(
  deployment: Deployment,
  own: {
    vm: string;
    privateValues?: Record<string, Json> | undefined;
    valuesDigest?: string | undefined;
  },
): Deployed {
  const { format, generation, plan, tag, values, teller, server } = deployment;
  const index = indexesIn(own.vm).at(-1) ?? "";
  if (format !== identityFormat || plan.format !== planFormat) {
    const known = `${identityFormat} with plans of format ${planFormat}`;
    throw new Failure(
      "give-up",
      "plan-format",
      `this agent reads deployments of format ${known}, not ${format} with ${plan.format}`,
    );
  }
  const { valuesDigest: given = "" } = deployment;
  const valuesDigest = indexesIn(own.vm).reduce<DigestOfMembers | undefined>(
    (digest, one) => (typeof digest === "object" ? digest[one] : digest),
    given,
  );
  if (valuesDigest !== "" && valuesDigest !== own.valuesDigest) {
    const why = "values that only this vm may know have changed since its user_data was made";
    throw new Failure("give-up", "private-values", `${why}: the vm must be replaced to hear of them`);
  }
  if (withIndexes(plan.vm, indexesIn(own.vm)) !== own.vm)
    throw new Failure("give-up", "plan-format", `this is vm ${own.vm}, the plan is of ${plan.vm}`);
  const instantiated = instantiatePlan(plan, own.vm);
  // One member tells for all: what they tell may be a value of each of them.
  const told = teller === undefined || teller === index || teller === server ? instantiated : { ...instantiated, outputs: {} };
  return { generation, plan: told, tag, values: { ...values, ...own.privateValues } };
}
