// weft plan: what "weft deploy" would do to a stack on a cloud, without doing it.
import { parseArgs } from "node:util";
import { findStack, listResources, previewUpdate, type ResourceChange, type Stack, type StackChanges } from "../../cloud/heat.ts";
import { countMembers, readDeployed } from "../../cloud/deployed-plans.ts";
import { HeatPlayer, UnknownToUs } from "../../machines/play-heat.ts";
import { memberId } from "../../model/cell.ts";
import type { Json } from "../../model/json.ts";
import type { VmPlan } from "../../model/vm-plan.ts";
import { cloudFlags, cloudHelp, compileForCloud, makeRequest, openCloudSession } from "../cloud-options.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { comparePlans, type RoleChange } from "../compare-plans.ts";
import { stackName } from "../stack-name.ts";
import type { GoodTemplate } from "../load-template.ts";
import { templateFlags, templateHelp, type TemplateValues } from "../template-options.ts";

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
    const resources = stack === undefined ? [] : await listResources(session, stack);
    const deployed = await readDeployed(session, resources);
    const roles = comparePlans(deployed, withOld.plan, withOld.flow, (vm, slot) => valueOf(withOld, vm, slot));
    const changes = stack === undefined ? undefined : await previewUpdate(session, stack, makeRequest(compiled, values));
    const servers = serversOf(withOld, changes, countMembers(resources));
    const plan = { stack: name ?? stackName(compiled.template.file), exists: stack !== undefined, roles, servers };
    process.stdout.write(values.json === true ? `${JSON.stringify(plan)}\n` : toText(plan));
    return exitCodes.done;
  },
} satisfies Command;

interface ServerChange {
  /** A resource, `app[2]`, or what Heat calls a nested stack with the resource in it. */
  name: string;
  action: "create" | "replace" | "delete";
}

interface Plan {
  stack: string;
  exists: boolean;
  roles: RoleChange[];
  servers: ServerChange[];
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

// Heat tells of servers that stay or go; how many members groups get is in their sizes.
function serversOf(
  compiled: GoodTemplate,
  changes: StackChanges | undefined,
  members: ReadonlyMap<string, number>,
): ServerChange[] {
  const named = (list: ResourceChange[] | undefined, action: ServerChange["action"]): ServerChange[] =>
    (list ?? []).filter(({ resource_type }) => resource_type === serverType).map((one) => ({ name: nameOf(one), action }));
  const isTop = ({ name }: ServerChange): boolean => !name.includes("/");
  const created = [...compiled.template.resources.values()].filter(({ type }) => type === serverType);
  return [
    ...named(changes?.replaced, "replace"),
    ...named(changes?.deleted, "delete").filter(isTop),
    ...(changes === undefined
      ? created.map(({ name }) => ({ name, action: "create" as const }))
      : named(changes.added, "create").filter(isTop)),
    ...compiled.plan.vms.flatMap((vm) => scaleGroup(compiled, vm, members)),
  ];
}

function scaleGroup(compiled: GoodTemplate, { vm, group }: VmPlan, members: ReadonlyMap<string, number>): ServerChange[] {
  if (group === undefined) return [];
  const { size } = group;
  const wanted = Number(
    size.kind === "slot" ? valueOf(compiled, vm, size.slot) : size.kind === "value" ? size.value : Number.NaN,
  );
  const there = members.get(group.name) ?? 0;
  if (!Number.isInteger(wanted) || wanted === there) return [];
  const [from, to] = [Math.min(there, wanted), Math.max(there, wanted)];
  const action = wanted > there ? "create" : "delete";
  return Array.from({ length: to - from }, (_, index) => ({ name: memberId(group.name, from + index), action }));
}

// In a nested stack the resource alone says little.
function nameOf({ resource_name, stack_name }: ResourceChange): string {
  return /-[a-z0-9]{12}(-|$)/.test(stack_name) ? `${stack_name}/${resource_name}` : resource_name;
}

function toText(plan: Plan): string {
  const { stack, exists, roles, servers } = plan;
  const lines = [!exists ? `there is no stack ${stack}: it would be created` : `the stack ${stack} would be updated`, ""];
  lines.push(roles.length === 0 ? "no role would run again" : "roles");
  const width = Math.max(0, ...roles.map(({ id }) => id.length));
  for (const { id, why, what } of roles) lines.push(`  ${id.padEnd(width)}  ${reasons[why](what)}`);
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
