// Reads a map of known keys: whatever has the wrong key or kind becomes a diagnostic at its place, and reading goes on.
import type { Report } from "../../diagnostics/diagnostic.ts";
import { suggestNearest } from "../../diagnostics/nearest.ts";
import type { Span } from "../../diagnostics/span.ts";
import type { Json } from "../../model/json.ts";
import type { Entry, Value } from "../../model/template.ts";

/** The fields of one map. `what` names the map in messages: `role "db.mysql"`, `the template`. */
export class Fields {
  readonly what: string;
  readonly span: Span;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #report: Report;

  constructor(what: string, span: Span, entries: readonly Entry[], report: Report) {
    this.what = what;
    this.span = span;
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]));
    this.#report = report;
  }

  /** The field as it stands; a field that is there without a value (`key:`) counts as absent. */
  get(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || isNull(entry.value) ? undefined : entry;
  }

  /** As `get`, but its absence is reported. */
  require(key: string): Entry | undefined {
    const entry = this.get(key);
    if (entry === undefined)
      this.#report.add("missing-key", this.#entries.get(key)?.keySpan ?? this.span, { what: this.what, key });
    return entry;
  }

  text(key: string): string | undefined {
    const entry = this.get(key);
    return entry === undefined ? undefined : readText(entry.value, this.#name(key), this.#report);
  }

  flag(key: string): boolean {
    const entry = this.get(key);
    if (entry === undefined) return false;
    if (entry.value.kind === "literal" && typeof entry.value.value === "boolean") return entry.value.value;
    reportType(this.#report, entry.value, this.#name(key), "true or false");
    return false;
  }

  /** One of a few words. */
  word<Word extends string>(key: string, words: readonly Word[]): Word | undefined {
    const entry = this.get(key);
    if (entry === undefined) return undefined;
    const value = entry.value.kind === "literal" ? entry.value.value : undefined;
    const found = words.find((word) => word === value);
    if (found === undefined) {
      reportType(
        this.#report,
        entry.value,
        this.#name(key),
        oneOf(words),
        typeof value === "string" ? suggestNearest(value, words) : undefined,
      );
    }
    return found;
  }

  /** A field whose value is a map, opened. */
  map(key: string, what: string, known?: readonly string[]): Fields | undefined {
    const entry = this.get(key);
    return entry === undefined ? undefined : openMap(entry.value, what, this.#report, known, entry.keySpan);
  }

  list(key: string): Value[] {
    const entry = this.get(key);
    if (entry === undefined) return [];
    if (entry.value.kind === "list") return entry.value.items;
    reportType(this.#report, entry.value, this.#name(key), "a list");
    return [];
  }

  entries(): Entry[] {
    return [...this.#entries.values()];
  }

  #name(key: string): string {
    return `"${key}" of ${this.what}`;
  }
}

/** Opens a map; keys that are not `known` are reported with the nearest known one. Undefined, and reported, when it is no map. */
export function openMap(
  value: Value,
  what: string,
  report: Report,
  known?: readonly string[],
  span: Span = value.span,
): Fields | undefined {
  if (value.kind !== "map") {
    reportType(report, value, what, "a map");
    return undefined;
  }
  if (known !== undefined) {
    for (const { key, keySpan } of value.entries) {
      if (!known.includes(key))
        report.add(
          "unknown-key",
          keySpan,
          { what, key },
          { hint: suggestNearest(key, known) ?? `known keys: ${known.join(", ")}` },
        );
    }
  }
  return new Fields(what, span, value.entries, report);
}

export function readText(value: Value, what: string, report: Report): string | undefined {
  if (value.kind === "literal" && typeof value.value === "string") return value.value;
  reportType(report, value, what, "a text");
  return undefined;
}

export function reportType(report: Report, value: Value, what: string, expected: string, hint?: string): void {
  report.add("bad-type", value.span, { what, expected, found: describeValue(value) }, { hint });
}

/** `a list`, `the number 5`, `the text "abc"`, `nothing`: what a value is, for messages. */
export function describeValue(value: Value): string {
  if (value.kind === "list") return "a list";
  if (value.kind === "map") return "a map";
  if (value.kind === "call") return `the function ${value.fn}`;
  if (value.value === null) return "nothing";
  if (typeof value.value !== "string") return `the ${typeof value.value} ${value.value}`;
  return value.value.length > 40 || value.value.includes("\n") ? "a text" : `"${value.value}"`;
}

export function isNull(value: Value): boolean {
  return value.kind === "literal" && value.value === null;
}

/** Returns the plain JSON of a value in which no function stands. */
export function toJson(value: Value): Json {
  switch (value.kind) {
    case "literal":
      return value.value;
    case "list":
      return value.items.map(toJson);
    case "map":
      return Object.fromEntries(value.entries.map((entry) => [entry.key, toJson(entry.value)]));
    case "call":
      throw new Error(`a call of ${value.fn} is no plain value`);
  }
}

function oneOf(words: readonly string[]): string {
  return words.length === 1 ? String(words[0]) : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
