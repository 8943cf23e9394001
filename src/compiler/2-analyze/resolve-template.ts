// Template -> ResolvedTemplate: goes through every place that holds references, roles and all else, and resolves them there.
import { Report } from "../../diagnostics/diagnostic.ts";
import { suggestNearest } from "../../diagnostics/nearest.ts";
import { memberId, memberNumbers, withIndexes, withoutIndexes } from "../../model/cell.ts";
import { visitExpr, type Expr } from "../../model/expression.ts";
import { canonicalJson, type Json } from "../../model/json.ts";
import type {
  LocatedRead,
  ResolvedAfter,
  ResolvedInput,
  ResolvedOutput,
  ResolvedRole,
  ResolvedScope,
  ResolvedTemplate,
  ResolvedVm,
} from "../../model/resolved.ts";
import type { AfterSpec, InputSpec, RoleSpec, VmSpec } from "../../model/role.ts";
import type { Output, Resource, Template } from "../../model/template.ts";
import { defaultWhen } from "../../model/tool-names.ts";
import type { UserDataPart } from "../../model/user-data.ts";
import type { Level } from "../../model/vm-plan.ts";
import { childScope, type Context, type Place } from "./context.ts";
import { isOnOne } from "./find-meaning.ts";
import { findPlaced, findRole } from "./find-names.ts";
import { allOf, idsOf, readEnd } from "./make-reads.ts";
import { readUserData } from "./read-user-data.ts";
import { resolveCondition, resolveValue } from "./resolve-references.ts";
import { indexOf, plainName, rootScope, type Scope } from "./scope.ts";
import { findKnots, findShortestCycle } from "./strongly-connected.ts";

/** Resolves all references of a template and of those that it is made of; what is wrong is reported. */
export function resolveTemplate(template: Template, report: Report): ResolvedTemplate {
  const root = rootScope(template);
  const sizes = new Map<string, Expr>();
  const base: Base = { scope: root, template, report, sizeOf: rememberSizes(sizes), conditions: new Map() };
  const scopes = openScopes(root, base, report);
  const conditions = new Map<string, Expr>();
  const resourceConditions = new Map<string, Expr>();
  for (const scope of scopes) {
    const within = fixed(inside(base, scope), "a condition");
    const own = mapValues(scope.template.conditions, (value) => resolveCondition(value, within));
    checkConditionCycles(scope, own, report);
    for (const [name, expr] of own) conditions.set(plainName(scope, name), expr);
    for (const { name, condition } of scope.template.resources.values())
      if (condition !== undefined) resourceConditions.set(plainName(scope, name), resolveCondition(condition, within));
  }
  const vms: ResolvedVm[] = [];
  const properties = new Map<string, Expr>();
  const resolvedScopes = new Map<string, ResolvedScope>();
  for (const scope of scopes) {
    const here = inside({ ...base, conditions: resourceConditions }, scope);
    resolvedScopes.set(withoutIndexes(scope.prefix), resolveScope(scope, here));
    for (const resource of scope.template.resources.values()) {
      properties.set(plainName(scope, resource.name), resolveProperties(resource, here));
      if (resource.group !== undefined) here.sizeOf(resource, scope);
      if (resource.vm !== undefined) vms.push(resolveVm(resource, resource.vm, here));
    }
  }
  const atRoot = { ...base, conditions: resourceConditions };
  const outputs = [...template.outputs.values()].map((output) => resolveStackOutput(output, atRoot));
  const leftOut = template.leftOut === undefined ? {} : { leftOut: template.leftOut };
  return {
    vms,
    outputs,
    conditions,
    properties,
    resourceConditions,
    sizes,
    scopes: resolvedScopes,
    userData: new Map(scopes.flatMap((scope) => resolveUserData(scope, inside(atRoot, scope)))),
    ...leftOut,
  };
}

// What is wrong with the references of user_data is said where properties are looked at.
function resolveUserData(scope: Scope, base: Base): [string, UserDataPart[]][] {
  const quiet = fixed({ ...base, report: new Report() }, "user_data");
  return [...readUserData(scope.template, base.report)].map(([name, parts]): [string, UserDataPart[]] => [
    plainName(scope, name),
    parts.map((part) => ({ ...part, expr: resolveValue(part.value, quiet) })),
  ]);
}

type Base = Pick<Context, "scope" | "template" | "report" | "reader" | "sizeOf" | "conditions">;

/** Heat takes no stack of more than 1,000 resources, nested ones included; this is where we stop looking. */
const maxScopes = 2000;

function openScopes(root: Scope, base: Base, report: Report): Scope[] {
  const scopes = [root];
  for (const scope of scopes) {
    for (const resource of scope.template.resources.values()) {
      const child = resource.nested === undefined ? undefined : childScope(resource, fixed(inside(base, scope), ""));
      if (child === undefined) continue;
      if (scopes.length === maxScopes) {
        report.add("nested-limit", resource.typeSpan, { problem: `there are more than ${maxScopes} nested stacks` });
        return scopes;
      }
      scopes.push(child);
    }
  }
  return scopes;
}

function inside(base: Base, scope: Scope): Base {
  return { ...base, scope, template: scope.template };
}

// What is wrong with a group's count is reported where its properties are looked at.
function rememberSizes(sizes: Map<string, Expr>): Context["sizeOf"] {
  const sizeOf: Context["sizeOf"] = (resource, scope) => {
    const name = plainName(scope, resource.name);
    const { group } = resource;
    if (group === undefined) throw new Error(`${name} is no group`);
    // Its members have names, which Heat makes: only its map of them says which there are.
    const byName: Expr | undefined =
      group.kind === "AutoScalingGroup"
        ? { kind: "attr", resource: scope.prefix + resource.name, path: ["refs_map"] }
        : undefined;
    const known = sizes.get(name);
    if (known !== undefined) return byName ?? known;
    const base: Base = { scope, template: scope.template, report: new Report(), sizeOf, conditions: new Map() };
    const size = resolveValue(group.count, fixed(base, "the count of a group"));
    sizes.set(name, size);
    return byName ?? size;
  };
  return sizeOf;
}

// What crosses the border of a nested stack: values that the parent gives, and outputs.
function resolveScope(scope: Scope, base: Base): ResolvedScope {
  const { template, levels, parent } = scope;
  const resolved: ResolvedScope = {
    prefix: scope.prefix,
    template,
    levels,
    parameters: new Map(),
    outputs: new Map(),
    runTime: { parameters: new Set(), outputs: new Set() },
  };
  if (parent === undefined) return resolved;
  const outside = inside(base, parent.scope);
  const level = parent.resource.group === undefined ? undefined : levels.at(-1);
  for (const [name, value] of parent.given) {
    const context = contextFor(outside, { kind: "output" });
    if (level !== undefined) context.indexes = [level.indexVar];
    resolved.parameters.set(name, resolveValue(value, context));
    if (context.reads.length === 0) continue;
    resolved.runTime.parameters.add(name);
    checkPassedType(name, scope, resolved, context);
  }
  checkGiven(scope, base.report);
  for (const { name, value } of template.outputs.values()) {
    const context = contextFor(base, { kind: "output" });
    resolved.outputs.set(name, resolveValue(value, context));
    if (context.reads.length > 0) resolved.runTime.outputs.add(name);
  }
  return resolved;
}

// A run-time value reaches the roles as it is; a constant is converted as Heat does.
function checkPassedType(name: string, { template, parent }: Scope, resolved: ResolvedScope, context: Context): void {
  const parameter = template.parameters.get(name);
  const value = resolved.parameters.get(name);
  const [located] = context.reads;
  const output = located?.output;
  if (parameter === undefined || parent === undefined || output === undefined || value?.kind !== "read") return;
  if (value.path.length > 0 || value.read.kind !== "cell") return;
  const types = [output.type, parameter.type];
  if (output.type === parameter.type || types.includes("json")) return;
  const span = parent.given.get(name)?.span ?? parent.resource.span;
  const related = [{ message: `parameter "${name}" is declared here`, span: parameter.span }];
  const found = `${output.name}, a ${output.type}`;
  context.report.add("type-mismatch", span, { what: `parameter "${name}"`, expected: parameter.type, found }, { related });
}

function checkGiven({ template, parent }: Scope, report: Report): void {
  if (parent === undefined) return;
  const { resource, given } = parent;
  const type = resource.group?.memberType ?? resource.type;
  for (const { name, value } of template.parameters.values()) {
    if (value !== undefined || given.has(name)) continue;
    report.add("missing-property", resource.typeSpan, { type, name });
  }
  const properties = resource.group === undefined ? resource.properties : resource.group.memberProperties;
  if (properties?.kind !== "map") return;
  for (const { key, keySpan } of properties.entries) {
    if (!template.parameters.has(key))
      report.add("unknown-property", keySpan, { type, name: key }, { hint: suggestNearest(key, template.parameters.keys()) });
  }
}

function mapValues<From, To>(map: Map<string, From>, change: (value: From) => To | undefined): Map<string, To> {
  return new Map(
    [...map].flatMap(([key, value]): [string, To][] => {
      const changed = change(value);
      return changed === undefined ? [] : [[key, changed]];
    }),
  );
}

function checkConditionCycles({ template, prefix }: Scope, conditions: Map<string, Expr>, report: Report): void {
  const names = [...conditions.keys()];
  const numbers = new Map(names.map((name, number) => [name, number]));
  const targets = [...conditions.values()].map((expr) => {
    const found: number[] = [];
    visitExpr(expr, (inner) => {
      const number = inner.kind === "condition" ? numbers.get(inner.name.slice(prefix.length)) : undefined;
      if (number !== undefined) found.push(number);
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
  return { ...base, place, indexes: [], trail: [], via: [], hidden: { met: false }, reads: [] };
}

function fixed(base: Base, name: string): Context {
  return contextFor(base, { kind: "fixed", name });
}

// The definition of a group's members holds our annotation, so only what else it holds is looked at. What a nested stack is given may be
// a run-time value: resolveScope has looked at it.
function resolveProperties(resource: Resource, base: Base): Expr {
  const context = fixed(base, "a property of a resource");
  const { properties, group, nested } = resource;
  if (group?.memberProperties !== undefined && nested === undefined) resolveValue(group.memberProperties, context);
  if (properties?.kind !== "map" || (nested !== undefined && group === undefined)) return { kind: "value", value: null };
  const entries = properties.entries.filter(({ key }) => group === undefined || (key !== "resource_def" && key !== "resource"));
  return resolveValue({ ...properties, entries }, context);
}

function resolveVm(resource: Resource, spec: VmSpec, base: Base): ResolvedVm {
  const { group } = resource;
  const { scope } = base;
  const name = plainName(scope, resource.name);
  const { own, whole } = idsOf(resource, scope);
  const levels = group === undefined ? scope.levels : [...scope.levels, levelOf(resource, base)];
  const inner = levels.at(-1);
  const inVm: Base = {
    ...base,
    reader: { resource: name, ...(group?.indexVar === undefined ? {} : { indexVar: group.indexVar }) },
  };
  const condition = conditionOf(resource, base);
  const vm: ResolvedVm = {
    id: withIndexes(
      group === undefined ? own : memberId(own, "*"),
      levels.map(() => "*"),
    ),
    resource: name,
    own: group === undefined ? own : memberId(own, "self"),
    whole,
    span: spec.span,
    order: spec.order,
    ...(inner === undefined ? {} : { group: inner }),
    ...(levels.length < 2 ? {} : { outer: levels.slice(0, -1) }),
    ...(condition === undefined ? {} : { condition }),
    roles: spec.roles.map((role) => resolveRole(role, resource, { whole, level: inner }, inVm)),
  };
  return { ...vm, roles: shareChoice(vm, base.report) };
}

function levelOf(resource: Resource, { scope, sizeOf, report }: Base): Level {
  const { skip = [], removed } = resource.group ?? {};
  if (removed !== undefined) report.add("unknown-members", removed, { group: resource.name });
  return {
    name: scope.prefix + resource.name,
    indexVar: resource.group?.indexVar ?? indexOf(scope, resource),
    size: sizeOf(resource, scope),
    ...(skip.length === 0 ? {} : { skip }),
  };
}

// That of the vm, and those of the stacks that it lies in.
function conditionOf(resource: Resource, { scope, conditions }: Base): Expr | undefined {
  const found: Expr[] = [];
  for (let at: { scope: Scope; resource: Resource } | undefined = { scope, resource }; at !== undefined; at = at.scope.parent) {
    const condition = conditions.get(plainName(at.scope, at.resource.name));
    if (condition !== undefined) found.unshift(condition);
  }
  return allOf(found);
}

function resolveRole(
  spec: RoleSpec,
  resource: Resource,
  { whole, level }: { whole: string; level: Level | undefined },
  base: Base,
): ResolvedRole {
  const { on } = spec;
  if (on !== "all" && level === undefined) base.report.add("on-outside-group", spec.onSpan ?? spec.nameSpan, { role: spec.name });
  const lowest = level?.skip === undefined ? 0 : (memberNumbers(1, level.skip)[0] as number);
  const written = typeof on === "object" ? resolveValue(on.index, fixed(base, "the index of `on`")) : undefined;
  const index: Expr | undefined = written ?? (lowest === 0 ? undefined : { kind: "value", value: lowest });
  const pick = on === "others" ? "others" : "one";
  return {
    spec,
    run: resolveValue(spec.run, fixed(base, "`run`")),
    on: on === "all" || level === undefined ? "all" : { pick, choice: whole, ...(index === undefined ? {} : { index }) },
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
    secret: isSecret(context),
  };
}

function resolveStackOutput(spec: Output, base: Base): ResolvedOutput {
  const context = contextFor(base, { kind: "output" });
  const value = resolveValue(spec.value, context);
  const resolved: ResolvedOutput = { spec, value, reads: context.reads, secret: isSecret(context) };
  if (spec.condition !== undefined) resolved.condition = resolveCondition(spec.condition, fixed(base, "a condition"));
  return resolved;
}

function resolveAfter(after: AfterSpec, own: Resource, base: Base): ResolvedAfter | undefined {
  const context = fixed(base, "`after`");
  const placed =
    after.resource === undefined ? { resource: own, context, through: [] } : findPlaced(after.resource, after.span, context);
  if (placed === undefined) return undefined;
  const { resource, through } = placed;
  const role = findRole(resource, after.role, after.span, context);
  if (role === undefined) return undefined;
  const groups = through.length + (resource.group === undefined ? 0 : 1) - (isOnOne(role) ? 1 : 0);
  if (groups > 1) {
    const problem = `\`after\` waits for the members of one group, and ${resource.name} lies in several`;
    base.report.add("nested-limit", after.span, { problem });
    return undefined;
  }
  const target = readEnd(resource, role, after, through[0], placed.context);
  return { span: after.span, resource: plainName(placed.context.scope, resource.name), role: role.name, target };
}

function isSecret({ hidden, reads }: Context): boolean {
  return hidden.met || reads.some((read: LocatedRead) => read.output?.secret === true);
}
