// The templates of a stack as they are emitted, one a use, and what crosses their borders for weft's sake: values for the carriers, which
// all stand in the stack's own template, on the way up, and what a vm's user_data is made of on the way down.
import { withoutIndexes } from "../../model/cell.ts";
import type { Expr } from "../../model/expression.ts";
import type { Json } from "../../model/json.ts";
import type { ResolvedScope, ResolvedTemplate } from "../../model/resolved.ts";
import type { Resource, Template } from "../../model/template.ts";
import { conditionOf, hotOf } from "./hot-values.ts";
import { Names } from "./names.ts";

/** A parameter that weft adds to a nested template, and what the parent gives it. */
export interface Passed {
  type: "string" | "json" | "comma_delimited_list";
  hidden: boolean;
  value: Json;
}

/** One template of the stack in one of its uses. */
export class EmitScope {
  readonly plain: string;
  readonly resolved: ResolvedScope;
  readonly template: Template;
  readonly parent: EmitScope | undefined;
  /** What stands for it in the parent, and that resource's condition. */
  readonly resource: Resource | undefined;
  readonly condition: Json | undefined;
  readonly names: Names;
  readonly children: EmitScope[] = [];
  /** Outputs and parameters that weft adds, by name. */
  readonly exports = new Map<string, Json>();
  readonly passed = new Map<string, Passed>();

  constructor(plain: string, resolved: ResolvedScope, parent: EmitScope | undefined, condition: Json | undefined) {
    this.plain = plain;
    this.resolved = resolved;
    this.template = resolved.template;
    this.parent = parent;
    const name = parent === undefined ? "" : plain.slice(parent.plain.length, -1);
    this.resource = parent?.template.resources.get(name);
    this.condition = condition;
    const { parameters, resources, outputs, leftOut } = resolved.template;
    this.names = new Names([
      ...parameters.keys(),
      ...resources.keys(),
      ...(leftOut?.resources ?? []),
      ...(parent === undefined ? [] : outputs.keys()),
    ]);
    parent?.children.push(this);
  }

  /** Whether Heat gets another template than the user's. */
  get isChanged(): boolean {
    const { runTime } = this.resolved;
    return (
      this.template.leftOut !== undefined ||
      [...this.template.resources.values()].some(({ vm }) => vm !== undefined) ||
      [runTime.parameters, runTime.outputs, this.exports, this.passed].some(({ size }) => size > 0) ||
      this.children.some(({ isChanged }) => isChanged)
    );
  }

  /**
   * What stands in the stack's own template for a value of this one; of all members, where there are several, a map by number, or a list
   * (`as`); `otherwise` where a stack on the way is missing.
   */
  lift(value: Json, otherwise: Json = "", as: "map" | "list" = "map"): Json {
    const { parent, resource } = this;
    if (parent === undefined || resource === undefined) return value;
    const known = [...this.exports].find(([, other]) => JSON.stringify(other) === JSON.stringify(value))?.[0];
    const name = known ?? this.names.get(`weft_value_${this.exports.size + 1}`);
    this.exports.set(name, value);
    // In the first version an attribute does not see the path behind it: there it is the list over the members.
    const isMap = as === "map" && resource.group !== undefined && parent.template.version !== "2013-05-23";
    const isListOfNamed = as === "list" && resource.group?.kind === "AutoScalingGroup";
    const key = isMap ? [membersKey(resource)] : isListOfNamed ? ["outputs_list"] : [];
    const lifted: Json = { get_attr: [resource.name, ...key, name] };
    // In the stack's own template what asks has the same condition.
    const isSure = this.condition === undefined || parent.parent === undefined;
    const missing = isMap ? {} : otherwise;
    return parent.lift(isSure ? lifted : { if: [this.condition, lifted, missing] }, missing, as);
  }

  /** What stands here for a value of the template in `from`, in which this one lies; the parameter is named `wanted`. */
  bring(wanted: string, value: Json, { type = "string", hidden = false }: Partial<Passed> = {}, from?: EmitScope): Json {
    if (this.parent === undefined || this === from) return value;
    const name = this.names.get(wanted);
    this.passed.set(name, { type, hidden, value: this.parent.bring(wanted, value, { type, hidden }, from) });
    return { get_param: name };
  }

  /** What ids of vms begin with here. */
  idPrefix(): Json {
    const { parent, resource } = this;
    if (parent === undefined || resource === undefined) return "";
    const { group, name: own } = resource;
    const name = this.names.get("weft_prefix");
    const isNamed = group?.kind === "AutoScalingGroup";
    const given = group === undefined ? `${own}/` : isNamed ? `${own}[` : `${own}[${group.indexVar}]/`;
    this.passed.set(name, { type: "string", hidden: false, value: joined(parent.idPrefix(), given) });
    return isNamed ? { list_join: ["", [{ get_param: name }, memberName, "]/"]] } : { get_param: name };
  }
}

/** The name of a member of an AutoScalingGroup, in its own nested stack: `STACK-GROUP-xxxx-NAME-xxxx`. */
export const memberName: Json = { str_split: ["-", { get_param: "OS::stack_name" }, -2] };

/** The attribute of a group that is a map of its members' values. */
export function membersKey(resource: Resource | undefined): "attributes" | "outputs" {
  return resource?.group?.kind === "AutoScalingGroup" ? "outputs" : "attributes";
}

/** Whether what `resource` stands for in `scope` are members of an AutoScalingGroup, at whatever distance. */
export function isInScalingGroup(scope: EmitScope, resource: Resource): boolean {
  for (let at: EmitScope | undefined = scope, own: Resource | undefined = resource; at !== undefined; at = at.parent) {
    if (own?.group?.kind === "AutoScalingGroup") return true;
    own = at.resource;
  }
  return false;
}

/** A text with a beginning that only Heat knows. */
export function joined(prefix: Json, rest: string): Json {
  return prefix === "" ? rest : { list_join: ["", [prefix, rest]] };
}

/** Opens the stack's own template and all that it is made of. */
export function openScopes({
  scopes,
  resourceConditions,
}: Pick<ResolvedTemplate, "scopes" | "resourceConditions">): Map<string, EmitScope> {
  const opened = new Map<string, EmitScope>();
  // Parents come first.
  for (const [plain, resolved] of scopes) {
    const parent = plain === "" ? undefined : opened.get(plain.slice(0, plain.lastIndexOf("/", plain.length - 2) + 1));
    const condition = localCondition(plain.slice(0, -1), resourceConditions);
    opened.set(plain, new EmitScope(plain, resolved, parent, condition));
  }
  return opened;
}

/** The condition of a resource as its own template knows it. */
export function localCondition(resource: string, conditions: ReadonlyMap<string, Expr>): Json | undefined {
  const condition = conditions.get(resource);
  return condition === undefined ? undefined : conditionOf(localized(condition));
}

/** `expr` as Heat resolves it in the template that all its names belong to. */
export function localHot(expr: Expr): Json {
  return hotOf(localized(expr));
}

/** The same with names as they stand in that template. */
export function localized(expr: Expr): Expr {
  const last = (name: string): string => name.slice(name.lastIndexOf("/") + 1);
  switch (expr.kind) {
    case "param":
      return { ...expr, name: last(expr.name) };
    case "resource":
    case "condition":
      return { ...expr, name: last(expr.name) };
    case "attr":
      return { ...expr, resource: last(expr.resource) };
    case "call":
      return { ...expr, arg: /^get_(param|attr|resource)$/.test(expr.fn) ? localName(expr.arg) : localized(expr.arg) };
    case "list":
      return { ...expr, items: expr.items.map(localized) };
    case "map":
      return {
        ...expr,
        entries: Object.fromEntries(Object.entries(expr.entries).map(([key, entry]) => [key, localized(entry)])),
      };
    case "each":
      return { ...expr, size: localized(expr.size), item: localized(expr.item) };
    case "value":
    case "slot":
    case "read":
      return expr;
  }
}

// The name in a reference that only Heat can follow.
function localName(arg: Expr): Expr {
  if (arg.kind === "list") {
    const [name, ...rest] = arg.items;
    return { ...arg, items: name === undefined ? [] : [localName(name), ...rest.map(localized)] };
  }
  if (arg.kind !== "value") return localized(arg);
  const [name, ...rest] = Array.isArray(arg.value) ? arg.value : [arg.value];
  if (typeof name !== "string") return arg;
  const local = name.slice(name.lastIndexOf("/") + 1);
  return { kind: "value", value: Array.isArray(arg.value) ? [local, ...rest] : local };
}

/** The scope of a prefix as it stands in expressions. */
export function scopeAt(prefix: string, scopes: ReadonlyMap<string, EmitScope>): EmitScope {
  const scope = scopes.get(withoutIndexes(prefix));
  if (scope === undefined) throw new Error(`no template stands at ${prefix}`);
  return scope;
}
