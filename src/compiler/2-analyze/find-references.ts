// Which resources a value refers to, and from within which functions.
import { heatFunctions } from "../../functions/heat-functions.ts";
import type { Value } from "../../model/template.ts";

/** A reference to a resource as Heat follows it. `attribute`: with what follows the name; otherwise the resource's id is meant. */
export interface Reference {
  /** Undefined when a function works the name out: any resource may be meant. */
  target: string | undefined;
  attribute?: Value[];
  /** A function around it that only Heat can evaluate. */
  within?: string;
}

/** Returns the references in a value, in order of appearance. */
export function findReferences(value: Value | undefined): Reference[] {
  const found: Reference[] = [];
  const visit = (inner: Value, within: string | undefined): void => {
    if (inner.kind === "list") for (const item of inner.items) visit(item, within);
    else if (inner.kind === "map") for (const entry of inner.entries) visit(entry.value, within);
    else if (inner.kind === "call") {
      const around = within === undefined ? {} : { within };
      if (inner.fn === "get_attr") {
        const [name, ...attribute] = inner.arg.kind === "list" ? inner.arg.items : [inner.arg];
        found.push({ target: textOf(name), attribute, ...around });
      } else if (inner.fn === "get_resource" || inner.fn === "Ref") found.push({ target: textOf(inner.arg), ...around });
      const isForHeat = heatFunctions.get(inner.fn)?.evaluate === undefined && !inner.fn.startsWith("get_");
      visit(inner.arg, isForHeat ? (within ?? inner.fn) : within);
    }
  };
  if (value !== undefined) visit(value, undefined);
  return found;
}

/** The text that a value is, if it is one. */
export function textOf(value: Value | undefined): string | undefined {
  return value?.kind === "literal" && typeof value.value === "string" ? value.value : undefined;
}
