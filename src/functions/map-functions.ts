// Heat's functions over maps.
import type { Json, JsonMap } from "../model/json.ts";

/** map_merge: the entries of all maps, later ones win; null counts as an empty map. */
export function mergeMaps(arg: Json): Json {
  if (!Array.isArray(arg)) throw new Error("map_merge needs a list of maps");
  return Object.fromEntries(arg.flatMap((map) => Object.entries(asMap("map_merge needs maps only", map))));
}

/** map_replace: `[MAP, {keys: {OLD: NEW}, values: {OLD: NEW}}]`. A new key must not be one that is there already. */
export function replaceInMap(arg: Json): Json {
  const usage = "map_replace needs a list of a map and {keys: MAP, values: MAP}";
  if (!Array.isArray(arg) || arg.length !== 2) throw new Error(usage);
  const [map, replacements] = arg.map((item) => asMap(usage, item)) as [JsonMap, JsonMap];
  if (Object.keys(replacements).some((key) => key !== "keys" && key !== "values")) throw new Error(usage);
  const keys = asMap(usage, replacements["keys"] ?? null);
  const values = asMap(usage, replacements["values"] ?? null);
  const replaced = new Map<string, Json>();
  for (const [key, value] of Object.entries(map)) {
    const found = own(keys, key) ?? null;
    if (found !== null && typeof found !== "string") throw new Error("map_replace: a new key must be a text");
    const newKey = found ?? key;
    if (found !== null && ((newKey !== key && Object.hasOwn(map, newKey)) || replaced.has(newKey)))
      throw new Error(`map_replace: the new key ${newKey} is there already`);
    replaced.set(newKey, (typeof value === "string" ? own(values, value) : undefined) ?? value);
  }
  return Object.fromEntries(replaced);
}

function asMap(message: string, value: Json): JsonMap {
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new Error(message);
  return value;
}

function own(map: JsonMap, key: string): Json | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
