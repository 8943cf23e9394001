// weft plan: what "weft deploy" would do to a stack on a cloud, without doing it.
import { parseArgs } from "node:util";
import { findStack, previewUpdate, type ResourceChange, type Stack, type StackChanges } from "../../cloud/heat.ts";
import { readDeployed } from "../../cloud/read-deployed.ts";
import { HeatPlayer, UnknownToUs } from "../../machines/play-heat.ts";
import type { Json } from "../../model/json.ts";
import { cloudFlags, cloudHelp, compileForCloud, makeRequest, openCloudSession } from "../cloud-options.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { comparePlans, type RoleChange } from "../compare-plans.ts";
import { stackName } from "../stack-name.ts";
import { templateFlags, templateHelp, type GoodTemplate, type TemplateValues } from "../template-options.ts";

export const command = {
  summary: "say what an update would do to a stack on a cloud",
  help: `
usage: weft plan T [NAME] [options]

Says what "weft deploy T NAME" would do to the stack NAME (default: after T) on an OpenStack cloud: which roles would run again and why,
which servers Heat would create, replace or delete. Nothing is changed. Parameters keep the values that the stack has. Values that only
Heat can resolve are not compared.

${templateHelp}
${cloudHelp}
  --json                    {stack, exists, roles: [{id, why: "new"|"edited"|"value"|"reads", what}],
                            servers: [{name, action: "create"|"replace"|"delete"}]}

exit: 0 done, 1 template wrong or refused by Heat, 2 usage, 4 the cloud cannot be reached`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...templateFlags, ...cloudFlags, json: { type: "boolean" } },
    });
    const [file, name, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`a template and a name are expected, not also ${more.join(" ")}`);
    const compiled = compileForCloud(file === undefined ? [] : [file], values);
    if (compiled === undefined) return exitCodes.template;
    const session = await openCloudSession(values);
    const stack = await findStack(session, name ?? stackName(compiled.template.file));
    const withOld = stack === undefined ? compiled : compileForCloud([file as string], keepValues(values, compiled, stack));
    if (withOld === undefined) return exitCodes.template;
    const deployed = stack === undefined ? new Map<string, never>() : await readDeployed(session, stack);
    const roles = comparePlans(deployed, withOld.plan, withOld.flow, (vm, slot) => valueOf(withOld, vm, slot));
    const changes = stack === undefined ? undefined : await previewUpdate(session, stack, makeRequest(compiled, values));
    const plan = { stack: name ?? stackName(compiled.template.file), roles, changes, compiled };
    process.stdout.write(values.json === true ? `${JSON.stringify(toDocument(plan))}\n` : toText(plan));
    return exitCodes.done;
  },
} satisfies Command;

interface Plan {
  stack: string;
  roles: RoleChange[];
  /** Undefined: the stack would be created. */
  changes: StackChanges | undefined;
  compiled: GoodTemplate;
}

// Heat shows hidden values as stars; the stack keeps them all the same.
function keepValues(values: TemplateValues, { template }: GoodTemplate, stack: Stack): TemplateValues {
  const kept = Object.entries(stack.parameters).filter(([name, value]) => template.parameters.has(name) && value !== "******");
  // What was given now comes later and wins.
  return { ...values, parameter: [...kept.map(([name, value]) => `${name}=${value}`), ...(values.parameter ?? [])] };
}

function valueOf({ template, resolved, plan }: GoodTemplate, vm: string, slot: string): Json | undefined {
  const expr = plan.slots[vm]?.[slot];
  if (expr === undefined) return undefined;
  const heat = new HeatPlayer({ template, resolved, stack: "", addresses: new Map(), attrs: {} });
  try {
    return heat.evaluate(expr);
  } catch (error) {
    if (error instanceof UnknownToUs) return undefined;
    throw error;
  }
}

const serverType = "OS::Nova::Server";

function serversOf({ changes, compiled }: Plan): { name: string; action: "create" | "replace" | "delete" }[] {
  if (changes === undefined)
    return [...compiled.template.resources.values()]
      .filter(({ type }) => type === serverType)
      .map(({ name }) => ({ name, action: "create" as const }));
  const named = (list: ResourceChange[], action: "create" | "replace" | "delete"): ReturnType<typeof serversOf> =>
    list.filter(({ resource_type }) => resource_type === serverType).map((one) => ({ name: nameOf(one), action }));
  return [...named(changes.replaced, "replace"), ...named(changes.deleted, "delete"), ...named(changes.added, "create")];
}

// In a nested stack the resource alone says little.
function nameOf({ resource_name, stack_name }: ResourceChange): string {
  return /-[a-z0-9]{12}(-|$)/.test(stack_name) ? `${stack_name}/${resource_name}` : resource_name;
}

function toDocument(plan: Plan): object {
  const { stack, roles, changes } = plan;
  return { stack, exists: changes !== undefined, roles, servers: serversOf(plan) };
}

function toText(plan: Plan): string {
  const { stack, roles, changes } = plan;
  const lines = [
    changes === undefined ? `there is no stack ${stack}: it would be created` : `the stack ${stack} would be updated`,
    "",
  ];
  lines.push(roles.length === 0 ? "no role would run again" : "roles");
  const width = Math.max(0, ...roles.map(({ id }) => id.length));
  for (const { id, why, what } of roles) lines.push(`  ${id.padEnd(width)}  ${reasons[why](what)}`);
  const servers = serversOf(plan);
  lines.push("", servers.length === 0 ? "no server would be touched" : "servers");
  for (const { name, action } of servers) lines.push(`  ${action.padEnd(7)}  ${name}`);
  return `${lines.join("\n")}\n`;
}

const reasons: Record<RoleChange["why"], (what: string[]) => string> = {
  new: (what) => `runs: ${what.join(", ")}`,
  edited: (what) => `runs again: its ${what.join(", ")} ${what.length === 1 ? "was" : "were"} edited`,
  value: (what) => `runs again: another value for ${what.join(", ")}`,
  reads: (what) => `runs again if what it reads of ${what.join(", ")} changes`,
};
