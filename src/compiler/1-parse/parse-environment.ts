// An environment file: the values that it gives to parameters, how they are merged with those of earlier files, and aliases of types.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Entry } from "../../model/template.ts";
import { parseRegistry, type TypeAlias } from "./resource-registry.ts";
import { parseYaml } from "./parse-yaml.ts";
import { describeValue, type Fields, isNull, openMap, readText } from "./read-fields.ts";

export const mergeStrategies = ["overwrite", "merge", "deep_merge"] as const;
export type MergeStrategy = (typeof mergeStrategies)[number];

export interface Environment {
  file: string;
  parameters: Entry[];
  parameterDefaults: Entry[];
  /** By parameter; `default` is for those without their own. */
  strategies: Map<string, MergeStrategy>;
  aliases: TypeAlias[];
}

const sections = [
  "parameters",
  "parameter_defaults",
  "resource_registry",
  "encrypted_param_names",
  "event_sinks",
  "parameter_merge_strategies",
];

/** Reads one environment file; one that is wrong is reported and gives no values. */
export function parseEnvironment({ file, text }: { file: string; text: string }, report: Report): Environment {
  const root = parseYaml(file, text, report);
  const empty: Environment = { file, parameters: [], parameterDefaults: [], strategies: new Map(), aliases: [] };
  if (root === undefined || isNull(root)) return empty;
  if (root.kind !== "map") {
    report.add("not-a-template", root.span, { found: describeValue(root) });
    return empty;
  }
  const top = openMap(root, "the environment", report, sections);
  if (top === undefined) return empty;
  // For Heat alone; only their form is looked at.
  for (const name of top.list("encrypted_param_names")) readText(name, "a name in encrypted_param_names", report);
  for (const sink of top.list("event_sinks")) openMap(sink, "an event sink", report);
  return {
    file,
    parameters: top.map("parameters", "the section parameters")?.entries() ?? [],
    parameterDefaults: top.map("parameter_defaults", "the section parameter_defaults")?.entries() ?? [],
    strategies: parseStrategies(top.map("parameter_merge_strategies", "the section parameter_merge_strategies")),
    aliases: parseRegistry(top.map("resource_registry", "the section resource_registry"), file, report),
  };
}

function parseStrategies(section: Fields | undefined): Map<string, MergeStrategy> {
  const strategies = new Map<string, MergeStrategy>();
  for (const { key } of section?.entries() ?? []) {
    const strategy = section?.word(key, mergeStrategies);
    if (strategy !== undefined) strategies.set(key, strategy);
  }
  return strategies;
}
