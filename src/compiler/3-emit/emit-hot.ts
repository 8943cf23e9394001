// The plain templates for Heat: the user's own YAML, comments and all, without what is ours in it, and with what hands each vm its plan.
import { parse, type YAMLMap } from "yaml";
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Json, JsonMap } from "../../model/json.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";
import type { Resource, Template } from "../../model/template.ts";
import type { CarriedVm, Carriers } from "./emit-carriers.ts";
import { type EmitScope, scopeAt } from "./emit-scopes.ts";
import { deleteDeployment } from "./heat-files.ts";
import { runsAtDelete } from "./not-delivered.ts";
import { countResources, type HotOptions, type Prepared, prepareHot } from "./prepare-hot.ts";
import { readDocument } from "./read-document.ts";
import { folderOf, relativePath } from "./relative-path.ts";
import { tellOutputs } from "./tell-outputs.ts";
import { Tree } from "./yaml-tree.ts";

export interface EmittedHot {
  hot: string;
  /** What lies in NAME.d, by name there. */
  files: Record<string, string>;
  /** How many resources the stack has with those of its nested stacks, as far as groups have a size that is written out. */
  resourceCount: number;
}

/**
 * Returns the plain template with its nested files. `textOf` gives the text of a template, which each of its uses reads for itself.
 * Deployments that have become roles are left out, and so are run-time values that nested stacks are given.
 */
export function emitHot(
  textOf: (template: Template) => string,
  resolved: ResolvedTemplate,
  options: HotOptions,
  report: Report,
): EmittedHot {
  const prepared = prepareHot(resolved, options, report);
  const { scopes, carriers, added } = prepared;
  const root = scopeAt("", scopes);
  const folder = `${folderOf(root.template.file)}${options.output}.d/`;
  const carries = added.length > 0;
  let hot = "";
  for (const scope of scopes.values()) {
    const isRoot = scope === root;
    if (!isRoot && !scope.isChanged) continue;
    const document = readDocument(scope.template.file, textOf(scope.template), report);
    if (document === undefined) continue;
    const tree = new Tree(document);
    strip(tree, scope);
    for (const child of scope.children) editChild(tree, child, carriers, folder);
    addResources(tree, scope, prepared);
    if (!isRoot) addBorder(tree, scope);
    else if (carries) addFrame(tree, carriers);
    if (isRoot) tellOutputs(tree, carriers, resolved);
    tree.mendAliases();
    carriers.addMemberFiles(scope, () => tree.plain());
    // Files that lie beside the user's template need not lie beside this one.
    if (scope.template.files.size > 0 && (carries || !isRoot)) tree.renameFiles((name) => carriers.keepFile(scope, name));
    if (isRoot) hot = tree.toString();
    else carriers.addTemplate(scope, tree.toString());
  }
  return { hot, files: carriers.files, resourceCount: countResources(prepared) };
}

function addResources(tree: Tree, scope: EmitScope, { added, carriers, told }: Prepared): void {
  const isRoot = scope.parent === undefined;
  const here = added.filter(({ vm }) => vm.scope === scope);
  if (here.length === 0 && (!isRoot || added.length === 0)) return;
  const resources = tree.own(tree.root, "resources");
  const owned = tree.ownEach(
    resources,
    here.map(({ vm }) => vm.own.name),
  );
  const more: [string, Json][] = Object.entries(isRoot ? carriers.sharedResources() : {});
  for (const { vm, boot, carrier } of isRoot ? added : here) {
    const server = vm.scope === scope ? owned.get(vm.own.name) : undefined;
    if (server !== undefined) more.push(...addBoot(tree, server, vm, boot, carriers));
    if (isRoot) more.push([carriers.nameOf(vm), carrier]);
  }
  if (isRoot) more.push(...told);
  for (const [name, value] of more) tree.addPlain(resources, name, value);
}

// Takes out what is ours, and of a nested template what Heat is told nothing of.
function strip(tree: Tree, { template, parent, resolved }: EmitScope): void {
  for (const resources of tree.maps(tree.root, "resources")) {
    tree.removeAll(resources, template.leftOut?.resources ?? new Set());
  }
  for (const resource of tree.maps(tree.root, "resources").flatMap((resources) => tree.entries(resources))) {
    tree.removeAnnotation(resource);
    for (const properties of tree.maps(resource, "properties")) {
      for (const key of ["resource_def", "resource"])
        for (const definition of tree.maps(properties, key)) tree.removeAnnotation(definition);
    }
  }
  for (const outputs of tree.maps(tree.root, "outputs"))
    for (const output of tree.entries(outputs)) tree.remove(output, "reveal");
  if (parent === undefined) return;
  tree.clear("outputs", resolved.runTime.outputs);
  tree.clear("parameters", resolved.runTime.parameters);
  tree.clearGroups(resolved.runTime.parameters);
}

// A nested stack is made of the template that is emitted for it, and given what weft needs there in place of run-time values.
function editChild(tree: Tree, child: EmitScope, carriers: Carriers, folder: string): void {
  const { resource, parent, passed, resolved } = child;
  if (resource === undefined || parent === undefined) return;
  const path = child.isChanged
    ? carriers.pathFrom(parent, carriers.templateFile(child))
    : relativePath(folder, child.template.file);
  if (!child.isChanged && parent.parent === undefined) return;
  const own = tree.own(tree.own(tree.root, "resources"), resource.name);
  const definition = resource.group === undefined ? own : tree.own(tree.own(own, "properties"), definitionKey(resource));
  tree.set(definition, "type", path);
  if (resolved.runTime.parameters.size === 0 && passed.size === 0) return;
  const properties = tree.own(definition, "properties");
  for (const name of resolved.runTime.parameters) tree.remove(properties, name);
  for (const [name, { value }] of passed) tree.setPlain(properties, name, value);
  if (properties.items.length === 0) tree.remove(definition, "properties");
}

// Where a group defines its members.
function definitionKey({ group }: Resource): string {
  return group?.kind === "AutoScalingGroup" ? "resource" : "resource_def";
}

// What weft's own values need of a nested template.
function addBorder(tree: Tree, { passed, exports }: EmitScope): void {
  for (const [name, { type, hidden }] of passed)
    tree.setPlain(tree.own(tree.root, "parameters"), name, { type, ...(hidden ? { hidden } : {}) });
  for (const [name, value] of exports) tree.setPlain(tree.own(tree.root, "outputs"), name, { value });
}

// Lets a server have its user_data from a resource of ours, which is returned; a group's members make their own.
function addBoot(tree: Tree, resource: YAMLMap, vm: CarriedVm, boot: JsonMap, carriers: Carriers): [string, Json][] {
  if (vm.own.group !== undefined) {
    makeMember(tree, tree.own(tree.own(resource, "properties"), definitionKey(vm.own)), boot, carriers, vm);
    return [];
  }
  const properties = tree.own(resource, "properties");
  const name = carriers.nameBeside(vm, "boot");
  for (const [key, value] of Object.entries(carriers.serverProperties(name))) tree.setPlain(properties, key, value);
  const conditional = vm.ownCondition === undefined ? {} : { condition: vm.ownCondition };
  const boots = { type: carriers.pathFrom(vm.scope, carriers.bootFile()), ...conditional, properties: boot };
  return [[name, boots], ...atDelete(vm, carriers, conditional)];
}

// What goes before a single vm of a nested stack does stands beside it: its carrier is in another stack, which outlives it in a group that shrinks.
function atDelete(vm: CarriedVm, carriers: Carriers, conditional: JsonMap): [string, Json][] {
  if (!runsAtDelete(vm.plan) || vm.scope.parent === undefined) return [];
  const names = ["at_delete", "delete"] as const;
  const [configName, name] = names.map((what) => JSON.stringify(carriers.nameBeside(vm, what)));
  const resources = parse(deleteDeployment(`{get_resource: ${JSON.stringify(vm.own.name)}}`, configName, name)) as Record<
    string,
    JsonMap
  >;
  return Object.entries(resources).map(([key, resource]) => [key, { ...resource, ...conditional }]);
}

function addFrame(tree: Tree, carriers: Carriers): void {
  const parameters = tree.own(tree.root, "parameters");
  for (const [name, value] of Object.entries(carriers.parameters())) tree.setPlain(parameters, name, value);
  const told = Object.entries(carriers.outputs());
  if (told.length === 0) return;
  const outputs = tree.own(tree.root, "outputs");
  for (const [name, value] of told) tree.setPlain(outputs, name, value);
}

// The members' properties stay where they are, and Heat hands them to the nested template as one value.
function makeMember(tree: Tree, definition: YAMLMap, boot: JsonMap, carriers: Carriers, vm: CarriedVm): void {
  const server = tree.own(definition, "properties");
  for (const key of carriers.ownProperties) tree.take(server, key);
  tree.set(definition, "type", carriers.pathFrom(vm.scope, carriers.memberFile(vm)));
  tree.setPlain(definition, "properties", boot);
  const properties = tree.own(definition, "properties");
  tree.set(properties, "server", server);
  const [metadata] = tree.maps(definition, "metadata");
  if (metadata !== undefined) {
    tree.set(properties, "metadata", metadata);
    tree.take(definition, "metadata");
  }
}
