// Reads what Heat's metadata says to a vm: which deployment counts, what it brings, and where its outcome is told. Pure.
import type { Json } from "../model/json.ts";
import type { Deployment } from "../model/vm-identity.ts";
import type { Delivery } from "./carrier.ts";

/** What os-collect-config finds in cfn-init-data: whom to ask, as whom, for what. */
export interface HeatAccess {
  authUrl: string;
  userId: string;
  password: string;
  projectId: string;
  region: string | undefined;
  /** NAME/ID of the stack (a member's is nested), and the server's resource in it. */
  stack: string;
  resource: string;
}

/** A delivery of Heat, and the resource that is told how it has ended. */
export type HeatDelivery = Delivery & { answerTo: { stack: string; resource: string } };

interface Entry {
  id: string;
  name: string;
  group: string;
  creation_time: string;
  config: string;
  inputs: { name: string; value: Json }[];
}

/** Reads cfn-init-data. Throws an Error where it does not say all that is needed. */
export function readAccess(text: string): HeatAccess {
  const document = JSON.parse(text) as { "os-collect-config"?: { heat?: Record<string, string | null> } };
  const heat = document["os-collect-config"]?.heat ?? {};
  const field = (name: string): string => {
    const value = heat[name];
    if (typeof value !== "string" || value === "") throw new Error(`cfn-init-data has no os-collect-config.heat.${name}`);
    return value;
  };
  return {
    authUrl: field("auth_url"),
    userId: field("user_id"),
    password: field("password"),
    projectId: field("project_id"),
    region: heat["region_name"] ?? undefined,
    stack: field("stack_id"),
    resource: field("resource_name"),
  };
}

/** Where tokens are made: Heat adds a version to a URL that may have one. */
export function tokenUrl(authUrl: string): string {
  return `${authUrl.replace(/\/+$/, "").replace(/(\/v3)+$/, "")}/v3/auth/tokens`;
}

/**
 * Finds the delivery that counts in a resource's metadata: of the vm's deployments the one made last. One that a failed update has left behind
 * stays in the list beside the one that replaces it.
 */
export function findDelivery(metadata: Json): HeatDelivery | undefined {
  const { deployments = [] } = (metadata as { metadata?: { deployments?: Entry[] } }).metadata ?? {};
  const isLeaving = (entry: Entry): boolean => inputOf(entry, "deploy_action") === "DELETE";
  const ours = deployments.filter((entry) => {
    return entry.group === "weft" && (entry.name === "weft" || (entry.name === "weft_delete" && isLeaving(entry)));
  });
  // Of two made in the same second what has the vm leave is the later one, else the one that stands later in the list.
  const byAge = (left: Entry, right: Entry): number =>
    left.creation_time === right.creation_time
      ? Number(isLeaving(left)) - Number(isLeaving(right))
      : left.creation_time < right.creation_time
        ? -1
        : 1;
  const sorted = [...ours].sort(byAge);
  const newest = sorted.at(-1);
  if (newest === undefined) return undefined;
  const { id } = newest;
  const answerTo = { stack: textOf(newest, "deploy_stack_id"), resource: textOf(newest, "deploy_resource_name") };
  const told = sorted.filter(({ name }) => name === "weft").at(-1);
  if (newest.name === "weft") return { id, action: "run", deployment: readDeployment(newest), answerTo };
  return { id, action: "delete", ...(told === undefined ? {} : { deployment: readDeployment(told) }), answerTo };
}

function readDeployment(entry: Entry): Deployment {
  const values = inputOf(entry, "weft_values") ?? {};
  const digest = inputOf(entry, "weft_values_digest") ?? "";
  const teller = textOf(entry, "weft_teller");
  return {
    ...readConfig(entry.config),
    tag: textOf(entry, "weft_tag"),
    values: (typeof values === "string" ? JSON.parse(values) : values) as Deployment["values"],
    valuesDigest: digest as NonNullable<Deployment["valuesDigest"]>,
    ...(teller === "" ? {} : { teller, server: textOf(entry, "deploy_server_id") }),
  };
}

function textOf(entry: Entry, name: string): string {
  const value = inputOf(entry, name);
  return typeof value === "string" ? value : "";
}

// What is no deployment of ours is told as one of no known format.
function readConfig(config: string): Pick<Deployment, "format" | "generation" | "plan"> {
  try {
    return JSON.parse(config) as Deployment;
  } catch {
    return { format: 0, generation: "", plan: { format: 0 } as Deployment["plan"] };
  }
}

function inputOf({ inputs }: Entry, name: string): Json | undefined {
  return inputs.find((input) => input.name === name)?.value;
}

/** The body of the signal that tells how a delivery has ended. An `error`, even an empty one, would make it failed. */
export function makeSignal(outcome: { ok: true; outputs: Record<string, Json> } | { ok: false; error: string }): Json {
  const texts = { deploy_stdout: "", deploy_stderr: "" };
  if (outcome.ok) return { deploy_status_code: 0, ...texts, outputs: outcome.outputs };
  return { deploy_status_code: 1, ...texts, error: outcome.error };
}
