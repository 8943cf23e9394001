// What a stack's vms were told when it was deployed last: the plans in its SoftwareConfigs and the values that Heat resolved for them.
import type { Json } from "../model/json.ts";
import type { VmPlan } from "../model/vm-plan.ts";
import { readConfig, type StackResource } from "./heat.ts";
import type { CloudSession } from "./session.ts";

/** What one vm, or every member of one group, has been told. */
export interface DeployedPlan {
  generation: string;
  plan: VmPlan;
  /** By slot; of a group those of whichever member was read first. Undefined where Heat has none yet. */
  values: Record<string, Json> | undefined;
}

/** How many members each group of a stack has, by the group's name. */
export function countMembers(resources: StackResource[]): Map<string, number> {
  const linkOf = (resource: StackResource, rel: string): string | undefined =>
    resource.links.find((link) => link.rel === rel)?.href;
  const groups = resources.filter(({ resource_type }) => resource_type.endsWith("Group"));
  return new Map(
    groups.map((group) => {
      const nested = linkOf(group, "nested");
      return [group.resource_name, resources.filter((one) => nested !== undefined && linkOf(one, "stack") === nested).length];
    }),
  );
}

/** Reads the plans that are among a stack's resources, by their `vm`. */
export async function readDeployed(session: CloudSession, resources: StackResource[]): Promise<Map<string, DeployedPlan>> {
  const ids = (type: string): string[] =>
    resources
      .filter(({ resource_type, physical_resource_id }) => resource_type === type && physical_resource_id !== "")
      .map(({ physical_resource_id }) => physical_resource_id);
  const deployed = new Map<string, DeployedPlan>();
  for (const config of await Promise.all(ids("OS::Heat::SoftwareConfig").map((id) => readConfig(session, id)))) {
    const told = readPlan(config.config);
    if (told !== undefined) deployed.set(told.plan.vm, { ...told, values: undefined });
  }
  for (const id of ids("OS::Heat::SoftwareDeployment")) {
    const config = await readConfig(session, await configOf(session, id));
    const entry = deployed.get(readPlan(config.config)?.plan.vm ?? "");
    const values = config.inputs.find(({ name }) => name === "weft_values")?.value;
    if (entry !== undefined && values !== undefined) entry.values ??= values as Record<string, Json>;
  }
  return deployed;
}

async function configOf(session: CloudSession, deployment: string): Promise<string> {
  const answer = await session.ask("GET", `/software_deployments/${deployment}`);
  return (answer as unknown as { software_deployment: { config_id: string } }).software_deployment.config_id;
}

// Other software configs are the user's own.
function readPlan(text: string): { generation: string; plan: VmPlan } | undefined {
  try {
    const document = JSON.parse(text) as { generation?: string; plan?: VmPlan } | null;
    if (typeof document?.generation !== "string" || typeof document.plan?.vm !== "string") return undefined;
    return { generation: document.generation, plan: document.plan };
  } catch {
    return undefined;
  }
}
