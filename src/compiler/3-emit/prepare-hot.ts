// What the plain templates for Heat will hold of weft's, before any is written; what is to be reported of it; and how large the whole becomes.
import type { Report } from "../../diagnostics/diagnostic.ts";
import { withoutIndexes } from "../../model/cell.ts";
import type { Json, JsonMap } from "../../model/json.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";
import type { Value } from "../../model/template.ts";
import { type Level, levelsOf, type StackPlan } from "../../model/vm-plan.ts";
import type { ProgramDigests } from "./boot-script.ts";
import { type CarriedVm, Carriers } from "./emit-carriers.ts";
import { type EmitScope, openScopes, scopeAt } from "./emit-scopes.ts";
import { annotationBytes, bytesOf, yamlBytes } from "./estimate-size.ts";
import { runsAtDelete } from "./not-delivered.ts";
import { gatherTold, reportUntold } from "./tell-outputs.ts";

export interface HotOptions {
  plan: StackPlan;
  generation: string;
  /** The name of the file that this will be: its nested files lie in the folder NAME.d. */
  output: string;
  digests: ProgramDigests;
  /** Add a vm that is the hub. */
  hubServer?: boolean;
  /** Nothing will be written: no file's content is needed. */
  measureOnly?: boolean;
}

/** What there is to emit, with all that is to be reported of it. */
export interface Prepared {
  resolved: ResolvedTemplate;
  scopes: ReadonlyMap<string, EmitScope>;
  carriers: Carriers;
  added: Added[];
  /** Resources that gather stack outputs. */
  told: [string, JsonMap][];
}

export interface Added {
  vm: CarriedVm;
  boot: JsonMap;
  carrier: Json;
}

/** Makes all that is added to a stack; reports what cannot be. */
export function prepareHot(resolved: ResolvedTemplate, options: HotOptions, report: Report): Prepared {
  const scopes = openScopes(resolved);
  const carriers = new Carriers(scopes, resolved, options, report);
  reportUntold(resolved, options.plan.vms, carriers, report);
  // Before anything is written: what a vm needs may have to cross several borders.
  const added = carriers.vms.map((vm) => ({ vm, boot: carriers.bootProperties(vm), carrier: carriers.carrierResource(vm) }));
  return { resolved, scopes, carriers, added, told: gatherTold(carriers) };
}

/** Reports what emitHot reports, and returns about how large the plain template becomes: for those who do not want it. */
export function measureHot(
  written: { text: string; root: Value },
  resolved: ResolvedTemplate,
  options: HotOptions,
  report: Report,
): { bytes: number; resourceCount: number } {
  const prepared = prepareHot(resolved, { ...options, measureOnly: true }, report);
  const { scopes, carriers, added, told } = prepared;
  const root = scopeAt("", scopes);
  let bytes = bytesOf(written.text) - annotationBytes(written.root, written.text);
  for (const { vm, boot, carrier } of added) {
    bytes += yamlBytes({ [carriers.nameOf(vm)]: carrier }, 2);
    if (vm.scope !== root) continue;
    const name = carriers.nameBeside(vm, "boot");
    bytes += yamlBytes(carriers.serverProperties(name), 2);
    if (vm.own.group === undefined) bytes += yamlBytes({ [name]: { type: carriers.bootFile(), properties: boot } }, 2);
  }
  bytes += yamlBytes(Object.fromEntries(told), 2);
  return { bytes, resourceCount: countResources(prepared) };
}

/** How many resources the stack has with those of its nested stacks, as far as groups have a size that is written out. */
export function countResources({ scopes, carriers, resolved, told }: Prepared): number {
  const written = [...scopes.values()].map(({ template, resource, resolved: { levels } }) => {
    // A group's member is a resource in the group's own stack.
    const member = resource?.group === undefined ? 0 : 1;
    return (template.resources.size + member) * countMembers(levels, resolved, 1);
  });
  const added = carriers.vms.map((vm) => {
    const atDelete = runsAtDelete(vm.plan) ? 2 : 0;
    if (vm.plan.group === undefined) return 5 + atDelete;
    const members = countMembers(levelsOf(vm.plan), resolved, 0);
    // Member, its server, and a carrier; or a deployment of the carrier that all have.
    return ["group", "groups"].includes(vm.serves) ? 3 + members * (3 + atDelete) : 1 + members * (5 + atDelete);
  });
  // And the seal key.
  const shared = (added.length === 0 ? 0 : 1) + told.length;
  return [...written, ...added].reduce((sum, count) => sum + count, shared);
}

// Of groups within each other; one whose size is not written out has `unknown`.
function countMembers(levels: readonly Level[], { sizes }: ResolvedTemplate, unknown: number): number {
  const counts = levels.map(({ name }) => sizes.get(withoutIndexes(name)));
  return counts.reduce((product, size) => product * (size?.kind === "value" ? Number(size.value) : unknown), 1);
}
