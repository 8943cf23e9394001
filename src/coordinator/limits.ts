// What every coordinator must be able to store, and refuses beyond.
import { Failure } from "../model/failure.ts";

/** UTF-8 bytes of a key. */
export const maxKeyBytes = 1024;

/** UTF-8 bytes of an entry's value. */
export const maxEntryBytes = 1024 * 1024;

/** Throws a Failure `give-up` for a key or a value that is too large for any coordinator. */
export function checkLimits(key: string, value = ""): void {
  if (Buffer.byteLength(key) > maxKeyBytes) {
    throw new Failure("give-up", "too-large", `the key ${key.slice(0, 80)}... is longer than ${maxKeyBytes} bytes`);
  }
  if (Buffer.byteLength(value) > maxEntryBytes) {
    throw new Failure("give-up", "too-large", `the entry ${key} is larger than ${maxEntryBytes} bytes`);
  }
}
