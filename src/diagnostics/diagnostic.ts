// What can be wrong in a user's files: values collected in a report, never thrown.
import { catalogue, type Code, type ParamsOf, type Row, type Severity } from "./catalogue.ts";
import type { Span } from "./span.ts";

export interface Diagnostic {
  severity: Severity;
  code: Code;
  message: string;
  span: Span;
  hint?: string;
  /** Other places that belong to it, in reading order; a cycle's edges, a first definition. */
  related: Related[];
}

export interface Related {
  message: string;
  span: Span;
}

/** Collects the diagnostics of one run of the compiler; the same one at the same place counts once. */
export class Report {
  readonly diagnostics: Diagnostic[] = [];
  readonly #seen = new Set<string>();

  /** Adds a diagnostic in the words of its row in the catalogue; `extra.hint` takes the place of the row's own hint. */
  add<C extends Code>(
    code: C,
    span: Span,
    params: ParamsOf<C>,
    extra: { hint?: string | undefined; related?: Related[] } = {},
  ): void {
    const row: Row<ParamsOf<C>> = catalogue[code];
    const message = row.says(params);
    const hint = extra.hint ?? row.hint?.(params);
    const identity = JSON.stringify([code, span, message]);
    if (this.#seen.has(identity)) return;
    this.#seen.add(identity);
    const diagnostic: Diagnostic = { severity: row.severity, code, message, span, related: extra.related ?? [] };
    if (hint !== undefined) diagnostic.hint = hint;
    this.diagnostics.push(diagnostic);
  }

  get hasErrors(): boolean {
    return this.diagnostics.some((diagnostic) => diagnostic.severity === "error");
  }
}

/** Returns the diagnostics by place; files keep the order in which they first occur. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const files = [...new Set(diagnostics.map((diagnostic) => diagnostic.span.file))];
  return diagnostics.toSorted(
    (left, right) =>
      files.indexOf(left.span.file) - files.indexOf(right.span.file) ||
      left.span.line - right.span.line ||
      left.span.column - right.span.column,
  );
}
