// ResolvedTemplate -> StackPlan: one plan a vm or group, the stack's outputs, and the expressions that Heat resolves. The same
// template gives the same bytes.
import { cellId, roleId } from "../../model/cell.ts";
import type { Bundle, PackedPath } from "../../model/bundle.ts";
import { canonicalJson, type Json } from "../../model/json.ts";
import type { ResolvedAfter, ResolvedInput, ResolvedRole, ResolvedTemplate, ResolvedVm } from "../../model/resolved.ts";
import type { OutputSpec } from "../../model/role.ts";
import {
  levelsOf,
  planFormat,
  type AfterPlan,
  type InputPlan,
  type Level,
  type OutputPlan,
  type RolePlan,
  type StackPlan,
  type VmPlan,
} from "../../model/vm-plan.ts";
import type { Access } from "../../model/access.ts";
import { Slots } from "./bind-values.ts";

/** SHA-256 of a text as hexadecimal digits. */
type Digest = (text: string) => string;

/** Makes the plans of all vms. Parameters stay parameters: no plan holds a value that a user gives at deploy time. */
export function emitStackPlan(template: ResolvedTemplate, access: Access, sha256: Digest): StackPlan {
  const slots: StackPlan["slots"] = {};
  const vms = template.vms.map((vm) => {
    const own = new Slots(template.scopes, levelsOf(vm));
    const plan = emitVmPlan(vm, template, access, own, sha256);
    slots[vm.id] = own.expressions;
    return plan;
  });
  const outputs = template.outputs.map(({ spec, value, secret, condition }) => [
    spec.name,
    { value, secret: secret && !spec.reveal, ...(condition === undefined ? {} : { condition }) },
  ]);
  const conditions: StackPlan["conditions"] = {};
  for (const { id, condition } of template.vms) {
    if (condition !== undefined) conditions[id] = condition;
  }
  return { format: planFormat, vms, outputs: Object.fromEntries(outputs) as StackPlan["outputs"], conditions, slots };
}

/** The name of a version of the configuration: the first 16 hexadecimal digits of the digest of its plan. */
export function nameGeneration(plan: StackPlan, sha256: Digest): string {
  return sha256(canonicalJson(plan as unknown as Json)).slice(0, 16);
}

function emitVmPlan(vm: ResolvedVm, template: ResolvedTemplate, access: Access, slots: Slots, sha256: Digest): VmPlan {
  const bundles: Record<string, Bundle> = {};
  const granted = access.vms.get(vm.id);
  if (granted === undefined) throw new Error(`no rights were derived for ${vm.id}`);
  const outputs = template.outputs
    .filter(({ spec }) => access.outputs.get(spec.name) === vm.id)
    .map(({ spec, value, secret }) => [
      spec.name,
      { value: slots.bind(value, `outputs.${spec.name}`), secret: secret && !spec.reveal },
    ]);
  return {
    format: planFormat,
    vm: vm.id,
    order: vm.order,
    ...(vm.group === undefined ? {} : { group: bindLevel(vm.group, slots) }),
    ...(vm.outer === undefined ? {} : { outer: vm.outer.map((level) => bindLevel(level, slots)) }),
    roles: vm.roles.map((role) => {
      const files = emitFiles(role.spec.packed ?? {}, bundles, sha256);
      return { ...emitRole(role, vm, access, slots), ...(Object.keys(files).length === 0 ? {} : { files }) };
    }),
    ...(Object.keys(bundles).length === 0 ? {} : { bundles }),
    ...granted,
    ...(outputs.length === 0 ? {} : { outputs: Object.fromEntries(outputs) as NonNullable<VmPlan["outputs"]> }),
  };
}

function bindLevel(level: Level, slots: Slots): Level {
  return { ...level, size: slots.bind(level.size, "group.size") };
}

// Two paths with the same files are one bundle.
function emitFiles(packed: Record<string, PackedPath>, bundles: Record<string, Bundle>, sha256: Digest): Record<string, string> {
  const files = Object.entries(packed).map(([path, { bundle, file }]) => {
    const digest = sha256(canonicalJson(bundle as unknown as Json));
    bundles[digest] = bundle;
    return [path, file === undefined ? digest : `${digest}/${file}`];
  });
  return Object.fromEntries(files) as Record<string, string>;
}

function emitRole(role: ResolvedRole, vm: ResolvedVm, access: Access, slots: Slots): RolePlan {
  const { spec, on } = role;
  const { name } = spec;
  return {
    name,
    tool: spec.tool,
    run: slots.bind(role.run, `${name}.run`),
    options: spec.options,
    inputs: role.inputs.map((input) => emitInput(input, `${name}.inputs`, slots)),
    outputs: spec.outputs.map((output) => emitOutput(output, role, vm, access)),
    after: role.after.map((after) => emitAfter(after, `${name}.after`, slots)),
    onError: spec.onError,
    ...(spec.timeoutMs === undefined ? {} : { timeoutMs: spec.timeoutMs }),
    onDelete: spec.onDelete,
    publishEnd: access.publishedEnds.has(roleId(vm.resource, name)),
    on: on === "all" || on.index === undefined ? on : { ...on, index: slots.bind(on.index, `${name}.on`) },
    ...(spec.contract === undefined ? {} : { contract: spec.contract }),
    ...(spec.inputKey === undefined ? {} : { inputKey: spec.inputKey }),
  };
}

function emitInput({ spec, when, value, secret }: ResolvedInput, place: string, slots: Slots): InputPlan {
  return {
    name: spec.name,
    value: slots.bind(value, `${place}.${spec.name}`),
    ...(spec.type === undefined ? {} : { type: spec.type }),
    ...(spec.default === undefined ? {} : { default: spec.default }),
    when,
    ...(spec.waitTimeoutMs === undefined ? {} : { waitTimeoutMs: spec.waitTimeoutMs }),
    secret,
  };
}

function emitOutput(output: OutputSpec, { spec, on }: ResolvedRole, vm: ResolvedVm, access: Access): OutputPlan {
  // What one member writes for the whole group has a cell of the group.
  const isOfGroup = on !== "all" && on.pick === "one";
  return {
    name: output.name,
    cell: cellId(isOfGroup ? vm.whole : vm.own, spec.name, output.name),
    type: output.type,
    ...(output.from === undefined ? {} : { from: output.from }),
    secret: output.secret,
    optional: output.optional,
    publish: output.publish,
    before: output.before.map(({ name }) => name),
    errorOutput: output.errorOutput,
    published: access.publishedOutputs.has(cellId(vm.resource, spec.name, output.name)),
  };
}

function emitAfter({ resource, role, target }: ResolvedAfter, place: string, slots: Slots): AfterPlan {
  return { role: roleId(resource, role), cells: slots.bindRead(target, place) };
}
