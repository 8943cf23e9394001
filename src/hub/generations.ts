// The generations of a stack: numbered when first seen, listed, and removed when nobody needs them any more.
import type { Coordinator, Entry } from "../coordinator/coordinator.ts";
import {
  generationKey,
  generationsPrefix,
  logsPrefix,
  parseKey,
  type Scope,
  scopePrefix,
  stackPrefix,
} from "../coordinator/keys.ts";
import { Failure } from "../model/failure.ts";

/** What an operator sees of a generation. */
export interface GenerationSummary {
  generation: string;
  /** Grows with age; absent when no vm has come yet. */
  number?: number;
  cells: number;
  roles: number;
  /** Agents that are there just now. */
  vms: string[];
}

// Removals under way at once.
const removedAtOnce = 64;

/** Of the entries below `STACK/generations/`, the generations from the oldest to the newest. */
export function sortGenerations(entries: Entry[]): string[] {
  return entries
    .toSorted((left, right) => Number(left.value) - Number(right.value) || left.revision - right.revision)
    .map(({ key }) => parseKey(key))
    .flatMap((parsed) => (parsed?.folder === "generations" ? [parsed.generation] : []));
}

/** Of the entries below `STACK/generations/`, the generation with the highest number. */
export function findNewest(entries: Entry[]): string | undefined {
  return sortGenerations(entries).at(-1);
}

/** Lists what there is of a stack, from the oldest generation to the newest; those without a number come first. */
export async function listGenerations(coordinator: Coordinator, stack: string): Promise<GenerationSummary[]> {
  const entries = await coordinator.list(stackPrefix(stack));
  const summaries = new Map<string, GenerationSummary>();
  for (const { key, value } of entries) {
    const parsed = parseKey(key);
    if (parsed === undefined || parsed.folder === "instances") continue;
    const { generation } = parsed;
    const summary = summaries.get(generation) ?? { generation, cells: 0, roles: 0, vms: [] };
    summaries.set(generation, summary);
    if (parsed.folder === "generations") summary.number = Number(value);
    else if (parsed.folder === "vms") summary.vms.push(parsed.name);
    else if (parsed.folder === "cells") summary.cells += 1;
    else if (parsed.folder === "roles") summary.roles += 1;
  }
  const order = sortGenerations(entries.filter(({ key }) => parseKey(key)?.folder === "generations"));
  return [...summaries.values()].toSorted((left, right) => order.indexOf(left.generation) - order.indexOf(right.generation));
}

/**
 * Removes everything about a generation, its number last, and tells whether there was anything. Fails `conflict` with code `conflict`
 * while an agent of it is there: it would find its own cells gone.
 */
export async function removeGeneration(coordinator: Coordinator, scope: Scope): Promise<boolean> {
  const entries = await coordinator.list(scopePrefix(scope));
  refusePresent(entries, `generation ${scope.generation} of stack ${scope.stack}`);
  await removeAll(coordinator, [...entries, ...(await coordinator.list(logsPrefix(scope)))]);
  return (await coordinator.remove(generationKey(scope))) || entries.length > 0;
}

/** Removes everything about a stack. Answers and fails as `removeGeneration`. */
export async function removeStack(coordinator: Coordinator, stack: string): Promise<boolean> {
  const entries = await coordinator.list(stackPrefix(stack));
  refusePresent(entries, `stack ${stack}`);
  await removeAll(coordinator, entries);
  return entries.length > 0;
}

/** Removes all but the newest `keep` generations of a stack; one whose agents are still there stays until the next time. */
export async function removeOldGenerations(coordinator: Coordinator, stack: string, keep: number): Promise<string[]> {
  const generations = sortGenerations(await coordinator.list(generationsPrefix(stack)));
  const removed: string[] = [];
  for (const generation of generations.slice(0, -keep)) {
    try {
      await removeGeneration(coordinator, { stack, generation });
      removed.push(generation);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "conflict") throw error;
    }
  }
  return removed;
}

function refusePresent(entries: Entry[], what: string): void {
  const present = entries.map(({ key }) => parseKey(key)).find((parsed) => parsed?.folder === "vms");
  if (present?.folder === "vms")
    throw new Failure("conflict", "conflict", `${what} is in use: the agent of ${present.name} is there; end it first`);
}

async function removeAll(coordinator: Coordinator, entries: Entry[]): Promise<void> {
  // Numbers last: what was interrupted is still listed, and can be removed again.
  const isNumber = ({ key }: Entry): boolean => parseKey(key)?.folder === "generations";
  for (const part of [entries.filter((entry) => !isNumber(entry)), entries.filter(isNumber)]) {
    for (let start = 0; start < part.length; start += removedAtOnce)
      await Promise.all(part.slice(start, start + removedAtOnce).map(({ key }) => coordinator.remove(key)));
  }
}
