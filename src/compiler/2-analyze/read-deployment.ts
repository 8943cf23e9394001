// Reads one deployment of Heat's own with its config, as far as it can become roles: which tool, on which vms, with which values.
import { namePattern } from "../../model/cell.ts";
import type { JsonMap } from "../../model/json.ts";
import type { InputSpec, OutputSpec } from "../../model/role.ts";
import type { Entry, Resource, Template, Value } from "../../model/template.ts";
import { deployInputs, isRunResult, readInputs, readOutputs } from "./read-config-values.ts";
import { textOf } from "./find-references.ts";
import { entriesOf, NotARole, plainJson, plainTexts, propertyOf } from "./read-properties.ts";

/** A deployment that can become roles, one on each member's vm. */
export interface Deployment {
  resource: Resource;
  config: string;
  isGroup: boolean;
  members: Member[];
  /** Whether Heat waits for its end; otherwise it has no outputs, and its failure is no one's. */
  signals: boolean;
  /** What runs at creation, and when the vm leaves. */
  create?: Step;
  remove?: Step;
  /** Other actions of Heat at which it runs something. */
  otherActions: string[];
  options: JsonMap;
  outputs: OutputSpec[];
  /** Of a structured deployment: in the config, `{KEY: NAME}` stands for the value of input NAME. */
  inputKey?: string;
}

/**
 * `key` is its name in a group's map of servers; the deployment's own name otherwise. One whose `server` is a group of vms stands for all
 * members of that group, and its key is the group's index variable.
 */
export interface Member {
  key: string;
  server: string;
  inGroup: boolean;
  /** For one action of Heat. */
  inputs(action: string): InputSpec[];
}

/** A deployment's part on one vm, as roles. */
export interface Placed {
  member: Member;
  role: string;
}

/** A deployment that has become roles. */
export interface Imported {
  deployment: Deployment;
  places: Placed[];
  /** Those of its attributes that something reads, by the names of outputs. */
  read: Set<string>;
}

interface Step {
  tool: string;
  run: Value;
}

/** What tool runs a config of each group, where weft has one. */
const toolsByGroup: Readonly<Record<string, string>> = {
  script: "script",
  puppet: "puppet",
  ansible: "ansible",
  chef: "chef",
  salt: "salt",
};

const structuredTypes = [
  "OS::Heat::StructuredDeployment",
  "OS::Heat::StructuredDeploymentGroup",
  "OS::Heat::StructuredDeployments",
];
const groupTypes = ["OS::Heat::SoftwareDeploymentGroup", "OS::Heat::SoftwareDeployments", ...structuredTypes.slice(1)];
const deploymentTypes = ["OS::Heat::SoftwareDeployment", structuredTypes[0] as string, ...groupTypes];
const configTypes = ["OS::Heat::SoftwareConfig", "OS::Heat::StructuredConfig", "OS::Heat::SoftwareComponent"];

export function isDeployment({ type }: Resource): boolean {
  return deploymentTypes.includes(type);
}

export function isConfig({ type }: Resource): boolean {
  return configTypes.includes(type);
}

/** Reads a deployment; fails with NotARole, which says why it must stay with Heat. */
export function readDeployment(resource: Resource, template: Template): Deployment {
  checkPolicies(resource);
  const config = template.resources.get(referenceOf(resource, "config") ?? "");
  if (config === undefined || !isConfig(config)) throw new NotARole("its config is no resource of this template");
  checkPolicies(config);
  const signals = signalsOf(resource);
  const isGroup = groupTypes.includes(resource.type);
  const places = isGroup ? serversOf(resource, template) : [{ key: resource.name, server: referenceOf(resource, "server") }];
  const steps = config.type === "OS::Heat::SoftwareComponent" ? stepsOfComponent(config) : stepsOfConfig(config, resource);
  for (const { tool, run } of [steps.create, steps.remove].filter((step) => step !== undefined)) checkStep(tool, run, template);
  const inputKey = structuredTypes.includes(resource.type) ? (literalOf(resource, "input_key") ?? "get_input") : undefined;

  const members = places.map(({ key, server }): Member => {
    const vm = template.resources.get(server ?? "");
    if (vm === undefined || (vm.type !== "OS::Nova::Server" && vm.group?.memberType !== "OS::Nova::Server"))
      throw new NotARole("its server is no OS::Nova::Server of this template");
    if (vm.vm !== undefined) throw new NotARole(`${vm.name} has roles of its own`);
    if (vm.condition !== undefined) throw new NotARole(`${vm.name} has a condition`);
    const given = readInputs(config, resource);
    checkIndex(vm, [...given.map(({ value }) => value), steps.create?.run, steps.remove?.run], template);
    const transport = literalOf(resource, "signal_transport") ?? "CFN_SIGNAL";
    const inputs = (action: string): InputSpec[] => {
      const extra = deployInputs({ server: vm, action, name: key, transport, span: resource.span });
      return [...given.filter(({ name }) => !extra.some((own) => own.name === name)), ...extra];
    };
    return { key, server: vm.name, inGroup: vm.group !== undefined, inputs };
  });
  const inputs = members[0]?.inputs("CREATE").map(({ name }) => name) ?? [];
  if (inputKey !== undefined && literalOf(resource, "input_values_validate") === "STRICT") {
    const missing = [steps.create, steps.remove].flatMap((step) => missingInputs(step?.run, inputKey, inputs));
    if (missing.length > 0) throw new NotARole(`it is STRICT and has no value for input ${missing[0]}`);
  }
  return {
    resource,
    config: config.name,
    isGroup,
    members,
    signals,
    ...steps,
    options: optionsOf(config),
    outputs: readOutputs(config, (steps.create ?? steps.remove)?.tool ?? ""),
    ...(inputKey === undefined ? {} : { inputKey }),
  };
}

function checkPolicies({ policies, condition, name }: Resource): void {
  const [policy] = condition === undefined ? policies : ["a condition"];
  if (policy !== undefined) throw new NotARole(`${name} has ${policy}`);
}

function signalsOf(resource: Resource): boolean {
  const transport = propertyOf(resource, "signal_transport");
  if (transport !== undefined && textOf(transport) === undefined) throw new NotARole("its signal_transport is not written out");
  return textOf(transport) !== "NO_SIGNAL";
}

// A map that is written out, or the members of a ResourceGroup by their names, which are their indexes.
function serversOf(resource: Resource, template: Template): { key: string; server: string | undefined }[] {
  const servers = propertyOf(resource, "servers");
  if (servers?.kind === "call" && servers.fn === "get_attr" && servers.arg.kind === "list" && servers.arg.items.length === 2) {
    const [name, attribute] = servers.arg.items.map(textOf);
    const indexVar = template.resources.get(name ?? "")?.group?.indexVar;
    if (indexVar !== undefined && attribute === "refs_map") return [{ key: indexVar, server: name }];
  }
  if (servers?.kind !== "map" || servers.entries.length === 0) throw new NotARole("its servers are not written out");
  return servers.entries.map(({ key, value }) => ({ key, server: resourceNamed(value) }));
}

type Steps = Pick<Deployment, "create" | "remove" | "otherActions">;

function stepsOfConfig(config: Resource, deployment: Resource): Steps {
  const actions = plainTexts(propertyOf(deployment, "actions"), "its actions") ?? ["CREATE", "UPDATE"];
  const group = literalOf(config, "group");
  const run = propertyOf(config, "config");
  if (group === undefined || run === undefined) throw new NotARole("its config names no group that says how to run it");
  return stepsByAction([{ actions, tool: group, run }]);
}

// Which actions a component has is its own affair: those of the deployment do not count.
function stepsOfComponent(component: Resource): Steps {
  const configs = propertyOf(component, "configs");
  if (configs?.kind !== "list") throw new NotARole("its configs are not written out");
  return stepsByAction(
    configs.items.map((item) => {
      const entries = new Map(entriesOf(item, "its configs").map(({ key, value }) => [key, value]));
      const tool = textOf(entries.get("tool"));
      const run = entries.get("config");
      if (tool === undefined || run === undefined) throw new NotARole("one of its configs has no tool, or nothing to run");
      return { actions: plainTexts(entries.get("actions"), "its actions") ?? ["CREATE", "UPDATE"], tool, run };
    }),
  );
}

// weft runs a changed role again, so an update needs no step of its own where it runs what creation ran.
function stepsByAction(configs: (Step & { actions: string[] })[]): Steps {
  const find = (action: string): (Step & { actions: string[] }) | undefined =>
    configs.find(({ actions }) => actions.includes(action));
  const [create, remove] = [find("CREATE"), find("DELETE")];
  if (create === undefined && remove === undefined) throw new NotARole("it runs neither at CREATE nor at DELETE");
  const others = configs.flatMap(({ actions }) => actions.filter((action) => action !== "CREATE" && action !== "DELETE"));
  return {
    ...(create === undefined ? {} : { create: { tool: create.tool, run: create.run } }),
    ...(remove === undefined ? {} : { remove: { tool: remove.tool, run: remove.run } }),
    otherActions: others.filter((action) => action !== "UPDATE" || create === undefined || !create.actions.includes("UPDATE")),
  };
}

function checkStep(group: string, run: Value, template: Template): void {
  if (toolsByGroup[group] === undefined) throw new NotARole(`no tool of weft runs configs of group ${group}`);
  const unread = filesIn(run).find((file) => !template.files.has(file));
  if (unread !== undefined) throw new NotARole(`${unread} is fetched by Heat's client`);
}

// In a member's plan its index takes the place of the index variable in every text; in a deployment Heat leaves texts alone.
function checkIndex({ name, group }: Resource, values: (Value | undefined)[], template: Template): void {
  const indexVar = group?.indexVar;
  if (indexVar === undefined) return;
  const holds = (value: Value | undefined): boolean => {
    if (value?.kind === "literal") return String(value.value).includes(indexVar);
    if (value?.kind === "list") return value.items.some(holds);
    if (value?.kind === "map") return value.entries.some((entry) => entry.key.includes(indexVar) || holds(entry.value));
    if (value?.kind !== "call") return false;
    const file = value.fn === "get_file" ? template.files.get(textOf(value.arg) ?? "") : undefined;
    return holds(value.arg) || file?.includes(indexVar) === true;
  };
  if (values.some(holds)) throw new NotARole(`${indexVar} stands in its texts, which means a member of ${name} in roles`);
}

function filesIn(value: Value): string[] {
  if (value.kind === "list") return value.items.flatMap(filesIn);
  if (value.kind === "map") return value.entries.flatMap((entry) => filesIn(entry.value));
  if (value.kind === "literal") return [];
  return value.fn === "get_file" ? [textOf(value.arg) ?? ""] : filesIn(value.arg);
}

function missingInputs(value: Value | undefined, key: string, inputs: string[]): string[] {
  if (value?.kind === "list") return value.items.flatMap((item) => missingInputs(item, key, inputs));
  if (value?.kind !== "map") return [];
  const [only, second] = value.entries as [Entry?, Entry?];
  const named = second === undefined && only?.key === key ? textOf(only.value) : undefined;
  if (named !== undefined) return inputs.includes(named) ? [] : [named];
  return value.entries.flatMap((entry) => missingInputs(entry.value, key, inputs));
}

function optionsOf(config: Resource): JsonMap {
  const options = plainJson(propertyOf(config, "options"), "the options of its config");
  return options !== null && typeof options === "object" && !Array.isArray(options) ? options : {};
}

// A property that must be known now.
function literalOf(resource: Resource, key: string): string | undefined {
  const value = propertyOf(resource, key);
  if (value !== undefined && textOf(value) === undefined) throw new NotARole(`${key} of ${resource.name} is not written out`);
  return textOf(value);
}

function referenceOf(resource: Resource, key: string): string | undefined {
  const value = propertyOf(resource, key);
  return value === undefined ? undefined : resourceNamed(value);
}

function resourceNamed(value: Value): string | undefined {
  return value.kind === "call" && (value.fn === "get_resource" || value.fn === "Ref") ? textOf(value.arg) : undefined;
}

/** A role's name made of a resource's, which may hold more than a role's. */
export function roleNameOf(resource: string): string {
  return namePattern.test(resource) ? resource : resource.replace(/[^A-Za-z0-9_-]/g, "_").replace(/^(?![A-Za-z_])/, "_");
}

/** The output that an attribute of a deployment means; a group has plurals for what its members call deploy_stdout and so on. */
export function outputMeant(attribute: string, { isGroup }: Deployment): string {
  const singular = attribute.replace(/s$/, "");
  return isGroup && attribute.startsWith("deploy_") && isRunResult(singular) ? singular : attribute;
}
