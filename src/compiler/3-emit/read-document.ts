// One YAML text -> a document of the library that can write it again, comments and all; with what it does not take by itself and PyYAML
// does: inside brackets and quotes indentation means nothing, and inside brackets a dash before a comma or a bracket is a text.
import { Composer, type Document, LineCounter, Parser } from "yaml";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { readLikeHeat } from "./read-like-heat.ts";

/** Reads a text that the compiler has read before; undefined, and reported, where this library sees a mistake in it all the same. */
export function readDocument(file: string, written: string, report: Report): Document.Parsed | undefined {
  // To the library a byte order mark would be a column of the first line.
  const text = written.replace(/^\ufeff/, "");
  const lineCounter = new LineCounter();
  const parser = new Parser(lineCounter.addNewLine);
  readLikePyYaml(parser["lexer"]);
  const [document, second] = new Composer({ ...readLikeHeat, lineCounter }).compose(parser.parse(text), true, text.length);
  if (document === undefined) throw new Error("the library always makes a document");
  const errors = document.errors.map(({ message, pos }) => ({ problem: message, offset: pos[0] }));
  if (second !== undefined)
    errors.push({ problem: "a second YAML document starts here; a template is one", offset: second.range[0] });
  for (const { problem, offset } of errors) {
    const { line, col } = lineCounter.linePos(offset);
    report.add("yaml-syntax", { file, line, column: Math.max(1, col), length: 1 }, { problem });
  }
  return errors.length > 0 ? undefined : document;
}

// The library has no options for it. Within what is open no line counts as too little indented when the least indentation is 0.
function readLikePyYaml(lexer: Parser["lexer"]): void {
  for (const name of ["parseFlowCollection", "parseQuotedScalar"] as const) {
    const parse = lexer[name].bind(lexer);
    lexer[name] = function* () {
      const indentNext = lexer["indentNext"];
      lexer["indentNext"] = 0;
      const next = yield* parse();
      lexer["indentNext"] = indentNext;
      return next;
    };
  }
  // What decides whether a dash is one of a list, which none is inside brackets.
  const charAt = lexer["charAt"].bind(lexer);
  lexer["charAt"] = (position: number): string =>
    position === 1 && lexer["flowLevel"] > 0 && /^-[,[\]{}]/.test(lexer["peek"](2)) ? "-" : charAt(position);
}
