// Where in the user's files something stands. Lines and columns count from 1, columns and lengths in UTF-16 units.

/** A place on one line of one file; `file` is the path as the user named it, `length` stops at the end of the line. */
export interface Span {
  file: string;
  line: number;
  column: number;
  length: number;
}
