// Entries in memory and those who watch them: the one dispatch behind memory, embedded and the hub's fan-out.
import type { Entry, Observer } from "./coordinator.ts";

/** Entries by key, with observers that are told of each change in the order of `apply`. */
export interface EntryTable {
  read(key: string): Entry | undefined;
  /** All entries whose key starts with `prefix`, sorted by key. */
  list(prefix: string): Entry[];
  /** Puts or (undefined) removes an entry and tells its observers. Must not be called from inside an observer. */
  apply(key: string, entry: Entry | undefined): void;
  /** Replaces everything; observers whose entries differ get a new snapshot. Must not be called from inside an observer. */
  replace(entries: Entry[]): void;
  /** Gives the snapshot at once, then changes until `signal` is aborted. */
  watch(prefix: string, observer: Observer, signal: AbortSignal): void;
}

/** Makes an empty table. A watch of one key costs one map look-up per change, however many keys are watched. */
export function makeEntryTable(): EntryTable {
  const entries = new Map<string, Entry>();
  const keyObservers = new Map<string, Set<Observer>>();
  const prefixObservers = new Map<string, Set<Observer>>();

  function list(prefix: string): Entry[] {
    const found: Entry[] = [];
    for (const entry of entries.values()) if (entry.key.startsWith(prefix)) found.push(entry);
    return found.sort(compareKeys);
  }

  function snapshotOf(prefix: string): Entry[] {
    if (isPrefix(prefix)) return list(prefix);
    const entry = entries.get(prefix);
    return entry === undefined ? [] : [entry];
  }

  return {
    read: (key) => entries.get(key),
    list,
    apply(key, entry) {
      if (entry === undefined) entries.delete(key);
      else entries.set(key, entry);
      forEachObserver(keyObservers.get(key), (observer) => observer.change(key, entry));
      for (const [prefix, observers] of prefixObservers) {
        if (key.startsWith(prefix)) forEachObserver(observers, (observer) => observer.change(key, entry));
      }
    },
    replace(newEntries) {
      const old = new Map(entries);
      entries.clear();
      for (const entry of newEntries) entries.set(entry.key, entry);
      for (const [key, observers] of keyObservers) {
        if (old.get(key)?.revision === entries.get(key)?.revision) continue;
        forEachObserver(observers, (observer) => observer.snapshot(snapshotOf(key)));
      }
      for (const [prefix, observers] of prefixObservers) {
        forEachObserver(observers, (observer) => observer.snapshot(list(prefix)));
      }
    },
    watch(prefix, observer, signal) {
      const observersBy = isPrefix(prefix) ? prefixObservers : keyObservers;
      const observers = observersBy.get(prefix) ?? new Set();
      observersBy.set(prefix, observers.add(observer));
      const stop = (): void => {
        observers.delete(observer);
        if (observers.size === 0 && observersBy.get(prefix) === observers) observersBy.delete(prefix);
      };
      signal.addEventListener("abort", stop, { once: true });
      observer.snapshot(snapshotOf(prefix));
    },
  };
}

/** Tells whether a watch of this text means all keys below it, or the one key that it is. */
export function isPrefix(text: string): boolean {
  return text === "" || text.endsWith("/");
}

/** The one order of keys: by UTF-16 code units. */
export function compareKeys(left: Entry, right: Entry): number {
  return left.key < right.key ? -1 : left.key > right.key ? 1 : 0;
}

// Over a copy: an observer may end watches, its own and others', and start new ones, which have seen this change already.
function forEachObserver(observers: Set<Observer> | undefined, tell: (observer: Observer) => void): void {
  if (observers === undefined) return;
  for (const observer of Array.from(observers)) if (observers.has(observer)) tell(observer);
}
