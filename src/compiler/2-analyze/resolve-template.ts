// Template -> ResolvedTemplate: goes through every place that holds references, roles and all else, and resolves them there.
import { Report } from "../../diagnostics/diagnostic.ts";
import { memberId } from "../../model/cell.ts";
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
import type { Output, Resource, Template } from "../../model/template.ts";
import { defaultWhen } from "../../model/tool-names.ts";
import type { UserDataPart } from "../../model/user-data.ts";
import type { Context, Place } from "./context.ts";
import { findResource, findRole } from "./find-names.ts";
import { readEnd } from "./make-reads.ts";
import { readUserData } from "./read-user-data.ts";
import { resolveCondition, resolveValue } from "./resolve-references.ts";
import { findKnots, findShortestCycle } from "./strongly-connected.ts";

/** Resolves all references of a template; those that are wrong are reported. */
export function resolveTemplate(template: Template, report: Report): ResolvedTemplate {
  const sizes = resolveSizes(template);
  const base: Base = { template, report, sizes, conditions: new Map() };
  const conditions = mapValues(template.conditions, (value) => resolveCondition(value, fixed(base, "a condition")));
  checkConditionCycles(template, conditions, report);
  const resourceConditions = mapValues(template.resources, ({ condition }) =>
    condition === undefined ? undefined : resolveCondition(condition, fixed(base, "a condition")),
  );
  const inTemplate: Base = { ...base, conditions: resourceConditions };
  const vms: ResolvedVm[] = [];
  const properties = new Map<string, Expr>();
  for (const resource of template.resources.values()) {
    properties.set(resource.name, resolveProperties(resource, inTemplate));
    if (resource.vm !== undefined) vms.push(resolveVm(resource, resource.vm, inTemplate));
  }
  const outputs = [...template.outputs.values()].map((output) => resolveStackOutput(output, inTemplate));
  const leftOut = template.leftOut === undefined ? {} : { leftOut: template.leftOut };
  // What is wrong with the references of user_data was said where properties are looked at.
  const quiet = { ...inTemplate, report: new Report() };
  const userData = new Map(
    [...readUserData(template, report)].map(([name, parts]): [string, UserDataPart[]] => [
      name,
      parts.map((part) => ({ ...part, expr: resolveValue(part.value, fixed(quiet, "user_data")) })),
    ]),
  );
  return { vms, outputs, conditions, properties, resourceConditions, userData, ...leftOut };
}

type Base = Pick<Context, "template" | "report" | "reader" | "sizes" | "conditions">;

// What is wrong with a group's count is reported where its properties are looked at.
function resolveSizes(template: Template): Map<string, Expr> {
  const base: Base = { template, report: new Report(), sizes: new Map(), conditions: new Map() };
  return mapValues(template.resources, ({ group }) =>
    group === undefined ? undefined : resolveValue(group.count, fixed(base, "the count of a group")),
  );
}

function mapValues<From, To>(map: Map<string, From>, change: (value: From) => To | undefined): Map<string, To> {
  return new Map(
    [...map].flatMap(([key, value]): [string, To][] => {
      const changed = change(value);
      return changed === undefined ? [] : [[key, changed]];
    }),
  );
}

function checkConditionCycles(template: Template, conditions: Map<string, Expr>, report: Report): void {
  const names = [...conditions.keys()];
  const numbers = new Map(names.map((name, number) => [name, number]));
  const targets = [...conditions.values()].map((expr) => {
    const found: number[] = [];
    visitExpr(expr, (inner) => {
      if (inner.kind === "condition") found.push(numbers.get(inner.name) as number);
    });
    return found;
  });
  for (const knot of findKnots(targets)) {
    const cycle = findShortestCycle(targets, knot).map((number) => names[number] as string);
    const span = template.conditions.get(cycle[0] as string)?.span;
    if (span !== undefined) report.add("condition-cycle", span, { cycle: [...cycle, cycle[0] as string] });
  }
}

function contextFor(base: Base, place: Place): Context {
  return { ...base, place, reads: [] };
}

function fixed(base: Base, name: string): Context {
  return contextFor(base, { kind: "fixed", name });
}

// The resource_def of a group of vms holds our annotation, so only what else it holds is looked at.
function resolveProperties(resource: Resource, base: Base): Expr {
  const context = fixed(base, "a property of a resource");
  if (resource.group?.memberProperties !== undefined) resolveValue(resource.group.memberProperties, context);
  const { properties } = resource;
  if (properties?.kind !== "map") return { kind: "value", value: null };
  const entries = properties.entries.filter(({ key }) => resource.group === undefined || key !== "resource_def");
  return resolveValue({ ...properties, entries }, context);
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
            size: base.sizes.get(resource.name) as Expr,
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
    when: spec.when ?? defaultWhen(role.tool, role.options),
    value,
    reads: context.reads,
    secret: isSecret(value, context),
  };
}

function resolveStackOutput(spec: Output, base: Base): ResolvedOutput {
  const context = contextFor(base, { kind: "output" });
  const value = resolveValue(spec.value, context);
  const resolved: ResolvedOutput = { spec, value, reads: context.reads, secret: isSecret(value, context) };
  if (spec.condition !== undefined) resolved.condition = resolveCondition(spec.condition, fixed(base, "a condition"));
  return resolved;
}

function resolveAfter(after: AfterSpec, own: Resource, base: Base): ResolvedAfter | undefined {
  const context = fixed(base, "`after`");
  const resource = after.resource === undefined ? own : findResource(after.resource, after.span, context);
  if (resource === undefined) return undefined;
  const role = findRole(resource, after.role, after.span, context);
  if (role === undefined) return undefined;
  return { span: after.span, resource: resource.name, role: role.name, target: readEnd(resource, role, after, context) };
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
