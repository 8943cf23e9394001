// Heat's own software config: deployments become roles of their servers, and what reads them reads these roles' outputs. What Heat itself
// needs of a deployment stays with Heat, and so does all that such a deployment depends on.
import type { Report } from "../../diagnostics/diagnostic.ts";
import { memberId, roleId } from "../../model/cell.ts";
import type { AfterSpec, OutputSpec, RoleSpec } from "../../model/role.ts";
import type { Output, Resource, Template, Value } from "../../model/template.ts";
import { chooseDeployments, valuesOf } from "./choose-deployments.ts";
import { findReferences, textOf } from "./find-references.ts";
import { isRunResult, runResult } from "./read-config-values.ts";
import { isDeployment, outputMeant, roleNameOf, type Deployment, type Imported, type Placed } from "./read-deployment.ts";
import { propertyOf } from "./read-properties.ts";
import { redirectReferences } from "./redirect-references.ts";

/** Returns the template with its deployments as roles; a note says of each what became of it, and why. */
export function importSoftwareConfig(template: Template, report: Report, isNested = false): Template {
  const resources = [...template.resources.values()];
  if (!resources.some(isDeployment)) return template;
  const deployments = chooseDeployments(template, isNested, report);
  if (deployments.size === 0) return template;

  const imported = placeRoles(deployments);
  noteReads(template, imported);
  const configs = new Set([...deployments.values()].map(({ config }) => config));
  const outputs = [...template.outputs.values()];
  const rest = resources.filter(({ name }) => !deployments.has(name));
  const needed = new Set([...rest.flatMap(namedBy), ...outputs.flatMap(({ value }) => targetsOf(value))]);
  const goneResources = new Set([...deployments.keys(), ...[...configs].filter((name) => !needed.has(name))]);
  const goneOutputs = new Set(
    outputs.filter(({ value }) => targetsOf(value).some((name) => imported.has(name ?? ""))).map(({ name }) => name),
  );
  noteRoles(imported, report);
  warnOfTwoAgents(template, imported, report);

  const redirect = (value: Value): Value => redirectReferences(value, imported);
  const rolesByVm = makeRoles(imported, redirect);
  const kept = resources.filter(({ name }) => !goneResources.has(name));
  return {
    ...template,
    resources: new Map(kept.map((resource) => [resource.name, withRoles(resource, rolesByVm.get(resource.name), redirect)])),
    outputs: new Map(outputs.map((output): [string, Output] => [output.name, { ...output, value: redirect(output.value) }])),
    leftOut: { resources: goneResources, outputs: goneOutputs },
  };
}

function namedBy(resource: Resource): (string | undefined)[] {
  return [...resource.dependsOn, ...valuesOf(resource).flatMap(targetsOf)];
}

function targetsOf(value: Value): (string | undefined)[] {
  return findReferences(value).map(({ target }) => target);
}

function placeRoles(deployments: ReadonlyMap<string, Deployment>): Map<string, Imported> {
  const taken = new Set<string>();
  const nameOn = (server: string, wanted: string): string => {
    let name = wanted;
    for (let number = 2; taken.has(`${server}.${name}`); number++) name = `${wanted}_${number}`;
    taken.add(`${server}.${name}`);
    return name;
  };
  const imported = new Map<string, Imported>();
  for (const [name, deployment] of deployments) {
    const places = deployment.members.map((member) => ({ member, role: nameOn(member.server, roleNameOf(name)) }));
    imported.set(name, { deployment, places, read: new Set() });
  }
  return imported;
}

function noteReads(template: Template, imported: ReadonlyMap<string, Imported>): void {
  const readers = [...template.resources.values()].flatMap((resource) => [
    ...valuesOf(resource),
    ...(resource.vm?.roles.flatMap(({ inputs }) => inputs.map(({ value }) => value)) ?? []),
  ]);
  const values = [...readers, ...[...template.outputs.values()].map(({ value }) => value)];
  for (const { target, attribute } of values.flatMap(findReferences)) {
    const found = imported.get(target ?? "");
    if (found !== undefined) found.read.add(outputMeant(textOf(attribute?.[0]) ?? "", found.deployment));
  }
}

function noteRoles(imported: ReadonlyMap<string, Imported>, report: Report): void {
  for (const [name, { deployment, places }] of imported) {
    const { resource, create, remove, otherActions } = deployment;
    const roles = places.map(({ member, role }) => roleId(member.inGroup ? memberId(member.server, "*") : member.server, role));
    const tool = (create ?? remove)?.tool ?? "";
    report.add("deployment-is-role", resource.span, { deployment: name, roles, tool, atDelete: create === undefined });
    if (otherActions.length > 0) report.add("action-not-run", resource.span, { deployment: name, actions: otherActions });
  }
}

function warnOfTwoAgents(template: Template, imported: ReadonlyMap<string, Imported>, report: Report): void {
  const staying = new Map<string, string[]>();
  for (const resource of template.resources.values()) {
    if (!isDeployment(resource) || imported.has(resource.name)) continue;
    for (const name of new Set(valuesOf(resource).flatMap(targetsOf))) {
      staying.set(name ?? "", [...(staying.get(name ?? "") ?? []), resource.name]);
    }
  }
  const servers = new Set([...imported.values()].flatMap(({ places }) => places.map(({ member }) => member.server)));
  for (const vm of servers) {
    const deployments = staying.get(vm);
    const span = template.resources.get(vm)?.span;
    if (deployments !== undefined && span !== undefined) report.add("two-agents", span, { vm, deployments });
  }
}

function makeRoles(imported: ReadonlyMap<string, Imported>, redirect: (value: Value) => Value): Map<string, RoleSpec[]> {
  const byVm = new Map<string, { sortName: string | undefined; roles: RoleSpec[] }[]>();
  for (const one of imported.values()) {
    const sortName = textOf(propertyOf(one.deployment.resource, "name"));
    for (const placed of one.places) {
      const roles = makeRolesOf(one, placed, imported, redirect);
      byVm.set(placed.member.server, [...(byVm.get(placed.member.server) ?? []), { sortName, roles }]);
    }
  }
  const ordered = new Map<string, RoleSpec[]>();
  for (const [server, items] of byVm) {
    // Heat's agent goes by names where they are given; otherwise they are made up, and the template's order is as good.
    const isNamed = items.every(({ sortName }) => sortName !== undefined);
    const compare = (left: { sortName: string | undefined }, right: { sortName: string | undefined }): number =>
      isNamed && left.sortName !== right.sortName ? ((left.sortName ?? "") < (right.sortName ?? "") ? -1 : 1) : 0;
    ordered.set(
      server,
      items.toSorted(compare).flatMap(({ roles }) => roles),
    );
  }
  return ordered;
}

function makeRolesOf(
  { deployment, read }: Imported,
  { member, role: name }: Placed,
  imported: ReadonlyMap<string, Imported>,
  redirect: (value: Value) => Value,
): RoleSpec[] {
  const { resource, create, remove, signals, options, inputKey } = deployment;
  const base = {
    nameSpan: resource.span,
    span: resource.span,
    toolSpan: resource.span,
    options,
    onError: signals ? ("fail" as const) : ("continue" as const),
    on: "all" as const,
    contract: "heat" as const,
    ...(inputKey === undefined ? {} : { inputKey }),
  };
  const inputsFor = (action: string): RoleSpec["inputs"] =>
    member.inputs(action).map((input) => ({ ...input, value: redirect(input.value) }));
  const roles: RoleSpec[] = [];
  if (create !== undefined) {
    const inputs = inputsFor("CREATE");
    const outputs = signals ? outputsOf(deployment, read) : [];
    roles.push({ ...base, ...create, name, inputs, outputs, after: aftersOf(resource, imported), onDelete: false });
  }
  if (remove !== undefined) {
    const ownName = create === undefined ? name : `${name}_on_delete`;
    roles.push({ ...base, ...remove, name: ownName, inputs: inputsFor("DELETE"), outputs: [], after: [], onDelete: true });
  }
  return roles;
}

function outputsOf({ resource, outputs }: Deployment, read: ReadonlySet<string>): OutputSpec[] {
  const results = [...read].filter((name) => isRunResult(name) && !outputs.some((declared) => declared.name === name));
  return [...outputs, ...results.map((name) => runResult(name, resource.span))];
}

// A deployment for whose signal Heat does not wait is complete at once: what comes after it, comes after what it comes after itself.
function aftersOf(resource: Resource, imported: ReadonlyMap<string, Imported>): AfterSpec[] {
  const afters: AfterSpec[] = [];
  const met = new Set<string>();
  const add = (name: string): void => {
    const before = imported.get(name);
    if (before === undefined || met.has(name)) return;
    met.add(name);
    if (isAwaited(before)) {
      for (const { member, role } of before.places) afters.push({ span: resource.span, resource: member.server, role });
    } else namedBy(before.deployment.resource).forEach((other) => add(other ?? ""));
  };
  resource.dependsOn.forEach(add);
  for (const name of valuesOf(resource).flatMap(targetsOf)) {
    const read = imported.get(name ?? "");
    if (read !== undefined && !isAwaited(read)) add(name ?? "");
  }
  return afters;
}

function isAwaited({ deployment }: Imported): boolean {
  return deployment.signals && deployment.create !== undefined;
}

function withRoles(resource: Resource, roles: RoleSpec[] | undefined, redirect: (value: Value) => Value): Resource {
  if (roles !== undefined) return { ...resource, vm: { span: resource.span, order: "one_at_a_time", roles } };
  if (resource.vm === undefined) return resource;
  const own = resource.vm.roles.map((role) => ({
    ...role,
    inputs: role.inputs.map((input) => ({ ...input, value: redirect(input.value) })),
  }));
  return { ...resource, vm: { ...resource.vm, roles: own } };
}
