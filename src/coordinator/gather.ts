// Reads of many cells as one: all members of a group, or the first of them that have a value.
import type { CellRecord } from "../model/cell.ts";
import { Failure } from "../model/failure.ts";

/** A settled cell that did not fail. */
export type Success = Exclude<CellRecord, { state: "failed" }>;

export interface Member {
  cell: string;
  record: Success;
}

/**
 * What a gather came to: its members in member order, or why it cannot be met: the `cell` that decided it and the role
 * whose failure was the `origin` (neither where there are too few members).
 */
export type Gathered = { state: "met"; members: Member[] } | { state: "failed"; error: string; cell?: string; origin?: string };

/** The blocking read of one cell. */
type Settle = (cell: string, signal?: AbortSignal) => Promise<CellRecord>;

/** Waits for all `cells`, or until one has failed. */
export async function gatherAll(cells: string[], settled: Settle, signal?: AbortSignal): Promise<Gathered> {
  if (cells.length === 0) return { state: "met", members: [] };
  const members: Member[] = [];
  let settledCount = 0;
  return collect<Gathered>(cells, settled, signal, (cell, index, record) => {
    if (record.state === "failed") return { state: "failed", cell, error: record.error, origin: record.origin };
    members[index] = { cell, record };
    settledCount += 1;
    return settledCount === cells.length ? { state: "met", members } : undefined;
  });
}

/**
 * Waits until `count` of `cells` have a value, or too many cannot. `decide` is given the indexes of the first, as a JSON list, and
 * returns those that count: the ones that whoever came first proposed.
 */
export async function gatherFirst(
  cells: string[],
  count: number,
  settled: Settle,
  decide: (candidate: string) => Promise<string>,
  signal?: AbortSignal,
): Promise<Gathered> {
  const spare = cells.length - count;
  if (spare < 0) return { state: "failed", error: `${count} members are needed, there are ${cells.length}` };
  if (count === 0) return { state: "met", members: [] };
  const having: number[] = [];
  let missing = 0;
  const first = await collect<Gathered | "enough">(cells, settled, signal, (cell, index, record) => {
    if (record.state === "value") {
      having.push(index);
      return having.length === count ? "enough" : undefined;
    }
    missing += 1;
    if (missing <= spare) return undefined;
    const [reason, origin] =
      record.state === "failed" ? [record.error, record.origin] : [`${record.by} has not written it`, record.by];
    const error = `${count} of ${cells.length} members are needed and ${missing} have no value: ${reason}`;
    return { state: "failed", cell, error, origin };
  });
  if (first !== "enough") return first;
  const candidate = JSON.stringify(having.sort((left, right) => left - right));
  return gatherAll(readChoice(await decide(candidate), cells), settled, signal);
}

// Shows `cells` to `see` as they settle, until it has a result; the others are not shown any more, though they may have settled in the same
// moment, and their waits are freed.
async function collect<T>(
  cells: string[],
  settled: Settle,
  signal: AbortSignal | undefined,
  see: (cell: string, index: number, record: CellRecord) => T | undefined,
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal?.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  let isOver = false;
  try {
    return await new Promise<T>((resolve, reject) => {
      cells.forEach((cell, index) => {
        settled(cell, controller.signal).then((record) => {
          const result = isOver ? undefined : see(cell, index, record);
          if (result === undefined) return;
          isOver = true;
          resolve(result);
        }, reject);
      });
    });
  } finally {
    signal?.removeEventListener("abort", stop);
    controller.abort();
  }
}

function readChoice(text: string, cells: string[]): string[] {
  const chosen = parseIndexes(text).map((index) => cells[index as number]);
  if (chosen.length > 0 && chosen.every((cell) => cell !== undefined)) return chosen;
  throw new Failure("give-up", "malformed", `the recorded choice ${text} does not name members of a group of ${cells.length}`);
}

function parseIndexes(text: string): unknown[] {
  try {
    const indexes: unknown = JSON.parse(text);
    return Array.isArray(indexes) ? indexes : [];
  } catch {
    return [];
  }
}
