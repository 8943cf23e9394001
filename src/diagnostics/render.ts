// Diagnostics as text for people and editors, and as JSON for programs.
import { sortDiagnostics, type Diagnostic } from "./diagnostic.ts";
import type { Span } from "./span.ts";

/** Returns the text form of all diagnostics, by place; `sources` holds the text of each file, by the name in the spans. */
export function renderText(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>): string {
  const lines = new Map([...sources].map(([file, text]) => [file, text.split(/\r\n|\r|\n/)]));
  return sortDiagnostics(diagnostics)
    .map((diagnostic) => renderOne(diagnostic, lines.get(diagnostic.span.file)))
    .join("");
}

function renderOne(diagnostic: Diagnostic, lines: string[] | undefined): string {
  const { severity, code, message, span, related, hint } = diagnostic;
  const out = [`${showPlace(span)}: ${severity}[${code}]: ${message}`];
  const source = lines?.[span.line - 1];
  if (source !== undefined && source.trim() !== "") out.push(...excerpt(span, source));
  for (const note of related) out.push(`  note: ${showPlace(note.span)}: ${note.message}`);
  if (hint !== undefined) out.push(`  hint: ${hint}`);
  return `${out.join("\n")}\n`;
}

/** The source line with its number, and carets below the span. Tabs are kept so that the carets stand right. */
function excerpt(span: Span, source: string): string[] {
  const gutter = `  ${span.line} | `;
  const before = source.slice(0, span.column - 1).replace(/[^\t]/g, " ");
  const carets = "^".repeat(Math.max(1, Math.min(span.length, source.length - span.column + 1)));
  return [gutter + source.trimEnd(), `${" ".repeat(gutter.length - 2)}| ${before}${carets}`];
}

export function showPlace(span: Span): string {
  return `${span.file}:${span.line}:${span.column}`;
}

/** What `check --json` prints. */
export interface DiagnosticsJson {
  ok: boolean;
  diagnostics: {
    severity: string;
    code: string;
    message: string;
    file: string;
    line: number;
    column: number;
    hint?: string;
    related?: { message: string; file: string; line: number; column: number }[];
  }[];
}

/** Returns the JSON form of all diagnostics, by place; `ok` tells that none is an error. */
export function renderJson(diagnostics: readonly Diagnostic[]): DiagnosticsJson {
  return {
    ok: diagnostics.every((diagnostic) => diagnostic.severity !== "error"),
    diagnostics: sortDiagnostics(diagnostics).map(({ severity, code, message, span, hint, related }) => ({
      severity,
      code,
      message,
      ...placeOf(span),
      ...(hint === undefined ? {} : { hint }),
      ...(related.length === 0 ? {} : { related: related.map((note) => ({ message: note.message, ...placeOf(note.span) })) }),
    })),
  };
}

function placeOf({ file, line, column }: Span): { file: string; line: number; column: number } {
  return { file, line, column };
}
