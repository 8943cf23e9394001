// A HOT template as parsed: every value with its place, our annotation read into roles. Knows nothing of dependences.
import type { Span } from "../diagnostics/span.ts";
import type { Json } from "./json.ts";
import type { VmSpec } from "./role.ts";

/**
 * A value as written. A map with exactly one key that names a function of the template's version is a `call`.
 * `{get_output: [...]}` is a call whose `arg` is the list; with `of` beside it, `arg` is a map of the two: `get_output`, `of`.
 */
export type Value =
  | { kind: "literal"; value: null | boolean | number | string; span: Span }
  | { kind: "list"; items: Value[]; span: Span }
  | { kind: "map"; entries: Entry[]; span: Span }
  | { kind: "call"; fn: string; fnSpan: Span; arg: Value; span: Span };

export interface Entry {
  key: string;
  keySpan: Span;
  value: Value;
}

export interface Template {
  /** The template's path as the user named it. */
  file: string;
  version: string;
  parameters: Map<string, Parameter>;
  resources: Map<string, Resource>;
  outputs: Map<string, Output>;
  /** Names of the template's conditions, with their expressions. */
  conditions: Map<string, Value>;
  /** Contents of the files named by get_file, by the name as written there. */
  files: Map<string, string>;
  /** What has become of roles and is gone from the template that Heat gets; only after analysis. */
  leftOut?: LeftOut;
}

/** Names of resources, and of stack outputs that only these could give. */
export interface LeftOut {
  resources: Set<string>;
  outputs: Set<string>;
}

export type ParameterType = "string" | "number" | "boolean" | "json" | "comma_delimited_list";

export interface Parameter {
  name: string;
  span: Span;
  type: ParameterType;
  hidden: boolean;
  /** Parsed by `type`; absent when the template gives none. */
  default?: Json;
  /** What -P, or the environment, or else the default says; absent when only Heat will know it. */
  value?: Json;
}

export interface Resource {
  name: string;
  span: Span;
  /** The type that stands behind the one that is written, where an environment's registry says so. */
  type: string;
  typeSpan: Span;
  properties?: Value;
  /** Without our annotation. */
  metadata?: Value;
  /** Those of its keys that change what Heat does with it: external_id, update_policy, deletion_policy. */
  policies: string[];
  /** Resources named by depends_on, as written. */
  dependsOn: string[];
  /** The name of its condition, or its expression. */
  condition?: Value;
  /** Our annotation; on a group, that of its members. */
  vm?: VmSpec;
  /** Present on a group of vms or of nested stacks. */
  group?: GroupSpec;
  /** What its type stands for, if that is a template file; of a group, what its members' does. */
  nested?: Template;
}

export interface GroupSpec {
  kind: "ResourceGroup" | "AutoScalingGroup";
  count: Value;
  /** The text that stands for a member's index; `%index%` unless the group says otherwise. Members of an AutoScalingGroup have none. */
  indexVar: string | undefined;
  /** Numbers that no member has, since `removal_policies` name them. */
  skip: number[];
  /** What `removal_policies` name otherwise, and only Heat can follow. */
  removed?: Span;
  memberType: string;
  memberProperties?: Value;
}

export interface Output {
  name: string;
  span: Span;
  value: Value;
  condition?: Value;
  /** `reveal: true`: the author allows a secret to stand here. */
  reveal: boolean;
}
