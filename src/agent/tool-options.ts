// Reads the `options` of roles for adapters, and what every shim is told. Pure; throws an Error that says what is wrong.
import type { Json, JsonMap } from "../model/json.ts";
import type { RolePlan } from "../model/vm-plan.ts";

/** Throws when there is an option that is none of `known`. */
export function checkOptions({ tool, options }: RolePlan, known: string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${tool} has no option "${unknown}"; it has ${known.join(", ")}`);
}

/** Reads an option that is a text or a list of texts; none: an empty list. */
export function readList(options: JsonMap, name: string): string[] {
  const given: Json = options[name] ?? [];
  const list = Array.isArray(given) ? given : [given];
  if (list.every((item) => typeof item === "string")) return list;
  throw new Error(`option "${name}": expected a text or a list of texts`);
}

/** Reads an option that is a path or a list of them; those beside the template and downloads have paths on the vm by now. */
export function readPaths(options: JsonMap, name: string): string[] {
  const paths = readList(options, name);
  const relative = paths.find((path) => !path.startsWith("/"));
  if (relative === undefined) return paths;
  throw new Error(`option "${name}": "${relative}" is not an absolute path`);
}

/** What a shim must know, as JSON: the names of inputs, where outputs come from, and `more` of the tool's own. No values. */
export function describeJob({ inputs, outputs }: RolePlan, more: JsonMap = {}): string {
  return JSON.stringify({
    ...more,
    inputs: inputs.map(({ name }) => name),
    outputs: outputs.map(({ name, from, type }) => ({ name, from: from ?? name, type })),
  });
}
