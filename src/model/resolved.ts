// A template after its references were resolved: every value an expression, every read a cell. Analysis works on it, plans are made of it.
import type { Span } from "../diagnostics/span.ts";
import { parseCellId } from "./cell.ts";
import type { Expr, Read } from "./expression.ts";
import type { InputSpec, Order, OutputSpec, RoleSpec, When } from "./role.ts";
import type { LeftOut, Output } from "./template.ts";
import type { UserDataPart } from "./user-data.ts";
import type { AfterPlan } from "./vm-plan.ts";

export interface ResolvedTemplate {
  vms: ResolvedVm[];
  outputs: ResolvedOutput[];
  leftOut?: LeftOut;
  /** What each name of the section `conditions` stands for. */
  conditions: Map<string, Expr>;
  /** Of each resource that has them: its properties (a group's without resource_def) and its condition. */
  properties: Map<string, Expr>;
  resourceConditions: Map<string, Expr>;
  /** The parts of each vm's own user_data, by its resource. */
  userData: Map<string, UserDataPart[]>;
}

/** A vm with roles, or a group of them. */
export interface ResolvedVm {
  /** `db`; of a group `app[*]`, as its plan is named. */
  id: string;
  resource: string;
  span: Span;
  order: Order;
  group?: { name: string; indexVar: string; size: Expr };
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

/** Splits a vm's id into its resource and, for a member of a group, the text in brackets. */
export function splitVmId(vm: string): { resource: string; member?: string } {
  const match = /^(.+)\[([^[\]]*)\]$/s.exec(vm);
  return match === null ? { resource: vm } : { resource: match[1] as string, member: match[2] as string };
}

/** Returns the resource and the role that write what is read; the role of a vm's facts is `@vm`. */
export function writerOf(read: Read): { resource: string; role: string } {
  if (read.kind === "gather") return { resource: read.group, role: read.role };
  const parts = parseCellId(read.cell);
  if (parts === undefined) throw new Error(`${read.cell} is no cell`);
  return { resource: splitVmId(parts.vm).resource, role: parts.role };
}

/** Returns the role `name` of a resource. */
export function findResolvedRole(template: ResolvedTemplate, resource: string, name: string): ResolvedRole | undefined {
  return template.vms.find((vm) => vm.resource === resource)?.roles.find((role) => role.spec.name === name);
}
