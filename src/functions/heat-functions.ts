// The one table of the functions that may stand in a template: which version has which, and what those do that weft evaluates.
// Behaviour follows heat/engine/hot/functions.py in its newest form, which accepts all that older forms accept.
import type { Json } from "../model/json.ts";
import { containsValue, equalValues, filterList } from "./compare-functions.ts";
import type { Path } from "../model/expression.ts";
import { digInto } from "./dig.ts";
import { computeDigest, type FunctionHost } from "./digest.ts";
import type { HeatVersion } from "./heat-versions.ts";
import { concatLists, joinLists, splitText, uniteLists } from "./list-functions.ts";
import { makeUrl } from "./make-url.ts";
import { mergeMaps, replaceInMap } from "./map-functions.ts";
import { repeat } from "./repeat.ts";
import { strReplace } from "./str-replace.ts";

export interface HeatFunction {
  name: string;
  /** The first version in which a value may hold it; absent: none. */
  since?: HeatVersion;
  /** The first version that refuses it. */
  until?: HeatVersion;
  /** The first version in which a condition may hold it; absent: none. */
  inConditionsSince?: HeatVersion;
  /** It is computed with what the host brings, so not while compiling. */
  needsHost?: true;
  /** Absent: only Heat evaluates it, so it cannot hold a run-time value. Throws an Error that says what is wrong with the argument. */
  evaluate?: (arg: Json, host: FunctionHost) => Json;
}

const functions: HeatFunction[] = [
  { name: "get_param", since: "2013-05-23", inConditionsSince: "2016-10-14" },
  { name: "get_attr", since: "2013-05-23" },
  { name: "get_resource", since: "2013-05-23" },
  { name: "get_file", since: "2013-05-23" },
  { name: "resource_facade", since: "2013-05-23" },
  // weft's own, never written: follows a path into what a function gives.
  { name: "dig", evaluate: (arg) => (Array.isArray(arg) ? digInto(arg[0] ?? null, arg.slice(1) as Path) : null) },
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
  { name: "map_replace", since: "2016-10-14", evaluate: replaceInMap },
  { name: "repeat", since: "2015-04-30", evaluate: repeat },
  { name: "digest", since: "2015-04-30", needsHost: true, evaluate: computeDigest },
  { name: "yaql", since: "2016-10-14", inConditionsSince: "2017-09-01" },
  // evaluate.ts knows it: of its branches only one is evaluated.
  { name: "if", since: "2016-10-14" },
  { name: "filter", since: "2017-02-24", evaluate: filterList },
  { name: "make_url", since: "2017-09-01", evaluate: makeUrl },
  { name: "contains", since: "2017-09-01", inConditionsSince: "2017-09-01", evaluate: containsValue },
  { name: "equals", inConditionsSince: "2016-10-14", evaluate: equalValues },
  { name: "not", inConditionsSince: "2016-10-14", evaluate: (arg) => !asCondition(arg) },
  { name: "and", inConditionsSince: "2016-10-14", evaluate: (arg) => conditionsOf("and", arg).every(asCondition) },
  { name: "or", inConditionsSince: "2016-10-14", evaluate: (arg) => conditionsOf("or", arg).some(asCondition) },
  { name: "Fn::Select", since: "2013-05-23", until: "2015-10-15" },
  ...["Ref", "Fn::GetAZs", "Fn::Join", "Fn::Split", "Fn::Replace", "Fn::Base64", "Fn::MemberListToMap", "Fn::ResourceFacade"].map(
    (name): HeatFunction => ({ name, since: "2013-05-23", until: "2014-10-16" }),
  ),
];

/** All functions by name. */
export const heatFunctions: ReadonlyMap<string, HeatFunction> = new Map(functions.map((fn) => [fn.name, fn]));

/**
 * Returns the function that Heat sees in a map whose only key is `name`, or undefined where it sees a plain map. A function
 * that `version` has given up (`until`) is returned too: Heat refuses its use.
 */
export function findFunction(name: string, version: HeatVersion, place: "value" | "condition"): HeatFunction | undefined {
  const found = heatFunctions.get(name);
  const since = place === "value" ? found?.since : found?.inConditionsSince;
  return since === undefined || since > version ? undefined : found;
}

/** Tells whether weft can evaluate `name` itself, given its argument. */
export function isEvaluated(name: string): boolean {
  return name === "if" || heatFunctions.get(name)?.evaluate !== undefined;
}

/** Takes a value where a condition stands; names of conditions have been replaced by what they stand for. */
export function asCondition(value: Json): boolean {
  if (typeof value === "boolean") return value;
  throw new Error(`${JSON.stringify(value)} is no condition`);
}

function conditionsOf(fn: string, arg: Json): Json[] {
  if (!Array.isArray(arg) || arg.length < 2) throw new Error(`${fn} needs a list of at least two conditions`);
  return arg;
}
