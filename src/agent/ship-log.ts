// Sends the end of a role's log to the hub while the role runs, a bounded piece at a time.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { RoleLog } from "../model/status.ts";

const intervalMs = 1000;
const maxBytes = 16 * 1024;

export interface LogSource {
  id: string;
  attempt: number;
  path: string;
  /** Tells whether all secrets that the role may have printed are known, so that `mask` hides them. */
  isSafe(): boolean;
  mask(text: string): string;
  /** Resolves when it was taken, or will never be; never rejects. */
  send(log: RoleLog): Promise<void>;
}

/** Sends what is new about once a second. Call the result when the attempt has ended: it sends the end. */
export function shipLog(source: LogSource): () => void {
  let sentBytes = 0;
  let sending = Promise.resolve();
  const ship = (ended: boolean): void => {
    const piece = readEnd(source.path);
    if (!ended && (piece.sizeBytes === sentBytes || !source.isSafe())) return;
    sentBytes = piece.sizeBytes;
    const { id, attempt } = source;
    const log = { id, attempt, skippedBytes: piece.skippedBytes, text: source.mask(piece.text), ended };
    // One after another, so that a late one never brings back an older end.
    sending = sending.then(() => source.send(log));
  };
  const timer = setInterval(() => ship(false), intervalMs);
  return () => {
    clearInterval(timer);
    ship(true);
  };
}

function readEnd(path: string): { text: string; skippedBytes: number; sizeBytes: number } {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    // Nothing was started.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { text: "", skippedBytes: 0, sizeBytes: 0 };
    throw error;
  }
  try {
    const sizeBytes = fstatSync(file).size;
    const buffer = Buffer.alloc(Math.min(sizeBytes, maxBytes));
    const read = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, sizeBytes - buffer.length));
    // Of a log that is cut the first line is dropped: a part of a secret would not be masked.
    const start = sizeBytes > maxBytes ? read.indexOf("\n") + 1 : 0;
    return { text: read.subarray(start).toString("utf8"), skippedBytes: sizeBytes - read.length + start, sizeBytes };
  } finally {
    closeSync(file);
  }
}
