// One YAML text -> a document of the library that can write it again, comments and all; with one difference to how it reads by itself:
// inside [ ] and { } indentation means nothing, as for PyYAML.
import { Composer, type Document, LineCounter, Parser } from "yaml";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { readLikeHeat } from "./read-like-heat.ts";

/** Reads a text that the compiler has read before; undefined, and reported, where this library sees a mistake in it all the same. */
export function readDocument(file: string, written: string, report: Report): Document.Parsed | undefined {
  // To the library a byte order mark would be a column of the first line.
  const text = written.replace(/^\ufeff/, "");
  const lineCounter = new LineCounter();
  const parser = new Parser(lineCounter.addNewLine);
  ignoreIndentInFlow(parser);
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

// The library has no option for it. Within a flow collection no line counts as too little indented when the least indentation is 0.
function ignoreIndentInFlow(parser: Parser): void {
  const lexer = parser["lexer"];
  const parseFlowCollection = lexer["parseFlowCollection"].bind(lexer);
  lexer["parseFlowCollection"] = function* () {
    const indentNext = lexer["indentNext"];
    lexer["indentNext"] = 0;
    const next = yield* parseFlowCollection();
    lexer["indentNext"] = indentNext;
    return next;
  };
}
