// Heat's function repeat.
import { isMap, type Json, type JsonMap } from "../model/json.ts";

const maxItems = 100_000;

/**
 * repeat: `{template, for_each: {PLACEHOLDER: LIST or MAP}, permutations}`: the template once for every combination of the
 * lists' items (with `permutations: false` for the first items, the second ones, ...), placeholders replaced in every text of it.
 */
export function repeat(arg: Json): Json[] {
  if (!isMap(arg) || !("template" in arg) || !("for_each" in arg))
    throw new Error("repeat needs a map with template and for_each");
  const { template, for_each: forEach, permutations = true } = arg as JsonMap & { template: Json };
  if (!isMap(forEach as Json) || Object.keys(forEach as JsonMap).length === 0)
    throw new Error("repeat: for_each must be a map of placeholders and lists");
  if (typeof permutations !== "boolean") throw new Error("repeat: permutations must be true or false");
  const placeholders = Object.keys(forEach as JsonMap);
  const lists = Object.values(forEach as JsonMap).map((list) => itemsOf(list, permutations));
  const count = lists.reduce((product, list) => product * (list?.length ?? 0), 1);
  if (permutations && count > maxItems) throw new Error(`repeat: more than ${maxItems} items would come out`);
  const rows = permutations ? combine(lists) : zip(lists);
  return rows.map((row) => fill(template, placeholders, row));
}

function itemsOf(list: Json, permutations: boolean): Json[] | null {
  if (list === null || Array.isArray(list)) return list;
  if (permutations && isMap(list)) return Object.keys(list);
  throw new Error(`repeat: the values of for_each must be lists${permutations ? " or maps" : ""}`);
}

function combine(lists: (Json[] | null)[]): Json[][] {
  return lists.reduce<Json[][]>((rows, list) => rows.flatMap((row) => (list ?? []).map((item) => [...row, item])), [[]]);
}

function zip(lists: (Json[] | null)[]): Json[][] {
  const lengths = new Set(lists.flatMap((list) => (list === null ? [] : [list.length])));
  if (lengths.size > 1) throw new Error("repeat: without permutations all lists must have the same length");
  const shortest = lists.includes(null) ? 0 : ([...lengths][0] ?? 0);
  return Array.from({ length: shortest }, (_, index) => lists.map((list) => list?.[index] ?? null));
}

// One placeholder after the other, as Heat does: what was put in is looked at again by those that follow.
function fill(template: Json, placeholders: string[], row: Json[]): Json {
  if (typeof template === "string") return fillText(template, placeholders, row);
  if (Array.isArray(template)) return template.map((item) => fill(item, placeholders, row));
  if (!isMap(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => [fillText(key, placeholders, row), fill(value, placeholders, row)]),
  );
}

function fillText(text: string, placeholders: string[], row: Json[]): string {
  return placeholders.reduce((filled, placeholder, index) => {
    const item = row[index];
    if (typeof item !== "string") throw new Error(`repeat: the items for ${placeholder} must be texts`);
    return filled.split(placeholder).join(item);
  }, text);
}
