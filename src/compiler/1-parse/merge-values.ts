// Values that several environments give to one parameter, merged as their parameter_merge_strategies say (heat/common/environment_util.py).
import type { Json, JsonMap } from "../../model/json.ts";
import type { ParameterType } from "../../model/template.ts";
import type { MergeStrategy } from "./parse-environment.ts";

/** Returns `later` merged into `earlier`, or in `problem` the rest of a sentence that says why they cannot be. */
export function mergeValues(
  earlier: Json,
  later: Json,
  type: ParameterType,
  strategy: MergeStrategy,
): { value: Json } | { problem: string } {
  if (strategy === "overwrite") return { value: later };
  switch (type) {
    case "json":
      return mergeJson(earlier, later, strategy === "deep_merge");
    case "comma_delimited_list":
      return mergeLists(earlier, later);
    case "string":
      if (typeof earlier === "string" && typeof later === "string") return { value: earlier + later };
      return { problem: "cannot be merged: both must be texts" };
    case "number":
      if (typeof earlier === "number" && typeof later === "number") return { value: earlier + later };
      return { problem: "cannot be merged: both must be numbers" };
    case "boolean":
      return { problem: `cannot be merged with the strategy ${strategy}: it is a boolean` };
  }
}

function mergeJson(earlier: Json, later: Json, isDeep: boolean): { value: Json } | { problem: string } {
  const [old, added] = [asMap(earlier), asMap(later)];
  if (old === undefined || added === undefined) return { problem: "cannot be merged: both must be maps" };
  return { value: mergeMaps(old, added, isDeep) };
}

function asMap(value: Json): JsonMap | undefined {
  if (typeof value === "string") {
    try {
      return asMap(JSON.parse(value) as Json);
    } catch {
      return undefined;
    }
  }
  return value === null || typeof value !== "object" || Array.isArray(value) ? undefined : value;
}

function mergeLists(earlier: Json, later: Json): { value: Json } | { problem: string } {
  if (Array.isArray(earlier) && Array.isArray(later)) return { value: [...earlier, ...later] };
  if (typeof earlier === "string" && typeof later === "string")
    return { value: [earlier, later].filter((text) => text !== "").join(",") };
  return { problem: "cannot be merged: both must be lists, or both texts with commas" };
}

// Null never overwrites; texts below a deep merge are put together.
function mergeMaps(old: JsonMap, added: JsonMap, isDeep: boolean): JsonMap {
  const merged = new Map(Object.entries(old));
  for (const [key, value] of Object.entries(added)) {
    if (value === null) continue;
    const before = merged.get(key);
    merged.set(key, isDeep && before !== undefined && before !== null ? mergeDeep(before, value) : value);
  }
  return Object.fromEntries(merged);
}

function mergeDeep(before: Json, value: Json): Json {
  if (Array.isArray(before) && Array.isArray(value)) return [...before, ...value];
  if (typeof before === "string" && typeof value === "string") return before + value;
  if (Array.isArray(before) || Array.isArray(value) || value === null || before === null) return value;
  return typeof before === "object" && typeof value === "object" ? mergeMaps(before, value, true) : value;
}
