// A coordinator inside this process: decides writes in order, one batch per turn of the event loop, commits the batch
// to a disk if it has one, and only then answers and tells observers.
import { Failure } from "../model/failure.ts";
import type { Coordinator, Entry, Expected } from "./coordinator.ts";
import { makeEntryTable } from "./entry-table.ts";
import { checkLimits } from "./limits.ts";

/** A change of one key; what is not durable (presence) ends with this process. */
export interface Change {
  key: string;
  entry: Entry | undefined;
  durable: boolean;
}

/** Where a local store keeps its entries. */
export interface Disk {
  /** What the last process left. */
  load(): { entries: Entry[]; revision: number };
  /** Makes the changes durable in one transaction, all or none, before it returns. Throws a Failure. */
  commit(changes: Change[], revision: number): void;
  /** Writes a copy of what is durable to a new file. Throws a Failure. */
  backup(file: string): void;
  close(): void;
}

interface Step {
  run(batch: Batch): void;
  answer(): void;
  fail(error: unknown): void;
}

/** What the steps of one batch see: the table, and over it the changes made earlier in the batch. */
interface Batch {
  changes: Change[];
  current(key: string): Entry | undefined;
  put(key: string, value: string, durable: boolean): Entry;
  remove(key: string): void;
}

/** Opens a store; without a disk it is empty and ends with this process. */
export function openLocalStore(disk?: Disk): Coordinator {
  const table = makeEntryTable();
  let revision = 0;
  if (disk !== undefined) {
    const loaded = disk.load();
    table.replace(loaded.entries);
    revision = loaded.revision;
  }
  let steps: Step[] = [];
  let closed = false;

  function startBatch(): Batch {
    const changes: Change[] = [];
    const changed = new Map<string, Entry | undefined>();
    const change = (key: string, entry: Entry | undefined, durable: boolean): void => {
      changes.push({ key, entry, durable });
      changed.set(key, entry);
    };
    return {
      changes,
      current: (key) => (changed.has(key) ? changed.get(key) : table.read(key)),
      put(key, value, durable) {
        const entry = { key, value, revision: ++revision };
        change(key, entry, durable);
        return entry;
      },
      remove: (key) => change(key, undefined, true),
    };
  }

  function commitBatch(): void {
    const ready = steps;
    steps = [];
    const batch = startBatch();
    for (const step of ready) step.run(batch);
    try {
      if (batch.changes.length > 0) disk?.commit(batch.changes, revision);
    } catch (error) {
      for (const step of ready) step.fail(error);
      return;
    }
    for (const { key, entry } of batch.changes) table.apply(key, entry);
    for (const step of ready) step.answer();
  }

  // Answers when the batch that ran `decide` is durable.
  function inBatch<T>(decide: (batch: Batch) => T): Promise<T> {
    checkOpen();
    return new Promise((resolve, reject) => {
      let result: T;
      if (steps.length === 0) setImmediate(commitBatch);
      steps.push({ run: (batch) => void (result = decide(batch)), answer: () => resolve(result), fail: reject });
    });
  }

  function checkOpen(): void {
    if (closed) throw new Failure("give-up", "closed", "the coordinator is closed");
  }

  return {
    async read(key) {
      checkOpen();
      return table.read(key);
    },
    async list(prefix) {
      checkOpen();
      return table.list(prefix);
    },
    async write(key, value, expected) {
      checkLimits(key, value);
      return inBatch((batch) => {
        const current = batch.current(key);
        if (!meets(current, expected)) return { written: false, current };
        return { written: true, revision: batch.put(key, value, true).revision };
      });
    },
    async remove(key) {
      return inBatch((batch) => {
        if (batch.current(key) === undefined) return false;
        batch.remove(key);
        return true;
      });
    },
    async watch(prefix, observer, signal) {
      checkOpen();
      signal.throwIfAborted();
      table.watch(prefix, observer, signal);
    },
    async join(key, value, signal) {
      checkLimits(key, value);
      signal.throwIfAborted();
      const joined = await inBatch((batch) => batch.put(key, value, false));
      const leave = async (): Promise<void> => {
        if (closed) return;
        await inBatch((batch) => {
          if (batch.current(key)?.revision === joined.revision) batch.remove(key);
        });
      };
      if (signal.aborted) await leave();
      // When the disk refuses, the presence stays until this process ends: nobody is there to be told.
      else signal.addEventListener("abort", () => void leave().catch(() => undefined), { once: true });
    },
    ...(disk === undefined ? {} : { backup: async (file: string) => (checkOpen(), disk.backup(file)) }),
    async [Symbol.asyncDispose]() {
      if (closed) return;
      if (steps.length > 0) commitBatch();
      closed = true;
      disk?.close();
    },
  };
}

function meets(current: Entry | undefined, expected: Expected): boolean {
  if (expected === "any") return true;
  if (expected === "absent") return current === undefined;
  return current?.revision === expected;
}
