// YAML text -> a tree of values with their places. Aliases and merge keys are resolved, repeated keys reported; nothing here
// knows of Heat. Plain scalars mean what they mean to Heat's reader (PyYAML): YAML 1.1, dates are texts.
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Span } from "../../diagnostics/span.ts";
import type { Entry, Value } from "../../model/template.ts";
import { readDocument } from "./read-document.ts";
import { readLikeHeat } from "./read-like-heat.ts";

export interface ParsedYaml {
  /** The text as the library knows it, for writing it out again: numbers keep the form in which they were written. */
  document: Document.Parsed;
  root: Value;
}

/** Most values that aliases may stand for, all together. */
const maxAliasedValues = 100_000;
const maxDepth = 200;
/** Some sixteen times of what Heat takes; the tree of a file needs some two hundred times the memory of its text. */
const maxFileLength = 8 * 1024 * 1024;

/** What the library says in words that only programmers understand. */
const rewordings: Record<string, string> = {
  "Maximum call stack size exceeded": "nested too deeply",
};

/** Parses one YAML file; undefined when its syntax is wrong, which is reported. */
export function parseYaml(file: string, text: string, report: Report): ParsedYaml | undefined {
  const lineCounter = new LineCounter();
  const spanAt = (start: number, end: number): Span => {
    const { line, col } = lineCounter.linePos(start);
    const lineEnd = /[\r\n]|$/.exec(text.slice(start))?.index ?? 0;
    return { file, line, column: Math.max(1, col), length: Math.max(0, Math.min(end - start, lineEnd)) };
  };
  if (text.length > maxFileLength) {
    report.add("file-too-large", { file, line: 1, column: 1, length: 0 }, { limit: maxFileLength });
    return undefined;
  }
  const document = readDocument(text, { ...readLikeHeat, lineCounter });

  const bad = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffc\u{10000}-\u{10ffff}]/u.exec(text);
  if (bad !== null) {
    report.add("bad-character", spanAt(bad.index, bad.index + 1), { code: codePoint(bad[0]) });
    return undefined;
  }
  for (const [index, { code, message, pos }] of [...document.errors, ...document.warnings].entries()) {
    // After another error, unexpected tokens are mostly its consequence.
    if (index > 0 && code === "UNEXPECTED_TOKEN") continue;
    const span = spanAt(pos[0], pos[1]);
    report.add(code === "BAD_ALIAS" ? "bad-alias" : "yaml-syntax", span, { problem: rewordings[message] ?? message });
  }
  if (document.errors.length > 0 || document.warnings.length > 0) return undefined;
  const span = { file, line: 1, column: 1, length: 0 };
  if (document.contents === null) return { document, root: { kind: "literal", value: null, span } };
  return {
    document,
    root: new TreeBuilder(spanAt, report).build(document.contents, span, { inWeft: false, parentKey: "" }),
  };
}

/** Where in the tree a value stands, as far as repeated keys depend on it. */
interface Position {
  inWeft: boolean;
  parentKey: string;
}

/** Walks one document; lives as long as that, to count what aliases stand for. */
class TreeBuilder {
  readonly #spanAt: (start: number, end: number) => Span;
  readonly #report: Report;
  readonly #anchors = new Map<string, ParsedNode>();
  readonly #targets = new Map<Alias.Parsed, ParsedNode | undefined>();
  #openAliases: ParsedNode[] = [];
  #aliasedValues = 0;
  #depth = 0;

  constructor(spanAt: (start: number, end: number) => Span, report: Report) {
    this.#spanAt = spanAt;
    this.#report = report;
  }

  /** Builds the value of `node`; `place` is the place of a value that has no text of its own (`key:`). */
  build(node: ParsedNode, place: Span, position: Position): Value {
    this.#noteAnchor(node);
    const own = this.#spanOf(node);
    const span = own.length === 0 ? place : own;
    if (this.#openAliases.length > 0 && this.#isBeyondMeasure(span)) return nothing(span);
    if (this.#depth >= maxDepth) {
      this.#report.add("yaml-syntax", span, { problem: `nested more than ${maxDepth} levels deep` });
      return nothing(span);
    }
    this.#depth++;
    try {
      if (isAlias(node)) return this.#followAlias(node, span, (target) => this.build(target, span, position), nothing(span));
      if (isMap(node)) return { kind: "map", entries: this.#buildEntries(node, span, position), span };
      if (isSeq(node)) {
        const items = node.items.map((item) => this.build(item as ParsedNode, span, { ...position, parentKey: "" }));
        return { kind: "list", items, span };
      }
      return this.#buildScalar(node, span);
    } finally {
      this.#depth--;
    }
  }

  #buildScalar(node: Scalar.Parsed, span: Span): Value {
    const value: unknown = node.value;
    if (value === null || typeof value === "boolean" || typeof value === "string") return { kind: "literal", value, span };
    if (typeof value === "number" && Number.isFinite(value)) return { kind: "literal", value, span };
    // `<<` or `=` where a value stands, infinities: texts to us.
    return { kind: "literal", value: node.source, span };
  }

  /** The entries of a map: the last of equal keys, and below them what merge keys bring in. */
  #buildEntries(node: YAMLMap.Parsed, span: Span, position: Position): Entry[] {
    const own = new Map<string, Entry>();
    const merged = new Map<string, Entry>();
    for (const pair of node.items as Pair<ParsedNode, ParsedNode | null>[]) {
      if (isMergeKey(pair.key)) {
        const entries = pair.value === null ? [] : this.#mergedEntries(pair.value, span, position);
        for (const entry of entries) if (!merged.has(entry.key)) merged.set(entry.key, entry);
        continue;
      }
      this.#noteAnchor(pair.key);
      const keySpan = this.#spanOf(pair.key);
      if (!isScalar(pair.key)) {
        this.#report.add("yaml-syntax", keySpan, { problem: "a key must be a plain text" });
        continue;
      }
      // The text as written: to YAML 1.1 the key `on` would be a boolean.
      const key = pair.key.source ?? String(pair.key.value);
      const earlier = own.get(key);
      if (earlier !== undefined) {
        const related = [{ message: "first given here", span: earlier.keySpan }];
        this.#report.add(position.inWeft ? "duplicate-key" : "shadowed-key", keySpan, { key }, { related });
        own.delete(key);
      }
      const below = { inWeft: position.inWeft || (key === "weft" && position.parentKey === "metadata"), parentKey: key };
      own.set(key, { key, keySpan, value: pair.value === null ? nothing(keySpan) : this.build(pair.value, keySpan, below) });
    }
    return [...own.values(), ...[...merged.values()].filter((entry) => !own.has(entry.key))];
  }

  #mergedEntries(node: ParsedNode, span: Span, position: Position): Entry[] {
    if (isAlias(node))
      return this.#followAlias(node, this.#spanOf(node), (target) => this.#mergedEntries(target, span, position), []);
    this.#noteAnchor(node);
    if (isMap(node)) return this.#buildEntries(node, span, position);
    if (isSeq(node)) return node.items.flatMap((item) => this.#mergedEntries(item as ParsedNode, span, position));
    this.#report.add("yaml-syntax", this.#spanOf(node), { problem: "only maps can be merged with <<" });
    return [];
  }

  #followAlias<T>(alias: Alias.Parsed, span: Span, follow: (target: ParsedNode) => T, otherwise: T): T {
    if (this.#isBeyondMeasure(span)) return otherwise;
    const target = this.#targetOf(alias);
    if (target === undefined || this.#openAliases.includes(target)) {
      const problem =
        target === undefined ? `no anchor &${alias.source} before this alias` : `the alias *${alias.source} contains itself`;
      this.#report.add("bad-alias", span, { problem });
      return otherwise;
    }
    this.#openAliases.push(target);
    try {
      return follow(target);
    } finally {
      this.#openAliases.pop();
    }
  }

  /** The node of the newest anchor before the alias, which is known when the walk first comes by: the library would search the whole document. */
  #targetOf(alias: Alias.Parsed): ParsedNode | undefined {
    if (!this.#targets.has(alias)) this.#targets.set(alias, this.#anchors.get(alias.source));
    return this.#targets.get(alias);
  }

  #noteAnchor(node: ParsedNode): void {
    if (node.anchor !== undefined && this.#openAliases.length === 0) this.#anchors.set(node.anchor, node);
  }

  /** Counts one more value or alias behind an alias; past the limit nothing is followed any more, and that is reported once. */
  #isBeyondMeasure(span: Span): boolean {
    this.#aliasedValues++;
    if (this.#aliasedValues <= maxAliasedValues) return false;
    const fileStart = { ...span, line: 1, column: 1, length: 0 };
    this.#report.add("bad-alias", fileStart, { problem: "the aliases stand for too many values" });
    return true;
  }

  #spanOf(node: ParsedNode): Span {
    return this.#spanAt(node.range[0], node.range[1]);
  }
}

function nothing(span: Span): Value {
  return { kind: "literal", value: null, span };
}

function isMergeKey(key: ParsedNode): boolean {
  return isScalar(key) && typeof key.value === "symbol";
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
