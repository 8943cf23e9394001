// The one table of the functions that may stand in a template: which version has which, and what those do that weft evaluates.
// Behaviour follows heat/engine/hot/functions.py in its newest form, which accepts all that older forms accept.
import type { Json } from "../model/json.ts";
import type { HeatVersion } from "./heat-versions.ts";
import { concatLists, joinLists, mergeMaps, splitText, uniteLists } from "./list-functions.ts";
import { strReplace } from "./str-replace.ts";

export interface HeatFunction {
  name: string;
  /** Only a condition may hold it. */
  conditionOnly?: true;
  /** The first version that has it. */
  since: HeatVersion;
  /** The first version that refuses it. */
  until?: HeatVersion;
  /** Absent: only Heat evaluates it, so it cannot hold a run-time value. Throws an Error that says what is wrong with the argument. */
  evaluate?: (arg: Json) => Json;
}

const functions: HeatFunction[] = [
  { name: "get_param", since: "2013-05-23" },
  { name: "get_attr", since: "2013-05-23" },
  { name: "get_resource", since: "2013-05-23" },
  { name: "get_file", since: "2013-05-23" },
  { name: "resource_facade", since: "2013-05-23" },
  // weft's own: an output of a role, named explicitly.
  { name: "get_output", since: "2013-05-23" },
  { name: "str_replace", since: "2013-05-23", evaluate: (arg) => strReplace("str_replace", arg) },
  { name: "str_replace_strict", since: "2017-02-24", evaluate: (arg) => strReplace("str_replace_strict", arg) },
  { name: "str_replace_vstrict", since: "2017-09-01", evaluate: (arg) => strReplace("str_replace_vstrict", arg) },
  { name: "list_join", since: "2013-05-23", evaluate: joinLists },
  { name: "str_split", since: "2015-10-15", evaluate: splitText },
  { name: "list_concat", since: "2017-09-01", evaluate: concatLists },
  { name: "list_concat_unique", since: "2017-09-01", evaluate: uniteLists },
  { name: "map_merge", since: "2016-04-08", evaluate: mergeMaps },
  { name: "map_replace", since: "2016-10-14" },
  { name: "repeat", since: "2015-04-30" },
  { name: "digest", since: "2015-04-30" },
  { name: "yaql", since: "2016-10-14" },
  { name: "if", since: "2016-10-14" },
  { name: "filter", since: "2017-02-24" },
  { name: "make_url", since: "2017-09-01" },
  { name: "contains", since: "2017-09-01" },
  { name: "equals", since: "2016-10-14", conditionOnly: true },
  { name: "not", since: "2016-10-14", conditionOnly: true },
  { name: "and", since: "2016-10-14", conditionOnly: true },
  { name: "or", since: "2016-10-14", conditionOnly: true },
  { name: "Fn::Select", since: "2013-05-23", until: "2015-10-15" },
  ...["Ref", "Fn::GetAZs", "Fn::Join", "Fn::Split", "Fn::Replace", "Fn::Base64", "Fn::MemberListToMap", "Fn::ResourceFacade"].map(
    (name): HeatFunction => ({ name, since: "2013-05-23", until: "2014-10-16" }),
  ),
];

/** All functions by name. */
export const heatFunctions: ReadonlyMap<string, HeatFunction> = new Map(functions.map((fn) => [fn.name, fn]));

/** Functions that may stand in a condition. */
const allowedInConditions = new Set(["get_param", "yaql", "contains"]);

/**
 * Returns the function that Heat sees in a map whose only key is `name`, or undefined where it sees a plain map. A function
 * that `version` has given up (`until`) is returned too: Heat refuses its use.
 */
export function findFunction(name: string, version: HeatVersion, place: "value" | "condition"): HeatFunction | undefined {
  const found = heatFunctions.get(name);
  if (found === undefined || found.since > version) return undefined;
  const allowed =
    place === "value" ? found.conditionOnly !== true : found.conditionOnly === true || allowedInConditions.has(name);
  return allowed ? found : undefined;
}
