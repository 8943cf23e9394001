// Cells: what is stored of one output, how ids are built and read, and how values meet their declared types.
import type { Json } from "./json.ts";
import type { ValueType } from "./role.ts";

/**
 * A settled cell. A pending cell has no record. `by` is the role's id, `atMs` the writer's wall clock. A `sealed` value is a text that
 * only the stack's vms can open (coordinator/seal.ts). `origin` names the failure that it comes from (`failureId`).
 */
export type CellRecord =
  | { state: "value"; value: Json; sealed?: true; by: string; attempt: number; atMs: number }
  | { state: "absent"; by: string; atMs: number }
  | { state: "failed"; error: string; origin: string; by: string; atMs: number };

/** Largest value of a cell: bytes of its JSON text. */
export const maxValueBytes = 256 * 1024;

/** The same value sealed: nonce, tag, base64. */
export const maxSealedBytes: number = Math.ceil((maxValueBytes + 64) / 3) * 4;

export const namePattern = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** `db`, or `app[2]` for a member of a group. */
export function memberId(group: string, index: number | string): string {
  return `${group}[${index}]`;
}

/** The numbers of a group's `size` members: from 0 on, without those in `skip`. */
export function memberNumbers(size: number, skip: readonly number[] = []): number[] {
  const numbers: number[] = [];
  for (let number = 0; numbers.length < size; number++) if (!skip.includes(number)) numbers.push(number);
  return numbers;
}

/**
 * The members of a group by what stands in brackets: `size` is their number, or (of an AutoScalingGroup, whose members have the names
 * that Heat makes) a map with a key for each, in their order. Throws an Error for what is neither, which calls the group `group`.
 */
export function membersOf(size: Json, skip?: readonly number[], group = "a group"): string[] {
  if (size !== null && typeof size === "object" && !Array.isArray(size)) return Object.keys(size);
  // Heat hands numbers over as texts at times.
  const count = Number(size);
  if (!Number.isInteger(count) || count < 0) throw new Error(`the size of ${group} is not a number of members`);
  return memberNumbers(count, skip).map(String);
}

/** Tells whether `index` names one member, as a number or a name from Heat does. */
export function isMemberIndex(index: string): boolean {
  return /^[A-Za-z0-9]+$/.test(index);
}

/** Everything in brackets in a vm's id, outermost first: `0` and `2` of `app[0]/web[2]`. */
export function indexesIn(vm: string): string[] {
  return [...vm.matchAll(/\[([^[\]]*)\]/g)].map(([, index]) => index as string);
}

/** The id under which a group as a whole has the cells of one that was chosen: `app/db` for the member `app[0]/db`. */
export function wholeId(vm: string): string {
  return vm.replace(/\[[^[\]]*\]([^[\]]*)$/, "$1");
}

/** A vm's id without the numbers of members: `app/web`. */
export function withoutIndexes(vm: string): string {
  return vm.replace(/\[[^[\]]*\]/g, "");
}

/** The id of any member of the groups that `vm` is in: `app[*]`. */
export function anyMember(vm: string): string {
  return vm.replace(/\[[^[\]]*\]/g, "[*]");
}

/** Replaces what stands in brackets in a vm's id, in order. */
export function withIndexes(vm: string, indexes: readonly (string | number)[]): string {
  let position = 0;
  return vm.replace(/\[[^[\]]*\]/g, (old) => {
    const index = indexes[position++];
    return index === undefined ? old : `[${index}]`;
  });
}

export function roleId(vm: string, role: string): string {
  return `${vm}.${role}`;
}

export function cellId(vm: string, role: string, output: string): string {
  return `${vm}.${role}.${output}`;
}

/** The cell that is settled when a role has ended; value `true`, or failed. */
export function endCell(vm: string, role: string): string {
  return cellId(vm, role, "@end");
}

/** The cell of a fact that a vm's agent reports. */
export function factCell(vm: string, fact: string): string {
  return cellId(vm, "@vm", fact);
}

/**
 * Splits a cell's id. A vm's name may hold dots, a role's and an output's cannot, so the id is read from its end.
 * Returns undefined for a text that is no cell id.
 */
export function parseCellId(cell: string): { vm: string; role: string; output: string } | undefined {
  const match = /^(.+)\.(@vm|[A-Za-z_][A-Za-z0-9_-]*)\.(@end|[A-Za-z_][A-Za-z0-9_-]*)$/s.exec(cell);
  if (match === null) return undefined;
  return { vm: match[1] as string, role: match[2] as string, output: match[3] as string };
}

/** How a cell is shown to users: the end of a role by the role's id, a fact as `vm.first_address`. */
export function showCell(cell: string): string {
  return cell.replace(/\.@end$/, "").replace(/\.@vm\./, ".");
}

/** Names a failure, as `origin` does: the role, and from the operator's first retry of it on how often it was retried: `db.mysql#1`. */
export function failureId(role: string, retries: number): string {
  return retries === 0 ? role : `${role}#${retries}`;
}

/** Splits a failure's name. */
export function parseFailure(failure: string): { role: string; retries: number } {
  const [role = failure, retries = "0"] = failure.split("#", 2);
  return { role, retries: Number(retries) };
}

/** Tells whether the role whose failure this was has been retried since; `retries` says how often each role was. */
export function isRetried(failure: string, retries: ReadonlyMap<string, number>): boolean {
  const { role, retries: before } = parseFailure(failure);
  return (retries.get(role) ?? 0) > before;
}

/** Tells whether `cell` is meant by `pattern`, in which each `[*]` stands for any member's index. */
export function matchesCell(pattern: string, cell: string): boolean {
  if (pattern === cell) return true;
  const [head = "", ...tails] = pattern.split("[*]");
  if (tails.length === 0 || !cell.startsWith(head)) return false;
  let rest = cell.slice(head.length);
  for (const tail of tails) {
    const index = /^\[[A-Za-z0-9]+\]/.exec(rest)?.[0];
    if (index === undefined || !rest.startsWith(tail, index.length)) return false;
    rest = rest.slice(index.length + tail.length);
  }
  return rest === "";
}

/** Tells whether `value` is of the declared type; null is of none. */
export function conformsTo(value: Json, type: ValueType): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "json":
      return value !== null;
    case "comma_delimited_list":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
  }
}

/**
 * Reads a value of the declared type from text, as `weft-put` and output files give it.
 * Throws an Error whose message says what was expected; the text itself is not repeated (it may be a secret).
 */
export function parseText(text: string, type: ValueType): Json {
  switch (type) {
    case "string":
      return text;
    case "number": {
      const trimmed = text.trim();
      const value = Number(trimmed);
      if (trimmed === "" || !Number.isFinite(value)) throw new Error("not a number");
      return value;
    }
    case "boolean": {
      const word = text.trim().toLowerCase();
      if (["true", "t", "on", "yes", "y", "1"].includes(word)) return true;
      if (["false", "f", "off", "no", "n", "0"].includes(word)) return false;
      throw new Error("not a boolean (true or false)");
    }
    case "json": {
      const value = parseJson(text);
      if (value === null) throw new Error("null is not a value");
      return value;
    }
    case "comma_delimited_list": {
      if (!text.trimStart().startsWith("[")) return text.trim() === "" ? [] : text.split(",").map((item) => item.trim());
      const value = parseJson(text);
      if (!conformsTo(value, type)) throw new Error("not a list of strings");
      return value;
    }
  }
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Error("not valid JSON");
  }
}

/** The text of a value for environment variables and `weft-get`: strings raw, everything else as JSON. */
export function showValue(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
