// A template after its references were resolved: every value an expression, every read a cell. Analysis works on it, plans are made of it.
import type { Span } from "../diagnostics/span.ts";
import { parseCellId, withoutIndexes } from "./cell.ts";
import type { Expr, Read } from "./expression.ts";
import type { InputSpec, Order, OutputSpec, RoleSpec, When } from "./role.ts";
import type { LeftOut, Output, Template } from "./template.ts";
import type { UserDataPart } from "./user-data.ts";
import type { AfterPlan, Level } from "./vm-plan.ts";

export interface ResolvedTemplate {
  vms: ResolvedVm[];
  outputs: ResolvedOutput[];
  leftOut?: LeftOut;
  /** What each name of the section `conditions` stands for. Here and below, what lies in nested stacks is named `outer/NAME`. */
  conditions: Map<string, Expr>;
  /** Of each resource that has them: its properties (a group's without those of its members) and its condition. */
  properties: Map<string, Expr>;
  resourceConditions: Map<string, Expr>;
  /** The number of members of each group. */
  sizes: ReadonlyMap<string, Expr>;
  /** The parts of each vm's own user_data, by its resource. */
  userData: Map<string, UserDataPart[]>;
  /** The template itself, named "", and each nested one, as `outer/`. */
  scopes: Map<string, ResolvedScope>;
}

/** One use of a template: the stack itself, a nested stack, or all members of a group of nested stacks. */
export interface ResolvedScope {
  /** What its names begin with: nothing, `outer/`, `app[%index:app%]/`. */
  prefix: string;
  template: Template;
  /** The groups that it is a member of, outermost first. */
  levels: Level[];
  /** What the parent gives to its parameters. */
  parameters: Map<string, Expr>;
  outputs: Map<string, Expr>;
  /** Those of its parameters and outputs that are run-time values, of which Heat is told nothing. */
  runTime: { parameters: Set<string>; outputs: Set<string> };
}

/** A vm with roles, or a group of them. */
export interface ResolvedVm {
  /** `db`; of a group `app[*]`, as its plan is named. */
  id: string;
  /** The same without brackets. */
  resource: string;
  /** The id under which its plan names its own cells: `db`, `app[self]`. */
  own: string;
  /** The id of the cells of a role that runs on one member: `app`. */
  whole: string;
  span: Span;
  order: Order;
  group?: Level;
  /** Further groups around the first one, outermost first. */
  outer?: Level[];
  /** Its condition, and those of the stacks that it lies in. */
  condition?: Expr;
  roles: ResolvedRole[];
}

export interface ResolvedRole {
  spec: RoleSpec;
  run: Expr;
  on: "all" | { pick: "one" | "others"; choice: string; index?: Expr };
  inputs: ResolvedInput[];
  after: ResolvedAfter[];
}

export interface ResolvedInput {
  spec: InputSpec;
  when: When;
  value: Expr;
  reads: LocatedRead[];
  secret: boolean;
}

/** A read with the place of its reference. `output` is the declaration of what is read; a fact of a vm has none. */
export interface LocatedRead {
  read: Read;
  span: Span;
  output?: OutputSpec;
}

export interface ResolvedAfter {
  span: Span;
  resource: string;
  role: string;
  target: AfterPlan["cells"];
}

export interface ResolvedOutput {
  spec: Output;
  value: Expr;
  reads: LocatedRead[];
  secret: boolean;
  condition?: Expr;
}

/** Returns the resource and the role that write what is read; the role of a vm's facts is `@vm`. */
export function writerOf(read: Read): { resource: string; role: string } {
  if (read.kind === "gather") return { resource: withoutIndexes(read.group) + (read.inside ?? ""), role: read.role };
  const parts = parseCellId(read.cell);
  if (parts === undefined) throw new Error(`${read.cell} is no cell`);
  return { resource: withoutIndexes(parts.vm), role: parts.role };
}

/** Returns the role `name` of a resource. */
export function findResolvedRole(template: ResolvedTemplate, resource: string, name: string): ResolvedRole | undefined {
  return template.vms.find((vm) => vm.resource === resource)?.roles.find((role) => role.spec.name === name);
}
