// One YAML text -> one document of the library, with one difference: inside [ ] and { } indentation means nothing, as for PyYAML.
import { Composer, type Document, type DocumentOptions, type LineCounter, Parser, type ParseOptions, YAMLParseError } from "yaml";

type Options = ParseOptions & DocumentOptions & { lineCounter: LineCounter };

/** Returns the document with its errors and warnings; a second document in the text is an error. */
export function readDocument(text: string, options: Options): Document.Parsed {
  const parser = new Parser(options.lineCounter.addNewLine);
  ignoreIndentInFlow(parser);
  const [document, second] = new Composer(options).compose(parser.parse(text), true, text.length);
  if (document === undefined) throw new Error("the library always makes a document");
  if (second !== undefined) {
    const problem = "a second YAML document starts here; a template is one";
    document.errors.push(new YAMLParseError([second.range[0], second.range[1]], "MULTIPLE_DOCS", problem));
  }
  // What is left of the rule: a closing bracket should be more indented than what it belongs to.
  document.warnings = document.warnings.filter(({ code }) => code !== "BAD_INDENT");
  return document;
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
