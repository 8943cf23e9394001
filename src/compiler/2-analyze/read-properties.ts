// Reads properties of resources that must be known when the template is compiled.
import type { Json } from "../../model/json.ts";
import type { Entry, Resource, Value } from "../../model/template.ts";

/** Thrown where a deployment cannot become a role; the message says why it stays with Heat. */
export class NotARole extends Error {}

/** The property `key`; undefined where it is absent or null. */
export function propertyOf({ properties }: Resource, key: string): Value | undefined {
  const value = properties?.kind === "map" ? properties.entries.find((entry) => entry.key === key)?.value : undefined;
  return value?.kind === "literal" && value.value === null ? undefined : value;
}

/** The entries of a map that is written out; none where there is no value. */
export function entriesOf(value: Value | undefined, what: string): Entry[] {
  if (value === undefined) return [];
  if (value.kind === "map") return value.entries;
  throw new NotARole(`${what} are not written out`);
}

/** The items of a list that is written out; none where there is no value. */
export function itemsOf(value: Value | undefined, what: string): Value[] {
  if (value === undefined) return [];
  if (value.kind === "list") return value.items;
  throw new NotARole(`${what} are not written out`);
}

/** Texts that are written out, or undefined where there is no value. */
export function plainTexts(value: Value | undefined, what: string): string[] | undefined {
  if (value === undefined) return undefined;
  return itemsOf(value, what).map((item) => {
    if (item.kind === "literal" && typeof item.value === "string") return item.value;
    throw new NotARole(`${what} are not written out`);
  });
}

/** The JSON of a value in which no function stands; an empty map where there is none. */
export function plainJson(value: Value | undefined, what: string): Json {
  switch (value?.kind) {
    case undefined:
      return {};
    case "literal":
      return value.value;
    case "list":
      return value.items.map((item) => plainJson(item, what));
    case "map":
      return Object.fromEntries(value.entries.map((entry) => [entry.key, plainJson(entry.value, what)]));
    case "call":
      throw new NotARole(`${what} are not written out`);
  }
}
