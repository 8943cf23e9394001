// The one text of a set of rights that tags are made over: by the hub, and by Heat, to which the compiler hands it.
import { asciiJson, canonicalJson } from "./json.ts";
import type { Rights } from "./vm-plan.ts";

/** Returns the text of `rights`. */
export function rightsText(rights: Rights): string {
  // Heat's digest takes other characters for bytes of Latin-1.
  return asciiJson(canonicalJson({ read: rights.read, write: rights.write, choose: rights.choose }));
}
