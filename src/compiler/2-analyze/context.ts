// What resolving a value needs to know: the template, who is asking, and whether a run-time value may stand there.
import type { Related, Report } from "../../diagnostics/diagnostic.ts";
import type { Expr } from "../../model/expression.ts";
import type { LocatedRead } from "../../model/resolved.ts";
import type { Resource, Template } from "../../model/template.ts";
import { openChild, type Scope } from "./scope.ts";

/** input: of a role; output: of the stack; fixed: a place that takes no run-time value, with its name for messages. */
export type Place = { kind: "input"; bind: "run" | "deploy" } | { kind: "output" } | { kind: "fixed"; name: string };

export interface Context {
  /** The scope in which the value's names are looked up, and its template. */
  scope: Scope;
  template: Template;
  report: Report;
  place: Place;
  /** The vm or group in whose metadata the value stands, as `outer/app`; the index variable only in a group. */
  reader?: { resource: string; indexVar?: string };
  /** The count of a group. */
  sizeOf: (resource: Resource, scope: Scope) => Expr;
  /** Of each resource with a condition that condition, by names as `outer/app`. */
  conditions: ReadonlyMap<string, Expr>;
  /** Texts that stand for a member's number, beside the reader's own. */
  indexes: readonly string[];
  /** Parameters and outputs of nested stacks through which the value is being followed. */
  trail: readonly string[];
  /** Where these are used, for messages. */
  via: readonly Related[];
  /** Whether a hidden parameter was met. */
  hidden: { met: boolean };
  /** Every read that was met, in order of appearance. */
  reads: LocatedRead[];
}

/** The same, for a value that stands in another scope. */
export function inScope(context: Context, scope: Scope): Context {
  return { ...context, scope, template: scope.template };
}

/** The scope of a nested stack, or of all members of a group of them. */
export function childScope(resource: Resource, { scope, sizeOf }: Context): Scope | undefined {
  return openChild(scope, resource, () => sizeOf(resource, scope));
}

/** Tells whether `text` is one that stands for a member's number. */
export function isIndex(text: string, { indexes, scope }: Context): boolean {
  return indexes.includes(text) || scope.levels.some(({ indexVar }) => indexVar === text);
}

/** Tells whether `text` holds an index variable, so that its value differs from member to member. */
export function holdsIndex(text: string, { reader, indexes, scope }: Context): boolean {
  if (reader?.indexVar !== undefined && text.includes(reader.indexVar)) return true;
  return indexes.some((index) => text.includes(index)) || scope.levels.some(({ indexVar }) => text.includes(indexVar));
}
