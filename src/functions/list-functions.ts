// Heat's functions over lists and delimited texts.
import type { Json } from "../model/json.ts";
import { equalsInPython, isEmpty } from "./compare-functions.ts";
import { pythonJson } from "./python-text.ts";

/** list_join: `[DELIMITER, LIST, LIST...]`. Null items are empty texts, lists and maps become JSON; other items are refused. */
export function joinLists(arg: Json): string {
  if (!Array.isArray(arg) || arg.length < 2) throw new Error("list_join needs a list: a delimiter, then one or more lists");
  const [delimiter, ...lists] = arg;
  const items = lists.flatMap((list): Json[] => {
    if (isEmpty(list)) return [];
    if (!Array.isArray(list)) throw new Error("list_join joins lists only");
    return list;
  });
  if (typeof delimiter !== "string") throw new Error("list_join: the delimiter must be a text");
  return items.map(joinable).join(delimiter);
}

function joinable(item: Json): string {
  if (item === null) return "";
  if (typeof item === "string") return item;
  if (typeof item === "object") return pythonJson(item);
  throw new Error(`list_join: items must be texts, lists or maps, not a ${typeof item}`);
}

/** str_split: `[DELIMITER, TEXT]` gives the parts, `[DELIMITER, TEXT, INDEX]` one of them; null for no text. */
export function splitText(arg: Json): Json {
  if (!Array.isArray(arg) || arg.length < 2) throw new Error("str_split needs a list: a delimiter, a text and maybe an index");
  const [delimiter, text, index] = arg;
  if (text === null) return null;
  if (typeof text !== "string") throw new Error("str_split: only a text can be split");
  if (typeof delimiter !== "string" || delimiter === "")
    throw new Error("str_split: the delimiter must be a text that is not empty");
  const parts = text.split(delimiter);
  if (index === undefined) return parts;
  const part = parts.at(readIndex(index));
  if (part === undefined) throw new Error(`str_split: the index must be between 0 and ${parts.length - 1}`);
  return part;
}

/** Heat takes the index by int(): texts of digits and numbers with a fraction count. */
function readIndex(index: Json): number {
  if (typeof index === "number") return Math.trunc(index);
  if (typeof index === "string" && /^\s*[-+]?\d+\s*$/.test(index)) return Number(index);
  throw new Error("str_split: the index must be a number");
}

/** list_concat: the items of all lists; null counts as an empty list. */
export function concatLists(arg: Json): Json[] {
  return concat("list_concat", arg);
}

/** list_concat_unique: as list_concat, of equal items only the first. */
export function uniteLists(arg: Json): Json[] {
  const unique: Json[] = [];
  for (const item of concat("list_concat_unique", arg)) if (!unique.some((seen) => equalsInPython(seen, item))) unique.push(item);
  return unique;
}

function concat(fn: string, arg: Json): Json[] {
  if (!Array.isArray(arg)) throw new Error(`${fn} needs a list of lists`);
  return arg.flatMap((list): Json[] => {
    if (list === null) return [];
    if (!Array.isArray(list)) throw new Error(`${fn} needs lists only`);
    return list;
  });
}
