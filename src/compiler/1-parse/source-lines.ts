// Offsets in a text -> places for people. What comes next mostly lies in the same line or the next one.
import type { Span } from "../../diagnostics/span.ts";

/** Lines that begin with so many spaces more than in the file; `starts` are their offsets in the file. */
export interface Indented {
  starts: readonly number[];
  width: number;
}

/** The lines of one file. */
export class SourceLines {
  readonly #file: string;
  /** The lines that are indented more than in the file, and by how much. */
  readonly #indented: ReadonlySet<number>;
  readonly #width: number;
  readonly #length: number;
  readonly #starts: number[] = [0];
  /** Where the text of each line ends, its line end left out. */
  readonly #ends: number[] = [];
  #line = 0;

  constructor(file: string, text: string, { starts, width }: Indented = { starts: [], width: 0 }) {
    this.#file = file;
    this.#indented = new Set(starts.map((start, index) => start + index * width));
    this.#width = width;
    this.#length = text.length;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) {
      this.#ends.push(text[end - 1] === "\r" ? end - 1 : end);
      this.#starts.push(end + 1);
    }
    this.#ends.push(text.length);
  }

  /** The place from `start` to `end`, or to the end of its line. */
  span(start: number, end: number): Span {
    const line = this.#find(start);
    const from = this.#starts[line] as number;
    const length = Math.max(0, Math.min(end, this.#ends[line] as number) - start);
    const column = start - from + 1 - (this.#indented.has(from) ? this.#width : 0);
    return { file: this.#file, line: line + 1, column: Math.max(1, column), length };
  }

  /** Where the line begins in which `offset` lies. */
  startOf(offset: number): number {
    return this.#starts[this.#find(offset)] as number;
  }

  #find(offset: number): number {
    const starts = this.#starts;
    const from = (line: number): number => starts[line] ?? this.#length + 1;
    let low = this.#line;
    if (offset < from(low) || offset >= from(low + 2)) {
      let high = starts.length;
      low = 0;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (from(middle) <= offset) low = middle;
        else high = middle;
      }
    } else if (offset >= from(low + 1)) low++;
    this.#line = low;
    return low;
  }
}
