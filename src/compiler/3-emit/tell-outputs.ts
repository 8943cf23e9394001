// How Heat shows the stack outputs that roles write: the carrier of the vm that tells them has them, of one member where all could tell.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Json, JsonMap } from "../../model/json.ts";
import type { ResolvedOutput, ResolvedTemplate } from "../../model/resolved.ts";
import type { VmPlan } from "../../model/vm-plan.ts";
import type { CarriedVm, Carriers } from "./emit-carriers.ts";
import { hotOf } from "./hot-values.ts";
import type { Tree } from "./yaml-tree.ts";

/** Reports the outputs that nobody tells Heat, for the vm that would gets no plan. */
export function reportUntold(resolved: ResolvedTemplate, plans: VmPlan[], { vms }: Carriers, report: Report): void {
  for (const { spec } of resolved.outputs) {
    const teller = plans.find((plan) => tells(plan, spec.name));
    if (teller !== undefined && !vms.some(({ plan }) => plan === teller))
      report.add("output-not-told", spec.span, { output: spec.name, vm: teller.vm });
  }
}

/** Sets what stands for each stack output in which something is known at run time only. */
export function tellOutputs(tree: Tree, carriers: Carriers, resolved: ResolvedTemplate): void {
  for (const outputs of tree.maps(tree.root, "outputs")) {
    for (const output of resolved.outputs) {
      const { name } = output.spec;
      const isOfRole = resolved.leftOut?.outputs.has(name) === true;
      if (output.reads.length === 0 && !isOfRole) continue;
      const told = toldBy(output, carriers);
      if (told === undefined) tree.clear("outputs", new Set([name]));
      else tree.setPlain(tree.own(outputs, name), "value", told);
    }
  }
}

function toldBy({ spec: { name }, value, reads }: ResolvedOutput, carriers: Carriers): Json | undefined {
  // What no deployment ever tells is known already.
  if (reads.length === 0) return hotOf(value);
  const vm = carriers.vms.find(({ plan }) => tells(plan, name));
  if (vm === undefined) return undefined;
  if (hasSeveral(vm)) return { get_attr: [carriers.toldNameOf(vm), "outputs", name] };
  return { get_attr: [carriers.nameOf(vm), vm.serves === "member" ? `resource.${vm.teller}.outputs` : "outputs", name] };
}

/** Resources that gather what is told by one of several carriers, nobody knows which. They are in any version of the user's template. */
export function gatherTold(carriers: Carriers): [string, JsonMap][] {
  const several = carriers.vms.filter((vm) => vm.plan.outputs !== undefined && hasSeveral(vm));
  return several.map((vm) => [
    carriers.toldNameOf(vm),
    {
      type: carriers.toldFile(),
      ...(vm.condition === undefined ? {} : { condition: vm.condition }),
      properties: { told: { all: { get_attr: [carriers.nameOf(vm), "outputs"] } } },
    },
  ]);
}

// Any member's vm may not be there.
function hasSeveral({ serves, isUnsure }: CarriedVm): boolean {
  return serves === "member" && isUnsure;
}

function tells({ outputs = {} }: VmPlan, output: string): boolean {
  return Object.hasOwn(outputs, output);
}
