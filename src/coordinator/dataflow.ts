// Blocking reads, publishing, gathering and choosing, written once above any coordinator. Used by agents and by the hub.
import { type CellRecord, maxSealedBytes, maxValueBytes, showCell } from "../model/cell.ts";
import { Failure } from "../model/failure.ts";
import { sameJson } from "../model/json.ts";
import type { RoleLog, RoleStatus, VmOutline, VmPresence } from "../model/status.ts";
import type { Coordinator, Entry, Expected, Observer, WriteResult } from "./coordinator.ts";
import { type Gathered, gatherAll, gatherFirst } from "./gather.ts";
import { cellKey, choiceKey, logKey, outlineKey, roleKey, type Scope, vmKey } from "./keys.ts";
import { retrying, untilAborted } from "./retrying.ts";

export type { Gathered, Member } from "./gather.ts";

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
  /** Stores the end of a role's log. */
  sendLog(log: RoleLog, signal?: AbortSignal): Promise<void>;
  /** Tells what a vm's roles are. */
  outline(outline: VmOutline, signal?: AbortSignal): Promise<void>;
  /** Shows a vm's agent as present until `signal` is aborted or this process ends. */
  join(presence: VmPresence, signal: AbortSignal): Promise<void>;
}

/**
 * Opens the data space `scope` of `coordinator`. A failure of which `isRetried` says that the operator has retried its origin since counts
 * as pending for `settled` and `gather`, and may be settled anew.
 */
export function openDataflow(
  coordinator: Coordinator,
  scope: Scope,
  isRetried: (origin: string) => boolean = () => false,
): Dataflow {
  const waits = new Map<string, Wait>();
  const reports = new Map<string, Report>();

  async function settled(cell: string, signal?: AbortSignal): Promise<CellRecord> {
    signal?.throwIfAborted();
    const wait = waits.get(cell) ?? startWait(cell);
    wait.readers += 1;
    try {
      return await untilAborted(wait.record, signal);
    } finally {
      wait.readers -= 1;
      if (wait.readers === 0) endWait(cell, wait);
    }
  }

  function startWait(cell: string): Wait {
    const controller = new AbortController();
    const { signal } = controller;
    const record = new Promise<CellRecord>((resolve, reject) => {
      const see = (entry: Entry | undefined): void => {
        if (entry === undefined) return;
        parseRecord(entry).then((record) => {
          if (!isOver(record)) resolve(record);
        }, reject);
      };
      const observer: Observer = { snapshot: (entries) => see(entries[0]), change: (_key, entry) => see(entry) };
      retrying(() => coordinator.watch(cellKey(scope, cell), observer, signal), signal).catch(reject);
    });
    const wait = { record, readers: 0, controller };
    waits.set(cell, wait);
    return wait;
  }

  function isOver(record: CellRecord): boolean {
    return record.state === "failed" && isRetried(record.origin);
  }

  function endWait(cell: string, wait: Wait): void {
    wait.controller.abort();
    if (waits.get(cell) === wait) waits.delete(cell);
  }

  async function peek(cell: string, signal?: AbortSignal): Promise<CellRecord | undefined> {
    const entry = await retrying(() => coordinator.read(cellKey(scope, cell)), signal);
    return entry === undefined ? undefined : parseRecord(entry);
  }

  async function publish(cell: string, record: CellRecord, signal?: AbortSignal): Promise<"written" | "same"> {
    const text = JSON.stringify(record);
    if (
      record.state === "value" &&
      Buffer.byteLength(JSON.stringify(record.value)) > (record.sealed ? maxSealedBytes : maxValueBytes)
    ) {
      throw new Failure("give-up", "too-large", `the value of ${showCell(cell)} is larger than ${maxValueBytes} bytes of JSON`);
    }
    const earlier = await settleOnce(cellKey(scope, cell), text, signal);
    if (earlier === undefined) return "written";
    if (sameRecord(earlier, record)) return "same";
    const different = record.state === "value" && earlier.state === "value" ? "a different value" : `the state "${record.state}"`;
    throw new Failure(
      "conflict",
      "conflict",
      `${showCell(cell)} has the state "${earlier.state}" already, written by ${earlier.by}: ${different} is refused`,
    );
  }

  // Returns undefined when `text` was written, for the first time or in the place of a failure that is over, else what stands there.
  async function settleOnce(key: string, text: string, signal: AbortSignal | undefined): Promise<CellRecord | undefined> {
    let expected: Expected = "absent";
    for (;;) {
      const due: Expected = expected;
      const result: WriteResult = await retrying(() => coordinator.write(key, text, due), signal);
      if (result.written) return undefined;
      const earlier = result.current === undefined ? undefined : await parseRecord(result.current);
      if (earlier !== undefined && !isOver(earlier)) return earlier;
      expected = result.current?.revision ?? "absent";
    }
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

  function gather(cells: string[], of: "all" | "any" | number, choice: string, signal?: AbortSignal): Promise<Gathered> {
    if (of === "all") return gatherAll(cells, settled, signal);
    const decide = (candidate: string): Promise<string> => choose(choice, candidate, signal);
    return gatherFirst(cells, of === "any" ? 1 : of, settled, decide, signal);
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

  async function sendLog(log: RoleLog, signal?: AbortSignal): Promise<void> {
    await retrying(() => coordinator.write(logKey(scope, log.id), JSON.stringify(log), "any"), signal);
  }

  async function outline(told: VmOutline, signal?: AbortSignal): Promise<void> {
    await retrying(() => coordinator.write(outlineKey(scope, told.vm), JSON.stringify(told), "any"), signal);
  }

  return { settled, peek, publish, gather, choose, report, sendLog, outline, join };
}

/** All who wait for one cell share one watch, which ends with the last of them. */
interface Wait {
  record: Promise<CellRecord>;
  readers: number;
  controller: AbortController;
}

/** The writing of one role's statuses: the newest that is not under way yet, and the end of it all. */
interface Report {
  next: RoleStatus | undefined;
  written: Promise<void>;
}

// Async, so that what is malformed rejects, also inside an observer, which must not throw.
async function parseRecord(entry: Entry): Promise<CellRecord> {
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
