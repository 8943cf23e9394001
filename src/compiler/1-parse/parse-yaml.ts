// YAML text -> a tree of values with their places. Aliases and merge keys are resolved, repeated keys reported; nothing here
// knows of Heat. Plain scalars mean what they mean to Heat's reader (PyYAML): YAML 1.1, dates are texts.
import {
  type AliasEvent,
  type Event,
  EVENT_ID,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from "js-yaml";
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Span } from "../../diagnostics/span.ts";
import { readPlain } from "../../model/plain-scalar.ts";
import type { Entry, Value } from "../../model/template.ts";
import { type CollectionEvent, NodePlaces } from "./node-places.ts";
import { maxDepth, readEvents, type Source } from "./read-events.ts";
import { readTag, readTagged } from "./read-tag.ts";

/** Most values that aliases may stand for, all together. */
const maxAliasedValues = 100_000;
/** Some sixteen times of what Heat takes; the tree of a file needs some hundred times the memory of its text. */
const maxFileLength = 8 * 1024 * 1024;

/** Parses one YAML file; undefined when its syntax is wrong, which is reported. */
export function parseYaml(file: string, text: string, report: Report): Value | undefined {
  const start = { file, line: 1, column: 1, length: 0 };
  if (text.length > maxFileLength) {
    report.add("file-too-large", start, { limit: maxFileLength });
    return undefined;
  }
  // A carriage return alone is the end of a line to some readers and none to others, and so is a byte order mark within a text no character to some.
  const bad = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffc\u{10000}-\u{10ffff}]|\r(?!\n)|(?<=[^])\ufeff/u.exec(text);
  if (bad !== null) {
    const before = text.slice(0, bad.index).split(/\r\n?|\n/);
    const place = { file, line: before.length, column: (before.at(-1) ?? "").length + 1, length: 1 };
    report.add("bad-character", place, { code: codePoint(bad[0]) });
    return undefined;
  }
  const read = readEvents(file, text, report);
  if (read === undefined) return undefined;
  return new TreeBuilder(read.events, read.source, report).buildRoot(start);
}

/** Where in the tree a value stands, as far as repeated keys depend on it. */
interface Position {
  inWeft: boolean;
  parentKey: string;
}

type Literal = null | boolean | number | string;

/** Walks the events of one document; lives as long as that, to count what aliases stand for. */
class TreeBuilder {
  readonly #events: readonly Event[];
  readonly #source: Source;
  readonly #report: Report;
  /** The event that comes next. */
  #next = 0;
  readonly #places: NodePlaces;
  /** By name, the event of each anchor so far. */
  readonly #anchors = new Map<string, number>();
  readonly #openAliases: number[] = [];
  #aliasedValues = 0;
  #depth = 0;

  constructor(events: readonly Event[], source: Source, report: Report) {
    this.#events = events;
    this.#source = source;
    this.#places = new NodePlaces(source);
    this.#report = report;
  }

  /** The value of the whole text; undefined, and reported, when it is more than one document. */
  buildRoot(start: Span): Value | undefined {
    if (this.#events.length === 0) return nothing(start);
    this.#next++;
    const root = this.#build(start, { inWeft: false, parentKey: "" });
    this.#next++;
    if (this.#next >= this.#events.length) return root;
    const marker = /^(?:---|\.\.\.)/m.exec(this.#source.text.slice(this.#places.end));
    const offset = this.#places.end + (marker?.index ?? 0);
    const problem = "a second YAML document starts here; a template is one";
    this.#report.add("yaml-syntax", this.#source.lines.span(offset, offset + 3), { problem });
    return undefined;
  }

  // Builds the value that comes next; `place` is the place of a value that has no text of its own (`key:`).
  #build(place: Span, position: Position): Value {
    const event = this.#event();
    if (this.#isTooMuch(event, place)) {
      this.#skip();
      return nothing(place);
    }
    this.#depth++;
    try {
      if (event.type === EVENT_ID.SCALAR) return this.#buildScalar(event, place);
      if (event.type === EVENT_ID.SEQUENCE) return this.#buildList(event, position);
      if (event.type === EVENT_ID.MAPPING) {
        const span = this.#open(event);
        return { kind: "map", entries: this.#buildEntries(event, span, position), span };
      }
      return this.#followAlias((span) => this.#build(span, position), nothing);
    } finally {
      this.#depth--;
    }
  }

  // Behind aliases there may be more than anybody has written.
  #isTooMuch(event: Event, place: Span): boolean {
    if (this.#openAliases.length > 0 && this.#isBeyondMeasure(place)) return true;
    if (this.#depth < maxDepth) return false;
    this.#report.add("yaml-syntax", this.#places.spanOf(event, place), { problem: `nested more than ${maxDepth} levels deep` });
    return true;
  }

  #buildScalar(event: ScalarEvent, place: Span): Value {
    this.#next++;
    this.#noteAnchor(event);
    const span = this.#places.spanOf(event, place);
    const text = getScalarValue(this.#source.text, event);
    if (event.tagStart >= 0) return { kind: "literal", value: this.#readTagged(event, text), span };
    return { kind: "literal", value: event.style === SCALAR_STYLE.PLAIN ? readPlain(text) : text, span };
  }

  #buildList(event: SequenceEvent, position: Position): Value {
    const span = this.#open(event);
    const items: Value[] = [];
    while (this.#event().type !== EVENT_ID.POP) items.push(this.#build(span, { ...position, parentKey: "" }));
    this.#close(event, span);
    return { kind: "list", items, span };
  }

  // The entries of a map: the last of equal keys, and below them what merge keys bring in.
  #buildEntries(event: MappingEvent, span: Span, position: Position): Entry[] {
    const own = new Map<string, Entry>();
    const merged: Entry[] = [];
    for (let key = this.#event(); key.type !== EVENT_ID.POP; key = this.#event()) {
      if (key.type !== EVENT_ID.SCALAR) {
        this.#report.add("yaml-syntax", this.#places.spanOf(key, span), { problem: "a key must be a plain text" });
        this.#skip();
        this.#skip();
        continue;
      }
      const entry = this.#buildKey(key);
      if (isMergeKey(key, entry.key)) {
        for (const each of this.#mergedEntries(span, position)) merged.push(each);
        continue;
      }
      const earlier = own.get(entry.key);
      if (earlier !== undefined) {
        const related = [{ message: "first given here", span: earlier.keySpan }];
        this.#report.add(position.inWeft ? "duplicate-key" : "shadowed-key", entry.keySpan, { key: entry.key }, { related });
        own.delete(entry.key);
      }
      const isWeft = entry.key === "weft" && position.parentKey === "metadata";
      entry.value = this.#build(entry.keySpan, { inWeft: position.inWeft || isWeft, parentKey: entry.key });
      own.set(entry.key, entry);
    }
    this.#close(event, span);
    for (const entry of merged) if (!own.has(entry.key)) own.set(entry.key, entry);
    return [...own.values()];
  }

  // The text as written: to YAML 1.1 the key `on` would be a boolean.
  #buildKey(event: ScalarEvent): Entry {
    this.#next++;
    this.#noteAnchor(event);
    const { lines, text } = this.#source;
    const key = getScalarValue(text, event);
    const colon = event.valueStart < 0 ? text.indexOf(":", this.#places.end) : this.#places.end;
    const keySpan = this.#places.spanOf(event, lines.span(colon, colon + 1));
    if (event.valueStart < 0) this.#report.add("yaml-syntax", keySpan, { problem: "a key is missing before the colon" });
    if (event.tagStart >= 0) this.#readTagged(event, key);
    return { key, keySpan, value: nothing(keySpan) };
  }

  #mergedEntries(span: Span, position: Position): Entry[] {
    const event = this.#event();
    if (event.type === EVENT_ID.ALIAS)
      return this.#followAlias(
        () => this.#mergedEntries(span, position),
        (): Entry[] => [],
      );
    if (event.type === EVENT_ID.MAPPING) return this.#buildEntries(event, this.#open(event), position);
    if (event.type === EVENT_ID.SEQUENCE) {
      const entries: Entry[] = [];
      const list = this.#open(event);
      while (this.#event().type !== EVENT_ID.POP) {
        for (const entry of this.#mergedEntries(span, position)) entries.push(entry);
      }
      this.#close(event, list);
      return entries;
    }
    this.#report.add("yaml-syntax", this.#places.spanOf(event, span), { problem: "only maps can be merged with <<" });
    this.#skip();
    return [];
  }

  // Builds what the alias that comes next stands for, and goes on behind the alias.
  #followAlias<T>(follow: (span: Span) => T, otherwise: (span: Span) => T): T {
    const { anchorStart, anchorEnd } = this.#event() as AliasEvent;
    this.#next++;
    const name = this.#readName(anchorStart, anchorEnd);
    const span = this.#source.lines.span(anchorStart - 1, anchorEnd);
    const target = this.#anchors.get(name);
    if (target === undefined || this.#openAliases.includes(target)) {
      const problem = target === undefined ? `no anchor &${name} before this alias` : `the alias *${name} contains itself`;
      this.#report.add("bad-alias", span, { problem });
      this.#places.end = anchorEnd;
      return otherwise(span);
    }
    const next = this.#next;
    this.#openAliases.push(target);
    this.#next = target;
    try {
      return this.#isBeyondMeasure(span) ? otherwise(span) : follow(span);
    } finally {
      this.#openAliases.pop();
      this.#next = next;
      this.#places.end = anchorEnd;
    }
  }

  #noteAnchor(event: ScalarEvent | CollectionEvent): void {
    const { anchorStart, anchorEnd } = event;
    if (anchorStart < 0 || this.#openAliases.length > 0) return;
    const name = this.#readName(anchorStart, anchorEnd);
    if (this.#anchors.has(name)) {
      const problem = `the anchor &${name} is given twice`;
      this.#report.add("yaml-syntax", this.#source.lines.span(anchorStart - 1, anchorEnd), { problem });
    }
    this.#anchors.set(name, this.#next - 1);
  }

  // The name of an anchor: to YAML 1.1 it ends where to YAML 1.2 it goes on.
  #readName(start: number, end: number): string {
    const name = this.#source.text.slice(start, end);
    if (/[^\w-]/.test(name)) {
      const problem = `the name of an anchor has only letters, digits, - and _, unlike "${name.slice(0, 100)}"`;
      this.#report.add("yaml-syntax", this.#source.lines.span(start, end), { problem });
    }
    return name;
  }

  // Counts one more value or alias behind an alias; past the limit nothing is followed any more, and that is reported once.
  #isBeyondMeasure(span: Span): boolean {
    this.#aliasedValues++;
    if (this.#aliasedValues <= maxAliasedValues) return false;
    const fileStart = { ...span, line: 1, column: 1, length: 0 };
    this.#report.add("bad-alias", fileStart, { problem: "the aliases stand for too many values" });
    return true;
  }

  #readTagged(event: ScalarEvent, text: string): Literal {
    const tag = this.#tagOf(event);
    const value = readTagged(tag, text);
    if (value !== undefined) return value;
    this.#reportTag(event, tag);
    return null;
  }

  #reportTag(event: ScalarEvent | CollectionEvent, tag: string): void {
    const problem = `Heat has no tag ${tag.slice(0, 100)} for a value like this`;
    this.#report.add("yaml-syntax", this.#source.lines.span(event.tagStart, event.tagEnd), { problem });
  }

  #tagOf({ tagStart, tagEnd }: ScalarEvent | CollectionEvent): string {
    const [document] = this.#events;
    const directives = document?.type === EVENT_ID.DOCUMENT ? document.directives : [];
    return readTag(this.#source.text.slice(tagStart, tagEnd), directives);
  }

  #event(): Event {
    return this.#events[this.#next] as Event;
  }

  // Goes past the value that comes next.
  #skip(): void {
    let depth = 0;
    do {
      const { type } = this.#event();
      if (type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING) depth++;
      if (type === EVENT_ID.POP) depth--;
      this.#next++;
    } while (depth > 0);
  }

  // Enters a collection.
  #open(event: CollectionEvent): Span {
    this.#next++;
    this.#noteAnchor(event);
    const own = event.type === EVENT_ID.MAPPING ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq";
    const tag = event.tagStart < 0 ? own : this.#tagOf(event);
    if (tag !== own) this.#reportTag(event, tag);
    return this.#places.open(event);
  }

  #close(event: CollectionEvent, span: Span): void {
    this.#next++;
    this.#places.close(event, span);
  }
}

function nothing(span: Span): Value {
  return { kind: "literal", value: null, span };
}

function isMergeKey(event: ScalarEvent, key: string): boolean {
  return key === "<<" && event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0;
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
