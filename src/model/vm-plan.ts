// The first waist: what the compiler tells one agent. Compiler and agent meet here and nowhere else.
import type { Bundle } from "./bundle.ts";
import type { Expr } from "./expression.ts";
import type { Json, JsonMap } from "./json.ts";
import type { Contract, OnError, Order, Publish, ValueType, When } from "./role.ts";

/** Grows when an agent could misread a plan of another version; an agent refuses a plan whose format it does not know. */
export const planFormat = 2;

/**
 * The plan of one vm, or of every member of a group: then `vm` is `app[*]`, and `[self]` and the index variable stand for
 * a member's own index wherever they occur. instantiatePlan (agent/instantiate.ts) makes a member's plan of it. `group` is the innermost
 * group that the vm is a member of, be it through a nested stack (`app[*]/db`); `outer` are those around it, outermost first.
 */
export interface VmPlan {
  format: number;
  vm: string;
  order: Order;
  group?: Level;
  outer?: Level[];
  roles: RolePlan[];
  /** The files that its roles need, by the SHA-256 of each bundle's canonical JSON. */
  bundles?: Record<string, Bundle>;
  /** Facts of this vm that some role reads: its agent publishes them when it starts, as cells `VM.@vm.FACT`. */
  facts: VmFact[];
  rights: Rights;
  /** Stack outputs that this vm's agent evaluates whole and hands to Heat. */
  outputs?: Record<string, { value: Expr; secret: boolean }>;
}

/** A group that vms are members of. `skip`: numbers that its members do not have, since its `removal_policies` name them. */
export interface Level {
  name: string;
  indexVar: string;
  size: Expr;
  skip?: number[];
}

/** All groups that a vm is a member of, outermost first. */
export function levelsOf({ group, outer = [] }: { group?: Level; outer?: Level[] }): Level[] {
  return group === undefined ? [] : [...outer, group];
}

/** What an agent reports of its vm: the address from which it reaches the hub, and the vm's name. */
export type VmFact = "first_address" | "name";

/** Which cells a vm may read and write, and which choices it may make. `app[*].serve.url` stands for all members. */
export interface Rights {
  read: string[];
  write: string[];
  choose: string[];
}

export interface RolePlan {
  name: string;
  tool: string;
  /** What the tool runs, as text or as the tool's own structure; never a run-time value. */
  run: Expr;
  options: JsonMap;
  /** Of the relative paths in `options` each the path below where bundles are unpacked: `DIGEST`, or `DIGEST/FILE`. */
  files?: Record<string, string>;
  inputs: InputPlan[];
  outputs: OutputPlan[];
  /** Cells that must be settled first: `VM.ROLE.@end` of one role, or of all members of a group. */
  after: AfterPlan[];
  onError: OnError;
  timeoutMs?: number;
  onDelete: boolean;
  /** Whether the end of this role must be published as cell `VM.ROLE.@end`: a role of another vm comes after it. */
  publishEnd: boolean;
  /** Which members run it. `choice` is the key of the coordinator's record of the index chosen. */
  on: "all" | { pick: "one" | "others"; choice: string; index?: Expr };
  contract?: Contract;
  /** In `run`, a map `{KEY: NAME}` stands for the value of input NAME. */
  inputKey?: string;
}

export interface AfterPlan {
  /** How users know it: `app.serve`, `db.mysql`. */
  role: string;
  cells:
    | { kind: "cell"; cell: string; present?: Expr }
    | { kind: "gather"; group: string; inside?: string; role: string; size: Expr; skip?: number[]; present?: Expr };
}

export interface InputPlan {
  name: string;
  value: Expr;
  type?: ValueType;
  default?: Json;
  when: When;
  waitTimeoutMs?: number;
  /** Its value is built from a secret: masked in logs and reasons. */
  secret: boolean;
}

export interface OutputPlan {
  name: string;
  /** The cell's id: `VM.ROLE.OUTPUT`; for a role that runs on one member of a group `GROUP.ROLE.OUTPUT`. */
  cell: string;
  type: ValueType;
  from?: string;
  secret: boolean;
  optional: boolean;
  publish: Publish;
  before: string[];
  errorOutput: boolean;
  /** Somebody outside this vm reads it; without, the value stays on the vm. */
  published: boolean;
}

/** All vm plans of a stack, the stack's outputs, and what Heat must resolve for each vm. */
export interface StackPlan {
  format: number;
  vms: VmPlan[];
  /** Stack outputs as expressions; those that hold a read are run-time values. */
  outputs: Record<string, { value: Expr; secret: boolean; condition?: Expr }>;
  /** The condition of each vm that has one, by its plan's `vm`: where it is false, there is no such vm. */
  conditions: Record<string, Expr>;
  /** For each plan, by its `vm`: the expression that Heat resolves for each slot. */
  slots: Record<string, Record<string, Expr>>;
}
