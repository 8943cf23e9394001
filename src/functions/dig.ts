// Paths into values, as get_attr and get_param follow them.
import type { Path } from "../model/expression.ts";
import type { Json } from "../model/json.ts";

/** Follows a path of get_attr into a value: null where it leads nowhere. A list takes numbers only; negative ones count from the end. */
export function digInto(value: Json, path: Path): Json {
  let current: Json | undefined = value;
  for (const key of path) current = current === undefined || current === null ? null : step(current, key);
  return current ?? null;
}

/** Follows a path of get_param: an empty text where it leads nowhere; a list takes texts of digits too. */
export function digIntoParameter(value: Json, path: Path): Json {
  let current: Json | undefined = value;
  for (const key of path) {
    if (current === undefined || current === null) return "";
    const isSequence = Array.isArray(current) || typeof current === "string";
    current = step(current, isSequence && typeof key === "string" && /^[-+]?\d+$/.test(key) ? Number(key) : key);
  }
  return current === undefined ? "" : current;
}

function step(value: Json, key: string | number): Json | undefined {
  if (Array.isArray(value)) return typeof key === "number" ? value.at(key) : undefined;
  if (typeof value === "string") return typeof key === "number" ? Array.from(value).at(key) : undefined;
  if (value === null || typeof value !== "object") return undefined;
  return Object.hasOwn(value, String(key)) ? value[String(key)] : undefined;
}
