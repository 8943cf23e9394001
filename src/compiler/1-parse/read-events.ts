// One YAML text -> the events of the library that reads it. Not the library's is what Heat's reader takes and it does not: inside brackets and
// quotes indentation means nothing, and a dash may be a text. And what is wrong is said in words for people, at the place where it began.
import { type Event, parseEvents, YAMLException } from "js-yaml";
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Span } from "../../diagnostics/span.ts";
import { findOpen } from "./find-open.ts";
import { SourceLines } from "./source-lines.ts";

export interface Source {
  /** What the events' offsets mean. Lines inside brackets may be indented more than in the file. */
  text: string;
  lines: SourceLines;
}

/** How deep a text may be nested. */
export const maxDepth = 200;

/** What the library says, and what we say: most of it is clear to programmers only. */
const rewordings: Record<string, string> = {
  [`nesting exceeded maxDepth (${maxDepth})`]: `nested more than ${maxDepth} levels deep`,
  "a line break is expected": "nothing may stand behind this in its line but a comment",
  "a whitespace character is expected after the key-value separator within a block mapping": "a space is missing after the colon",
  "bad indentation of a sequence entry": "this is indented unlike the items before it",
  "can not read a block mapping entry; a multiline key may not be an implicit key":
    "a key must stand in one line, and a colon and a space after it",
  "duplication of an anchor property": "one value has two anchors",
  "end of the stream or a document separator is expected": "this is indented less than all before it, and belongs to nothing",
  "expected the node content, but found ','": "a value is missing before this comma",
  "missed comma between flow collection entries": "a comma is missing before this, or a bracket after what stands before it",
  "unknown escape sequence": "to double quotes \\ begins an escape, and there is none like this: \\\\ is the character itself",
  "tab characters must not be used in indentation": "this line is indented with a tab: YAML takes spaces only",
};

/** Reads the events of one file; undefined when its syntax is wrong, which is reported. */
export function readEvents(file: string, text: string, report: Report): { events: Event[]; source: Source } | undefined {
  let source: Source = { text, lines: new SourceLines(file, text) };
  const first = tryEvents(text);
  let read = first;
  // Heat's reader may take it all the same.
  for (let tries = 0; tries < 2 && !Array.isArray(read); tries++) {
    if (read.reason === "deficient indentation" && source.text === text) source = indentInside(file, text);
    read = tryEvents(hideDashes(source.text));
  }
  if (Array.isArray(read)) return { events: read, source };
  // Of a quote that is closed by the next one the end is far from the mistake.
  const isQuote = !Array.isArray(first) && /["']/.test(text[findOpen(text.slice(0, first.offset)).opened.at(-1) ?? -1] ?? "");
  const { span, ...said } = isQuote ? explain(first, { text, lines: new SourceLines(file, text) }) : explain(read, source);
  report.add("yaml-syntax", span, { problem: said.problem }, { related: said.related });
  return undefined;
}

interface Problem {
  reason: string;
  offset: number;
}

function tryEvents(text: string): Event[] | Problem {
  const marker = /^(?:[ \t]+(?=---(?!\S))|(?:\s|#.*\n)*?(?<![^\n])(?=\.\.\.(?!\S)))/.exec(text);
  if (marker !== null) return { reason: "a document does not begin like this", offset: marker[0].length };
  try {
    return parseEvents(text, { maxDepth });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return { reason: error.reason, offset: Math.min(error.mark?.position ?? 0, text.length) };
  }
}

// A dash before a comma or a closing bracket is a text to Heat, as in `list_join: [-, ...]`. Events have no texts, only places.
function hideDashes(text: string): string {
  return text.replace(/(?<=[[{,:]\s*)-(?=[,\]}])/g, "_");
}

// Every line inside brackets and quotes is indented more than any that is not, but for what ends a document there too.
function indentInside(file: string, text: string): Source {
  const innerLines = findOpen(text).innerLines.filter((start) => !/^(?:---|\.\.\.)(?!\S)/.test(text.slice(start, start + 4)));
  const width = 1 + (text.match(/^ +/gm) ?? []).reduce((most, { length }) => Math.max(most, length), 0);
  const parts = [0, ...innerLines].map((start, index) => text.slice(start, innerLines[index]));
  const indented = parts.join(" ".repeat(width));
  return { text: indented, lines: new SourceLines(file, indented, { starts: innerLines, width }) };
}

function explain(
  { reason, offset }: Problem,
  { text, lines }: Source,
): { problem: string; span: Span; related: { message: string; span: Span }[] } {
  const at = (start: number): Span => lines.span(start, start + 1);
  const opened = findOpen(text.slice(0, offset)).opened.at(-1);
  const before = text.slice(lines.startOf(offset), offset);
  const found = text[offset] ?? "";
  if (opened !== undefined && /unexpected end of the|deficient indentation/.test(reason)) {
    const isBroken = reason.startsWith("deficient") && text.slice(offset).trim() !== "";
    const problem = isBroken
      ? "this quote is not closed in its line, and the next one is not indented more than what it belongs to"
      : `this ${/["']/.test(text[opened] ?? "") ? "quote" : "bracket"} is never closed`;
    return { problem, span: at(opened), related: [] };
  }
  const related = opened === undefined ? [] : [{ message: "inside what is opened here", span: at(opened) }];
  const own = (problem: string): ReturnType<typeof explain> => ({ problem, span: at(offset), related });
  if (/^[@`%]$/.test(found) && /(?:^|[-:,[{?] *)$/.test(before)) return own(`a text that begins with ${found} needs quotes`);
  if (opened !== undefined && /^-\s/.test(text.slice(offset, offset + 2)))
    return own("a dash begins no item inside brackets; where it is a text it needs quotes");
  const isKey = found === ":" && !/[:?-](?:\s|$)/.test(before);
  const above = text.slice(0, lines.startOf(offset)).trimEnd();
  const start = Math.max(0, above.search(/[^\s][^\n]*$/));
  // Without the space the line above is a plain text, to which the keys below it do not fit.
  const isOfAbove = reason === "bad indentation of a mapping entry" && /^[\w-]+:\S/.test(above.slice(start));
  if (isKey && (isOfAbove || /multiline key|^end of the stream/.test(reason)))
    return { problem: missing(above.slice(start)), span: lines.span(start, above.length), related };
  if (reason === "bad indentation of a mapping entry") {
    const misfit = "this fits nothing above: the keys of a map, and the items of a list, begin in the same column";
    if (isKey) return { problem: misfit, span: lines.span(offset - before.trimStart().length, offset), related };
    if (before.trim() === "")
      return own(/^-\S/.test(text.slice(offset, offset + 2)) ? "a space is missing after the dash" : misfit);
    return own(
      found === ":"
        ? "a second colon in one line: a text with a colon and a space needs quotes, a map a line of its own"
        : "nothing may stand behind a value in its line",
    );
  }
  if (reason === "expected ':' after a mapping key") return own(missing(before.trimStart()));
  return own(rewordings[reason] ?? reason.slice(0, 100));
}

// What a line lacks that should begin with a key.
function missing(line: string): string {
  return /^[^"']*:\S/.test(line) ? "a space is missing after the colon" : "a colon is missing after this key";
}
