// An environment file: the values that it gives to parameters. Its other sections are for Heat.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Entry } from "../../model/template.ts";
import { parseYaml } from "./parse-yaml.ts";
import { describeValue, isNull, openMap } from "./read-fields.ts";

export interface Environment {
  parameters: Entry[];
  parameterDefaults: Entry[];
  /** It says how values of several environments are merged: then only Heat knows them. */
  mergesValues: boolean;
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
  const root = parseYaml(file, text, report)?.root;
  const empty: Environment = { parameters: [], parameterDefaults: [], mergesValues: false };
  if (root === undefined || isNull(root)) return empty;
  if (root.kind !== "map") {
    report.add("not-a-template", root.span, { found: describeValue(root) });
    return empty;
  }
  const top = openMap(root, "the environment", report, sections);
  return {
    parameters: top?.map("parameters", "the section parameters")?.entries() ?? [],
    parameterDefaults: top?.map("parameter_defaults", "the section parameter_defaults")?.entries() ?? [],
    mergesValues: top?.get("parameter_merge_strategies") !== undefined,
  };
}
