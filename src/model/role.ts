// What a user declares inside `metadata: weft:` of a server: roles with their inputs and outputs.
import type { Span } from "../diagnostics/span.ts";
import type { PackedPath } from "./bundle.ts";
import type { Json, JsonMap } from "./json.ts";
import type { ParameterType, Value } from "./template.ts";

/** Heat's types of values; null is not a value. */
export type ValueType = ParameterType;

/**
 * How a vm orders its roles: one after another as listed; or each as soon as what it reads is there; or likewise but never two at
 * once, of several that could run the first listed (only roles that were deployments of Heat's own have this one).
 */
export type Order = "listed" | "dataflow" | "one_at_a_time";

/** heat: the role was a deployment of Heat's own; inputs and outputs reach its tool as Heat's hooks would hand them over. */
export type Contract = "heat";

/** When an input is read: before the tool starts, when its code first reads it, when the resource that uses it is applied. */
export type When = "eager" | "lazy" | "deferred";

/** When an output is published: after its role has succeeded, or at once. */
export type Publish = "on_success" | "on_write";

/** What happens after a failed attempt: fail the role, fail it but let the vm go on, or try again. */
export type OnError = "fail" | "continue" | { times: number; delayMs: number };

export interface VmSpec {
  span: Span;
  order: Order;
  roles: RoleSpec[];
}

export interface RoleSpec {
  name: string;
  nameSpan: Span;
  span: Span;
  /** Its own tool or the vm's default. */
  tool: string;
  toolSpan: Span;
  run: Value;
  options: JsonMap;
  /** What lies beside the template, by its path as written in `options`. */
  packed?: Record<string, PackedPath>;
  inputs: InputSpec[];
  outputs: OutputSpec[];
  after: AfterSpec[];
  onError: OnError;
  /** Limit of the tool's running time without the time blocked in reads. */
  timeoutMs?: number;
  onDelete: boolean;
  /** Which members of a group run it; `index` names one by an expression. */
  on: "all" | "one" | "others" | { index: Value };
  onSpan?: Span;
  contract?: Contract;
  /** In `run`, a map `{KEY: NAME}` stands for the value of input NAME. */
  inputKey?: string;
}

export interface InputSpec {
  name: string;
  nameSpan: Span;
  value: Value;
  type?: ValueType;
  /** Stands in for an absent or failed cell, never for a slow one. */
  default?: Json;
  /** Absent: the tool's default. */
  when?: When;
  waitTimeoutMs?: number;
  bind?: "deploy";
  description?: string;
}

export interface OutputSpec {
  name: string;
  nameSpan: Span;
  type: ValueType;
  from?: string;
  secret: boolean;
  optional: boolean;
  publish: Publish;
  /** Inputs that the role promises to read only after this output is written. */
  before: { name: string; span: Span }[];
  errorOutput: boolean;
  description?: string;
}

/** Order without data: a role of the same vm, or all members of another resource (a barrier). */
export interface AfterSpec {
  span: Span;
  resource?: string;
  role: string;
}
