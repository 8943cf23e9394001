// As much of JSON Schema as schema/weft.schema.json uses. A word that this does not know is an error, so that nothing goes unchecked.
import { type Json, type JsonMap, sameJson } from "../../src/model/json.ts";

/** Returns what is wrong with `value`, each with its place; empty when it fits. */
export function findMisfits(value: Json, schema: JsonMap, root: JsonMap, place: string): string[] {
  return Object.entries(schema).flatMap(([word, argument]) => checkWord(word, argument, value, schema, root, place));
}

function checkWord(word: string, argument: Json, value: Json, schema: JsonMap, root: JsonMap, place: string): string[] {
  const misfit = (fits: boolean): string[] => (fits ? [] : [`${place}: ${word} ${JSON.stringify(argument)}`]);
  const map = isMap(value) ? value : undefined;
  const list = Array.isArray(value) ? value : undefined;
  switch (word) {
    case "$schema":
    case "$defs":
    case "title":
    case "description":
    case "default":
      return [];
    case "$ref":
      return findMisfits(value, definition(argument as string, root), root, place);
    case "type":
      return misfit(typeOf(value) === argument || (argument === "number" && typeOf(value) === "integer"));
    case "enum":
      return misfit((argument as Json[]).some((one) => sameJson(one, value)));
    case "pattern":
      return misfit(typeof value !== "string" || new RegExp(argument as string).test(value));
    case "minimum":
      return misfit(typeof value !== "number" || value >= Number(argument));
    case "minItems":
      return misfit(list === undefined || list.length >= Number(argument));
    case "maxItems":
      return misfit(list === undefined || list.length <= Number(argument));
    case "required":
      return misfit(map === undefined || (argument as string[]).every((key) => Object.hasOwn(map, key)));
    case "anyOf":
      return misfit((argument as JsonMap[]).some((one) => findMisfits(value, one, root, place).length === 0));
    case "items":
      return (list ?? []).flatMap((item, index) => findMisfits(item, argument as JsonMap, root, `${place}[${index}]`));
    case "propertyNames":
      return Object.keys(map ?? {}).flatMap((key) => findMisfits(key, argument as JsonMap, root, `${place}.${key}`));
    case "properties":
      return Object.entries(argument as Record<string, JsonMap>).flatMap(([key, inner]) =>
        map !== undefined && Object.hasOwn(map, key) ? findMisfits(map[key] as Json, inner, root, `${place}.${key}`) : [],
      );
    case "additionalProperties": {
      const known = Object.keys((schema["properties"] ?? {}) as JsonMap);
      const others = Object.entries(map ?? {}).filter(([key]) => !known.includes(key));
      if (argument === false) return others.map(([key]) => `${place}: unknown key ${key}`);
      return others.flatMap(([key, inner]) => findMisfits(inner, argument as JsonMap, root, `${place}.${key}`));
    }
    default:
      throw new Error(`no check for the word ${word}`);
  }
}

function definition(reference: string, root: JsonMap): JsonMap {
  const found = (root["$defs"] as JsonMap)[reference.replace("#/$defs/", "")];
  if (found === undefined) throw new Error(`nothing stands behind ${reference}`);
  return found as JsonMap;
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function isMap(value: Json): value is JsonMap {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
