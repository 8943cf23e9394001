// What the plain templates for Heat will hold of weft's, before any is written; what is to be reported of it; and how large the whole becomes.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Json, JsonMap } from "../../model/json.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";
import type { Value } from "../../model/template.ts";
import type { StackPlan } from "../../model/vm-plan.ts";
import type { ProgramDigests } from "./boot-script.ts";
import { type CarriedVm, Carriers } from "./emit-carriers.ts";
import { type EmitScope, openScopes, scopeAt } from "./emit-scopes.ts";
import { annotationBytes, bytesOf, yamlBytes } from "./estimate-size.ts";

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
  scopes: ReadonlyMap<string, EmitScope>;
  carriers: Carriers;
  added: Added[];
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
  // Before anything is written: what a vm needs may have to cross several borders.
  const added = carriers.vms.map((vm) => ({ vm, boot: carriers.bootProperties(vm), carrier: carriers.carrierResource(vm) }));
  return { scopes, carriers, added };
}

/** Reports what emitHot reports, and returns about how large the plain template becomes: for those who do not want it. */
export function measureHot(
  written: { text: string; root: Value },
  resolved: ResolvedTemplate,
  options: HotOptions,
  report: Report,
): { bytes: number; resourceCount: number } {
  const prepared = prepareHot(resolved, { ...options, measureOnly: true }, report);
  const { scopes, carriers, added } = prepared;
  const root = scopeAt("", scopes);
  let bytes = bytesOf(written.text) - annotationBytes(written.root, written.text);
  for (const { vm, boot, carrier } of added) {
    bytes += yamlBytes({ [carriers.nameOf(vm)]: carrier }, 2);
    if (vm.scope !== root) continue;
    const name = carriers.nameBeside(vm, "boot");
    bytes += yamlBytes(carriers.serverProperties(name), 2);
    if (vm.own.group === undefined) bytes += yamlBytes({ [name]: { type: carriers.bootFile(), properties: boot } }, 2);
  }
  return { bytes, resourceCount: countResources(prepared) };
}

/** How many resources the stack has with those of its nested stacks, as far as groups have a size that is written out. */
export function countResources({ scopes, carriers }: Prepared): number {
  const counts = [...scopes.values()].map(({ template, resolved }) => {
    const members = resolved.levels.map(({ size }) => (size.kind === "value" ? Number(size.value) : 1));
    return template.resources.size * members.reduce((product, size) => product * size, 1);
  });
  return counts.reduce((sum, count) => sum + count, carriers.countResources());
}
