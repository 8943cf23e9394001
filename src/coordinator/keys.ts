// Where everything about a stack stands in a coordinator. Every key is built and read here and nowhere else.
//   STACK/GEN/cells/CELL  STACK/GEN/roles/ROLEID  STACK/GEN/vms/VM  STACK/GEN/choices/KEY  STACK/GEN/retries/ROLEID  STACK/GEN/outlines/VM
//   STACK/generations/GEN  STACK/instances/VM  STACK/logs/GEN/ROLEID   (logs stand apart: whoever watches a generation does not get them)

/** One generation of one stack: the space in which cells are written once. `generation` is an epoch's name (`epochName`). */
export interface Scope {
  stack: string;
  generation: string;
}

const folders = ["cells", "roles", "vms", "choices", "retries", "outlines"] as const;
export type Folder = (typeof folders)[number];

/** A key taken apart. */
export type ParsedKey =
  | { folder: Folder; stack: string; generation: string; name: string }
  | { folder: "logs"; stack: string; generation: string; name: string }
  | { folder: "generations"; stack: string; generation: string }
  | { folder: "instances"; stack: string; vm: string };

/** Names the `count`th time that a generation became active: `GEN`, `GEN~2`, ... */
export function epochName(generation: string, count: number): string {
  return count === 1 ? generation : `${generation}~${count}`;
}

/** The generation of which this is an epoch: what plans are named by, and rights tags made over. */
export function generationOf(epoch: string): string {
  return epoch.replace(/~\d+$/, "");
}

export function cellKey(scope: Scope, cell: string): string {
  return `${folderPrefix(scope, "cells")}${encodePart(cell)}`;
}

export function roleKey(scope: Scope, role: string): string {
  return `${folderPrefix(scope, "roles")}${encodePart(role)}`;
}

export function vmKey(scope: Scope, vm: string): string {
  return `${folderPrefix(scope, "vms")}${encodePart(vm)}`;
}

export function choiceKey(scope: Scope, choice: string): string {
  return `${folderPrefix(scope, "choices")}${encodePart(choice)}`;
}

/** The key whose value says how often the operator has retried a role. */
export function retryKey(scope: Scope, role: string): string {
  return `${retriesPrefix(scope)}${encodePart(role)}`;
}

/** The key under which a vm's agent tells what its roles are: VmOutline. */
export function outlineKey(scope: Scope, vm: string): string {
  return `${folderPrefix(scope, "outlines")}${encodePart(vm)}`;
}

/** The key of the end of a role's log: RoleLog. */
export function logKey(scope: Scope, role: string): string {
  return `${logsPrefix(scope)}${encodePart(role)}`;
}

/** The prefix of all logs of a generation. */
export function logsPrefix(scope: Scope): string {
  return `${stackPrefix(scope.stack)}logs/${encodePart(scope.generation)}/`;
}

/** The prefix of all retries of a generation. */
export function retriesPrefix(scope: Scope): string {
  return folderPrefix(scope, "retries");
}

/** The key whose value says which instance of a vm is the one that counts, and in which epoch it is. */
export function instanceKey(stack: string, vm: string): string {
  return `${stackPrefix(stack)}instances/${encodePart(vm)}`;
}

/** The key whose value is the number of an epoch, given when it was opened. */
export function generationKey(scope: Scope): string {
  return `${generationsPrefix(scope.stack)}${encodePart(scope.generation)}`;
}

/** The prefix of all keys of a stack. */
export function stackPrefix(stack: string): string {
  return `${encodePart(stack)}/`;
}

/** The prefix of the numbers of a stack's epochs. */
export function generationsPrefix(stack: string): string {
  return `${stackPrefix(stack)}generations/`;
}

/** The prefix of all keys of a generation. */
export function scopePrefix(scope: Scope): string {
  return `${stackPrefix(scope.stack)}${encodePart(scope.generation)}/`;
}

function folderPrefix(scope: Scope, folder: Folder): string {
  return `${scopePrefix(scope)}${folder}/`;
}

/** Takes a key apart; undefined for a text that none of the functions above makes. */
export function parseKey(key: string): ParsedKey | undefined {
  const parts = key.split("/").map(decodePart);
  const [stack, second, third, name] = parts;
  if (stack === undefined || second === undefined || third === undefined) return undefined;
  if (parts.length === 3) {
    if (second === "instances") return { folder: "instances", stack, vm: third };
    return second === "generations" ? { folder: "generations", stack, generation: third } : undefined;
  }
  if (parts.length === 4 && second === "logs")
    return name === undefined ? undefined : { folder: "logs", stack, generation: third, name };
  const folder = folders.find((known) => known === third);
  if (parts.length !== 4 || folder === undefined || name === undefined) return undefined;
  return { folder, stack, generation: second, name };
}

function encodePart(part: string): string {
  return part.replace(/[%/]/g, (character) => (character === "%" ? "%25" : "%2F"));
}

// Strict, so that no two keys mean the same thing.
function decodePart(part: string): string | undefined {
  if (/%(?!25|2F)/.test(part)) return undefined;
  return part.replace(/%25|%2F/g, (code) => (code === "%25" ? "%" : "/"));
}
