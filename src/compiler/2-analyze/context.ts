// What resolving a value needs to know: the template, who is asking, and whether a run-time value may stand there.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Expr } from "../../model/expression.ts";
import type { LocatedRead } from "../../model/resolved.ts";
import type { Template } from "../../model/template.ts";

/** input: of a role; output: of the stack; fixed: a place that takes no run-time value, with its name for messages. */
export type Place = { kind: "input"; bind: "run" | "deploy" } | { kind: "output" } | { kind: "fixed"; name: string };

export interface Context {
  template: Template;
  report: Report;
  place: Place;
  /** The vm or group in whose metadata the value stands; the index variable only in a group. */
  reader?: { resource: string; indexVar?: string };
  /** Of each group of vms its count, of each resource with a condition that condition. */
  sizes: ReadonlyMap<string, Expr>;
  conditions: ReadonlyMap<string, Expr>;
  /** Every read that was met, in order of appearance. */
  reads: LocatedRead[];
}

/** Tells whether `text` holds the index variable, so that its value differs from member to member. */
export function holdsIndex(text: string, context: Context): boolean {
  return context.reader?.indexVar !== undefined && text.includes(context.reader.indexVar);
}
