// The rights in a plan: the one text of them that tags are made over, by the hub and by Heat, and what they are for one member of a group.
import { indexesIn } from "./cell.ts";
import { asciiJson, canonicalJson } from "./json.ts";
import type { Rights } from "./vm-plan.ts";

/** Returns the text of `rights`. */
export function rightsText(rights: Rights): string {
  // Heat's digest takes other characters for bytes of Latin-1.
  return asciiJson(canonicalJson({ read: rights.read, write: rights.write, choose: rights.choose }));
}

/** What stands in a group's rights for the index that a member itself has, `level` counting the groups around it from the outermost, 0. */
export function ownIndex(level: number): string {
  return `%own:${level}%`;
}

/** The rights of the vm `vm`, of those in its plan. */
export function rightsOf(rights: Rights, vm: string): Rights {
  const indexes = indexesIn(vm);
  if (indexes.length === 0) return rights;
  const fill = (text: string): string =>
    indexes.reduce((filled, index, level) => filled.replaceAll(ownIndex(level), index), text);
  return { read: rights.read.map(fill), write: rights.write.map(fill), choose: rights.choose.map(fill) };
}
