// Blocking reads, publishing, gathering and choosing, written once above any coordinator. Used by agents and by the hub.
import { type CellRecord, maxValueBytes, showCell } from "../model/cell.ts";
import { Failure } from "../model/failure.ts";
import { sameJson } from "../model/json.ts";
import type { RoleStatus, VmPresence } from "../model/status.ts";
import type { Coordinator, Entry } from "./coordinator.ts";
import { cellKey, choiceKey, roleKey, type Scope, vmKey } from "./keys.ts";
import { retrying } from "./retrying.ts";

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

/**
 * The data space of one generation of a stack. While the coordinator is away (`retry`), every verb tries again until its
 * signal is aborted; it then rejects with the signal's reason. Other failures are thrown as they are.
 */
export interface Dataflow {
  /** Waits until `cell` is settled, without limit. */
  settled(cell: string, signal?: AbortSignal): Promise<CellRecord>;
  /** Returns the record of `cell`, undefined while it is pending. */
  peek(cell: string, signal?: AbortSignal): Promise<CellRecord | undefined>;
  /**
   * Settles `cell`, once. An equal record is the same write. Fails with code `conflict` when it is settled otherwise, `too-large`
   * for a value over `maxValueBytes`.
   */
  publish(cell: string, record: CellRecord, signal?: AbortSignal): Promise<"written" | "same">;
  /**
   * Waits for all `cells`, or until one has failed; or for the first that have a value, as many as `of` says: which ones is
   * decided once, recorded as the choice `choice`, and the same for every reader.
   */
  gather(cells: string[], of: "all" | "any" | number, choice: string, signal?: AbortSignal): Promise<Gathered>;
  /** Proposes `candidate` for a choice and returns what was chosen, by whoever came first. */
  choose(choice: string, candidate: string, signal?: AbortSignal): Promise<string>;
  /** Stores the newest status of a role; of several under way for one role only the last is sure to be seen. */
  report(status: RoleStatus, signal?: AbortSignal): Promise<void>;
  /** Shows a vm's agent as present until `signal` is aborted or this process ends. */
  join(presence: VmPresence, signal: AbortSignal): Promise<void>;
}

/** Opens the data space `scope` of `coordinator`. */
export function openDataflow(coordinator: Coordinator, scope: Scope): Dataflow {
  const waits = new Map<string, Wait>();
  const reports = new Map<string, Report>();

  function settled(cell: string, signal?: AbortSignal): Promise<CellRecord> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const known = waits.get(cell);
      const wait = known ?? { waiters: new Set(), controller: new AbortController() };
      const leave = (): void => {
        signal?.removeEventListener("abort", cancel);
        wait.waiters.delete(waiter);
        if (wait.waiters.size > 0) return;
        wait.controller.abort();
        if (waits.get(cell) === wait) waits.delete(cell);
      };
      const cancel = (): void => {
        leave();
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        resolve: (record) => {
          leave();
          resolve(record);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      wait.waiters.add(waiter);
      signal?.addEventListener("abort", cancel, { once: true });
      if (known === undefined) {
        waits.set(cell, wait);
        startWait(cell, wait);
      }
    });
  }

  function startWait(cell: string, wait: Wait): void {
    const fail = (error: unknown): void => wait.waiters.forEach((waiter) => waiter.reject(error));
    const see = (entry: Entry | undefined): void => {
      if (entry === undefined) return;
      try {
        const record = parseRecord(entry);
        wait.waiters.forEach((waiter) => waiter.resolve(record));
      } catch (error) {
        fail(error);
      }
    };
    const observer = {
      snapshot: (entries: Entry[]) => see(entries[0]),
      change: (_key: string, entry: Entry | undefined) => see(entry),
    };
    const { signal } = wait.controller;
    retrying(() => coordinator.watch(cellKey(scope, cell), observer, signal), signal).catch(fail);
  }

  async function peek(cell: string, signal?: AbortSignal): Promise<CellRecord | undefined> {
    const entry = await retrying(() => coordinator.read(cellKey(scope, cell)), signal);
    return entry === undefined ? undefined : parseRecord(entry);
  }

  async function publish(cell: string, record: CellRecord, signal?: AbortSignal): Promise<"written" | "same"> {
    const text = JSON.stringify(record);
    if (record.state === "value" && Buffer.byteLength(JSON.stringify(record.value)) > maxValueBytes) {
      throw new Failure("give-up", "too-large", `the value of ${showCell(cell)} is larger than ${maxValueBytes} bytes of JSON`);
    }
    const current = await writeOnce(cellKey(scope, cell), text, signal);
    if (current === undefined) return "written";
    const earlier = parseRecord(current);
    if (sameRecord(earlier, record)) return "same";
    const different = record.state === "value" && earlier.state === "value" ? "a different value" : `the state "${record.state}"`;
    throw new Failure(
      "conflict",
      "conflict",
      `${showCell(cell)} has the state "${earlier.state}" already, written by ${earlier.by}: ${different} is refused`,
    );
  }

  // Returns undefined when `value` was written, else the entry that stands there.
  async function writeOnce(key: string, value: string, signal: AbortSignal | undefined): Promise<Entry | undefined> {
    for (;;) {
      const result = await retrying(() => coordinator.write(key, value, "absent"), signal);
      if (result.written) return undefined;
      if (result.current !== undefined) return result.current;
    }
  }

  async function choose(choice: string, candidate: string, signal?: AbortSignal): Promise<string> {
    const current = await writeOnce(choiceKey(scope, choice), candidate, signal);
    return current?.value ?? candidate;
  }

  // Waits for `cells` as they settle, until `decide` has a result; the other waits are then freed.
  async function collect<T>(
    cells: string[],
    signal: AbortSignal | undefined,
    decide: (record: CellRecord, index: number) => T | undefined,
  ): Promise<T> {
    const controller = new AbortController();
    const stop = (): void => controller.abort(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      return await new Promise<T>((resolve, reject) => {
        cells.forEach((cell, index) => {
          settled(cell, controller.signal).then((record) => {
            const result = decide(record, index);
            if (result !== undefined) resolve(result);
          }, reject);
        });
      });
    } finally {
      signal?.removeEventListener("abort", stop);
      controller.abort();
    }
  }

  async function gatherAll(cells: string[], signal: AbortSignal | undefined): Promise<Gathered> {
    if (cells.length === 0) return { state: "met", members: [] };
    const members: Member[] = [];
    let settledCount = 0;
    return collect(cells, signal, (record, index) => {
      const cell = cells[index] as string;
      if (record.state === "failed") return { state: "failed", cell, error: record.error, origin: record.origin };
      members[index] = { cell, record };
      settledCount += 1;
      return settledCount === cells.length ? { state: "met", members } : undefined;
    });
  }

  async function gatherFirst(cells: string[], count: number, choice: string, signal: AbortSignal | undefined): Promise<Gathered> {
    const spare = cells.length - count;
    if (spare < 0) return { state: "failed", error: `${count} members are needed, there are ${cells.length}` };
    if (count === 0) return { state: "met", members: [] };
    const having: number[] = [];
    let missing = 0;
    const first = await collect<Gathered | number[]>(cells, signal, (record, index) => {
      if (record.state === "value") having.push(index);
      else missing += 1;
      if (having.length === count) return having;
      if (missing <= spare) return undefined;
      const reason = record.state === "failed" ? record.error : `${record.by} has not written it`;
      const error = `${count} of ${cells.length} members are needed and ${missing} have no value: ${reason}`;
      return {
        state: "failed",
        cell: cells[index] as string,
        error,
        origin: record.state === "failed" ? record.origin : record.by,
      };
    });
    if (!Array.isArray(first)) return first;
    first.sort((left, right) => left - right);
    const chosen = JSON.parse(await choose(choice, JSON.stringify(first), signal)) as number[];
    return gatherAll(
      chosen.map((index) => cells[index] as string),
      signal,
    );
  }

  async function gather(cells: string[], of: "all" | "any" | number, choice: string, signal?: AbortSignal): Promise<Gathered> {
    if (of === "all") return gatherAll(cells, signal);
    return gatherFirst(cells, of === "any" ? 1 : of, choice, signal);
  }

  // One write at a time for each role, so that a late answer or a retry never brings back an older status.
  async function report(status: RoleStatus, signal?: AbortSignal): Promise<void> {
    const underWay = reports.get(status.id);
    if (underWay !== undefined) {
      underWay.next = status;
      return underWay.written;
    }
    const started: Report = { next: status, written: Promise.resolve() };
    reports.set(status.id, started);
    started.written = writeReports(status.id, started, signal);
    return started.written;
  }

  async function writeReports(role: string, started: Report, signal: AbortSignal | undefined): Promise<void> {
    try {
      while (started.next !== undefined) {
        const status = started.next;
        started.next = undefined;
        await retrying(() => coordinator.write(roleKey(scope, role), JSON.stringify(status), "any"), signal);
      }
    } finally {
      reports.delete(role);
    }
  }

  async function join(presence: VmPresence, signal: AbortSignal): Promise<void> {
    await retrying(() => coordinator.join(vmKey(scope, presence.vm), JSON.stringify(presence), signal), signal);
  }

  return { settled, peek, publish, gather, choose, report, join };
}

interface Waiter {
  resolve(record: CellRecord): void;
  reject(error: unknown): void;
}

/** All who wait for one cell share one watch, which ends with the last of them. */
interface Wait {
  waiters: Set<Waiter>;
  controller: AbortController;
}

/** The writing of one role's statuses: the newest that is not under way yet, and the end of it all. */
interface Report {
  next: RoleStatus | undefined;
  written: Promise<void>;
}

function parseRecord(entry: Entry): CellRecord {
  try {
    return JSON.parse(entry.value) as CellRecord;
  } catch (error) {
    throw new Failure("give-up", "malformed", `the entry ${entry.key} is no cell's record`, { cause: error });
  }
}

// Of two failures the first reason stands.
function sameRecord(left: CellRecord, right: CellRecord): boolean {
  if (left.state === "value" && right.state === "value") return sameJson(left.value, right.value);
  return left.state === right.state;
}
