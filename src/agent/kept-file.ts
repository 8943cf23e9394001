// Small JSON documents that must be whole after a crash: written beside, then put in place.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";

/** Returns the document at `path`; undefined when there is none. */
export function readKept(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes a document, readable by its owner only; it is on the disk when this returns. */
export function writeKept(path: string, document: unknown): void {
  const bytes = Buffer.from(JSON.stringify(document));
  const file = openSync(`${path}.new`, "w", 0o600);
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.new`, path);
}
