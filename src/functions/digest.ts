// Heat's function digest. The hash itself comes from the host: this folder is pure.
import type { Json } from "../model/json.ts";

/** What functions need of the machine on which they are evaluated. */
export interface FunctionHost {
  /** Hexadecimal digits of the digest of `bytes`; throws for an algorithm that the machine does not have. Absent: no digests here. */
  digest?(algorithm: string, bytes: Uint8Array): string;
}

/** digest: `[ALGORITHM, TEXT]`; Heat reads the text as Latin-1. */
export function computeDigest(arg: Json, host: FunctionHost): string {
  const [algorithm, text] = Array.isArray(arg) && arg.length === 2 ? arg : [];
  if (typeof algorithm !== "string" || typeof text !== "string") throw new Error("digest needs a list: an algorithm and a text");
  if (host.digest === undefined) throw new Error("digest cannot be evaluated here");
  const units = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  if (units.some((unit) => unit > 255)) throw new Error("digest: the text must be of Latin-1 characters");
  return host.digest(algorithm.toLowerCase().replace("_", "-"), Uint8Array.from(units));
}
