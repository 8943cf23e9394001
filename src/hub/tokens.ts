// Who a vm is and what it may do, as digests that Heat can make too. The hub recomputes them and keeps no table.
import { createHash, timingSafeEqual } from "node:crypto";
import { anyMember } from "../model/cell.ts";
import { rightsText } from "../model/rights-text.ts";
import type { Rights } from "../model/vm-plan.ts";

/** SHA-256 as 64 hexadecimal digits, what Heat's `digest: [sha256, text]` gives. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

// Nested, so that knowing one digest does not let anybody extend the text under it.
function nestedDigest(key: string, text: string): string {
  return sha256(`${key}/${sha256(`${key}/${text}`)}`);
}

/** Who I am: the token of a vm of a stack. `key` is the stack's or hub's weft_token_key. */
export function vmToken(key: string, stack: string, vm: string): string {
  return nestedDigest(key, `vm/${stack}/${vm}`);
}

/** What I may: the tag over the rights of a vm in a generation. All members of a group have one, over the rights that are in their plan. */
export function rightsTag(key: string, stack: string, vm: string, generation: string, rights: Rights): string {
  return nestedDigest(key, `rights/${stack}/${anyMember(vm)}/${generation}/${rightsText(rights)}`);
}

/** The token of the stack's operator, who may see and do everything in it. */
export function operatorToken(key: string, stack: string): string {
  return nestedDigest(key, `operator/${stack}`);
}

/** The token of whoever runs the hub itself, and holds its key: for what concerns all stacks. */
export function hubToken(key: string): string {
  return nestedDigest(key, "hub");
}

/** Compares secrets without telling by its time where they differ. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(expected)));
}
