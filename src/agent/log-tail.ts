// The end of a role's log, short enough to show beside its failure.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const maxLines = 20;
const maxBytes = 4096;

/** Returns the last 20 lines, or 4 kB, of a log file; empty when there is none. */
export function readLogTail(path: string): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, maxBytes));
    const bytes = readSync(file, buffer, 0, buffer.length, size - buffer.length);
    // A character cut in two at the beginning is dropped.
    const text = buffer.toString("utf8", 0, bytes).replace(/^\uFFFD+/, "");
    return text.trimEnd().split("\n").slice(-maxLines).join("\n");
  } finally {
    closeSync(file);
  }
}

/** Returns the last line of a text that says something. */
export function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.trim() ?? "";
}
