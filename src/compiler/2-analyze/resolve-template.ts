// Template -> ResolvedTemplate: goes through every place that holds references, roles and all else, and resolves them there.
import type { Report } from "../../diagnostics/diagnostic.ts";
import { endCell, memberId } from "../../model/cell.ts";
import { visitExpr, type Expr } from "../../model/expression.ts";
import { canonicalJson, type Json } from "../../model/json.ts";
import type {
  LocatedRead,
  ResolvedAfter,
  ResolvedInput,
  ResolvedOutput,
  ResolvedRole,
  ResolvedTemplate,
  ResolvedVm,
} from "../../model/resolved.ts";
import type { AfterSpec, InputSpec, RoleSpec, VmSpec } from "../../model/role.ts";
import type { Entry, Output, Resource, Template } from "../../model/template.ts";
import { findTool } from "../../model/tool-names.ts";
import type { Context, Place } from "./context.ts";
import { isOnOne } from "./find-meaning.ts";
import { findResource, findRole } from "./find-names.ts";
import { resolveSize, resolveValue } from "./resolve-references.ts";

/** Resolves all references of a template; those that are wrong are reported. */
export function resolveTemplate(template: Template, report: Report): ResolvedTemplate {
  const base: Base = { template, report };
  for (const condition of template.conditions.values()) resolveValue(condition, fixed(base, "a condition"));
  const vms: ResolvedVm[] = [];
  for (const resource of template.resources.values()) {
    resolveProperties(resource, base);
    if (resource.vm !== undefined) vms.push(resolveVm(resource, resource.vm, base));
  }
  const outputs = [...template.outputs.values()].map((output) => resolveStackOutput(output, base));
  return { vms, outputs, ...(template.leftOut === undefined ? {} : { leftOut: template.leftOut }) };
}

type Base = Pick<Context, "template" | "report" | "reader">;

function contextFor(base: Base, place: Place): Context {
  return { ...base, place, reads: [] };
}

function fixed(base: Base, name: string): Context {
  return contextFor(base, { kind: "fixed", name });
}

// The resource_def of a group of vms holds our annotation, so only what else it holds is looked at.
function resolveProperties(resource: Resource, base: Base): void {
  const context = fixed(base, "a property of a resource");
  const entries: Entry[] = resource.properties?.kind === "map" ? resource.properties.entries : [];
  for (const { key, value } of entries) {
    if (resource.group === undefined || key !== "resource_def") resolveValue(value, context);
  }
  if (resource.group?.memberProperties !== undefined) resolveValue(resource.group.memberProperties, context);
}

function resolveVm(resource: Resource, spec: VmSpec, base: Base): ResolvedVm {
  const { group } = resource;
  const inVm: Base = {
    ...base,
    reader: { resource: resource.name, ...(group === undefined ? {} : { indexVar: group.indexVar }) },
  };
  const vm: ResolvedVm = {
    id: group === undefined ? resource.name : memberId(resource.name, "*"),
    resource: resource.name,
    span: spec.span,
    order: spec.order,
    ...(group === undefined
      ? {}
      : {
          group: {
            name: resource.name,
            indexVar: group.indexVar,
            size: resolveSize(resource, base.template),
          },
        }),
    roles: spec.roles.map((role) => resolveRole(role, resource, inVm)),
  };
  return { ...vm, roles: shareChoice(vm, base.report) };
}

function resolveRole(spec: RoleSpec, resource: Resource, base: Base): ResolvedRole {
  const { on } = spec;
  if (on !== "all" && resource.group === undefined)
    base.report.add("on-outside-group", spec.onSpan ?? spec.nameSpan, { role: spec.name });
  const index = typeof on === "object" ? resolveValue(on.index, fixed(base, "the index of `on`")) : undefined;
  const pick = on === "others" ? "others" : "one";
  return {
    spec,
    run: resolveValue(spec.run, fixed(base, "`run`")),
    on:
      on === "all" || resource.group === undefined
        ? "all"
        : { pick, choice: resource.name, ...(index === undefined ? {} : { index }) },
    inputs: spec.inputs.map((input) => resolveInput(input, spec, base)),
    after: spec.after.flatMap((after) => resolveAfter(after, resource, base) ?? []),
  };
}

// Whoever comes first makes the choice, so all roles of the group that depend on it must propose the same.
function shareChoice(vm: ResolvedVm, report: Report): ResolvedRole[] {
  const choosers = vm.roles.filter(({ on }) => on !== "all" && on.pick === "one");
  const [first] = choosers;
  if (first === undefined || first.on === "all") return vm.roles;
  const proposal = proposalOf(first);
  for (const role of choosers) {
    if (proposalOf(role) === proposal) continue;
    const { onSpan, nameSpan, name } = role.spec;
    report.add(
      "mixed-choice",
      onSpan ?? nameSpan,
      { group: vm.resource, role: name, other: first.spec.name },
      {
        related: [{ message: `role ${first.spec.name} chooses here`, span: first.spec.onSpan ?? first.spec.nameSpan }],
      },
    );
  }
  const { index } = first.on;
  if (index === undefined) return vm.roles;
  return vm.roles.map((role) => (role.on === "all" ? role : { ...role, on: { ...role.on, index } }));
}

function proposalOf(role: ResolvedRole): string {
  return role.on === "all" || role.on.index === undefined ? "" : canonicalJson(role.on.index as unknown as Json);
}

function resolveInput(spec: InputSpec, role: RoleSpec, base: Base): ResolvedInput {
  const context = contextFor(base, { kind: "input", bind: spec.bind ?? "run" });
  const value = resolveValue(spec.value, context);
  return {
    spec,
    when: spec.when ?? findTool(role.tool)?.defaultWhen ?? "eager",
    value,
    reads: context.reads,
    secret: isSecret(value, context),
  };
}

function resolveStackOutput(spec: Output, base: Base): ResolvedOutput {
  const context = contextFor(base, { kind: "output" });
  const value = resolveValue(spec.value, context);
  return { spec, value, reads: context.reads, secret: isSecret(value, context) };
}

function resolveAfter(after: AfterSpec, own: Resource, base: Base): ResolvedAfter | undefined {
  const context = fixed(base, "`after`");
  const resource = after.resource === undefined ? own : findResource(after.resource, after.span, context);
  if (resource === undefined) return undefined;
  const role = findRole(resource, after.role, after.span, context);
  if (role === undefined) return undefined;
  const located = { span: after.span, resource: resource.name, role: role.name };
  if (resource.group === undefined || isOnOne(role))
    return { ...located, target: { kind: "cell", cell: endCell(resource.name, role.name) } };
  // A plain name is a role of the same member, a pair is a barrier over all.
  if (after.resource === undefined)
    return { ...located, target: { kind: "cell", cell: endCell(memberId(resource.name, "self"), role.name) } };
  return {
    ...located,
    target: { kind: "gather", group: resource.name, role: role.name, size: resolveSize(resource, base.template) },
  };
}

function isSecret(value: Expr, { template, reads }: Context): boolean {
  if (reads.some((read: LocatedRead) => read.output?.secret === true)) return true;
  let isHidden = false;
  visitExpr(value, (expr) => {
    const name = expr.kind === "param" ? expr.name : undefined;
    if (name !== undefined && template.parameters.get(name)?.hidden === true) isHidden = true;
  });
  return isHidden;
}
