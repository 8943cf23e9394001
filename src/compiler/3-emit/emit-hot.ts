// The plain template for Heat: the user's own YAML, comments and all, without what is ours in it, and with what hands each vm its plan.
import type { Document, YAMLMap } from "yaml";
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Json } from "../../model/json.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";
import type { Template } from "../../model/template.ts";
import type { StackPlan } from "../../model/vm-plan.ts";
import type { ProgramDigests } from "./boot-script.ts";
import { Carriers } from "./emit-carriers.ts";
import { hotOf } from "./hot-values.ts";
import { Tree } from "./yaml-tree.ts";

export interface HotOptions {
  plan: StackPlan;
  generation: string;
  /** The name of the file that this will be: its nested files lie in the folder NAME.d. */
  output: string;
  digests: ProgramDigests;
  /** Add a vm that is the hub. */
  hubServer?: boolean;
}

export interface EmittedHot {
  hot: string;
  /** What lies in NAME.d, by name there. */
  files: Record<string, string>;
  /** How many resources the stack has with those of its nested stacks, as far as groups have a size that is written out. */
  resourceCount: number;
}

/** Returns the plain template with its nested files; `document` is changed on the way. Deployments that have become roles are left out. */
export function emitHot(
  document: Document.Parsed,
  template: Template,
  resolved: ResolvedTemplate,
  options: HotOptions,
  report: Report,
): EmittedHot {
  const tree = new Tree(document);
  for (const resources of tree.maps(tree.root, "resources")) {
    tree.removeAll(resources, resolved.leftOut?.resources ?? new Set());
  }
  for (const resource of tree.maps(tree.root, "resources").flatMap((resources) => tree.entries(resources))) {
    tree.removeAnnotation(resource);
    for (const properties of tree.maps(resource, "properties")) {
      for (const definition of tree.maps(properties, "resource_def")) tree.removeAnnotation(definition);
    }
  }
  for (const outputs of tree.maps(tree.root, "outputs")) {
    for (const output of tree.entries(outputs)) tree.remove(output, "reveal");
  }
  const carriers = new Carriers(template, resolved, options, report);
  if (carriers.vms.length > 0) addCarriers(tree, carriers, resolved);
  tree.mendAliases();
  if (carriers.vms.some(({ indexVar }) => indexVar !== undefined)) carriers.addMemberFiles(tree.plain());
  // Files that lie beside the user's template need not lie beside this one.
  if (carriers.vms.length > 0 && template.files.size > 0) tree.renameFiles((name) => carriers.keepFile(name));
  return { hot: tree.toString(), files: carriers.files, resourceCount: template.resources.size + carriers.countResources() };
}

function addCarriers(tree: Tree, carriers: Carriers, resolved: ResolvedTemplate): void {
  const resources = tree.own(tree.root, "resources");
  const added: [string, Json][] = Object.entries(carriers.sharedResources());
  const owned = tree.ownEach(
    resources,
    carriers.vms.map(({ resource }) => resource),
  );
  for (const vm of carriers.vms) {
    const resource = owned.get(vm.resource) as YAMLMap;
    const boot = carriers.bootProperties(vm);
    if (vm.plan.group === undefined) {
      const properties = tree.own(resource, "properties");
      const name = carriers.nameOf(vm, "boot");
      for (const [key, value] of Object.entries(carriers.serverProperties(name))) tree.setPlain(properties, key, value);
      added.push([name, { type: carriers.pathOf(carriers.bootFile()), ...conditionOf(vm), properties: boot }]);
    } else makeMember(tree, tree.own(tree.own(resource, "properties"), "resource_def"), boot, carriers, vm);
    added.push([carriers.nameOf(vm), carriers.carrierResource(vm)]);
  }
  for (const [name, value] of added) tree.addPlain(resources, name, value);
  const parameters = tree.own(tree.root, "parameters");
  for (const [name, value] of Object.entries(carriers.parameters())) tree.setPlain(parameters, name, value);
  const told = Object.entries(carriers.outputs());
  if (told.length > 0) {
    const outputs = tree.own(tree.root, "outputs");
    for (const [name, value] of told) tree.setPlain(outputs, name, value);
  }
  for (const outputs of tree.maps(tree.root, "outputs")) {
    for (const { spec, value, reads } of resolved.outputs) {
      const isOfRole = resolved.leftOut?.outputs.has(spec.name) === true;
      if (reads.length === 0 && !isOfRole) continue;
      // What no deployment ever tells is known already.
      const known = reads.length === 0 ? hotOf(value) : carriers.outputReference(spec.name);
      tree.setPlain(tree.own(outputs, spec.name), "value", known);
    }
  }
}

function conditionOf(vm: Carriers["vms"][number]): { [key: string]: Json } {
  return vm.condition === undefined ? {} : { condition: vm.condition };
}

// The members' properties stay where they are, and Heat hands them to the nested template as one value.
function makeMember(
  tree: Tree,
  definition: YAMLMap,
  boot: { [key: string]: Json },
  carriers: Carriers,
  vm: Carriers["vms"][number],
): void {
  const server = tree.own(definition, "properties");
  for (const key of carriers.ownProperties) tree.take(server, key);
  tree.set(definition, "type", carriers.pathOf(carriers.memberFile(vm)));
  tree.setPlain(definition, "properties", { ...boot, index: vm.indexVar ?? "" });
  const properties = tree.own(definition, "properties");
  tree.set(properties, "server", server);
  const [metadata] = tree.maps(definition, "metadata");
  if (metadata !== undefined) {
    tree.set(properties, "metadata", metadata);
    tree.take(definition, "metadata");
  }
}
