// Heat's functions that compare values, as Python compares them: True is 1 and False is 0.
import { isMap, type Json } from "../model/json.ts";

/** Returns what Python's `left == right` gives. */
export function equalsInPython(left: Json, right: Json): boolean {
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, index) => equalsInPython(item, right[index] as Json));
  if (isMap(left) && isMap(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && equalsInPython(left[key] as Json, right[key] as Json))
    );
  }
  return plain(left) === plain(right);
}

function plain(value: Json): Json {
  return typeof value === "boolean" ? Number(value) : value;
}

/** equals: `[VALUE, VALUE]`. */
export function equalValues(arg: Json): boolean {
  if (!Array.isArray(arg) || arg.length !== 2) throw new Error("equals needs a list of two values");
  return equalsInPython(arg[0] as Json, arg[1] as Json);
}

/** contains: `[VALUE, LIST]`, or a part of a text and the text. */
export function containsValue(arg: Json): boolean {
  if (!Array.isArray(arg) || arg.length !== 2) throw new Error("contains needs a list of a value and a list");
  const [value, sequence] = arg as [Json, Json];
  if (Array.isArray(sequence)) return sequence.some((item) => equalsInPython(item, value));
  if (typeof sequence !== "string") throw new Error("contains looks into lists and texts only");
  if (typeof value !== "string") throw new Error("contains: only a text can be in a text");
  return sequence.includes(value);
}

/** filter: `[VALUES, LIST]` gives the list without the values. */
export function filterList(arg: Json): Json {
  if (!Array.isArray(arg) || arg.length !== 2) throw new Error("filter needs a list of two lists: values, and what to filter");
  const [values, list] = arg as [Json, Json];
  if (isEmpty(list)) return list;
  if (!Array.isArray(list)) throw new Error("filter works on lists only");
  if (isEmpty(values)) return list;
  if (!Array.isArray(values)) throw new Error("filter needs a list of values to leave out");
  return list.filter((item) => !values.some((value) => equalsInPython(value, item)));
}

/** What Python counts as false. */
export function isEmpty(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return !value || (typeof value === "object" && Object.keys(value).length === 0);
}
