// What is watched, mirrored: one watch of the whole root on the server, dispatched here to any number of observers. Events carry no value,
// so each is followed by a read; values reach the observers in the order of the events.
import type { Entry, Observer } from "../coordinator.ts";
import { type EntryTable, isPrefix, makeEntryTable } from "../entry-table.ts";

export interface MirrorSource {
  read(key: string): Promise<Entry | undefined>;
  /** `prefix` ends with `/` or is empty. With `watching`, leaves one-shot watches on all that could change. */
  list(prefix: string, watching: boolean): Promise<Entry[]>;
  /** Reads one key for a watch that begins. With `watching`, leaves a one-shot watch. */
  begin(key: string, watching: boolean): Promise<Entry | undefined>;
}

export interface Mirror {
  watch(text: string, observer: Observer, signal: AbortSignal): Promise<void>;
  /** A key was written, made or removed, as the server's one watch tells. */
  touch(key: string): void;
  /** Everything may have changed: all that is watched is read again, and observers get snapshots. `oneShot`: events come once only. */
  refresh(oneShot: boolean): void;
  /** Something below these keys has changed, as a one-shot watch tells, which is used up. */
  relist(isAffected: (text: string) => boolean): void;
}

/** A key or prefix with observers. */
interface Scope {
  text: string;
  table: EntryTable;
  observers: number;
  ready: Promise<void>;
  /** While entries are being listed: what has changed since the listing began. */
  changes: Map<string, Entry | undefined> | undefined;
  /** With one-shot watches: to be listed again when the listing under way is done. */
  again: boolean;
}

/** A change that is told when all before it are: `known` once its value was read. */
interface Pending {
  key: string;
  known: boolean;
  entry: Entry | undefined;
}

/** Makes a mirror of what `source` holds; nothing is read before it is watched. */
export function makeMirror(source: MirrorSource): Mirror {
  const keyScopes = new Map<string, Scope>();
  const prefixScopes = new Map<string, Scope>();
  // Insertion order is the order of the events.
  const queue = new Set<Pending>();
  const latest = new Map<string, Pending>();
  let oneShot = false;

  function openScope(text: string): Scope {
    const scope: Scope = {
      text,
      table: makeEntryTable(),
      observers: 0,
      ready: Promise.resolve(),
      changes: undefined,
      again: false,
    };
    scopesFor(text).set(text, scope);
    scope.ready = fill(scope);
    return scope;
  }

  function scopesFor(text: string): Map<string, Scope> {
    return isPrefix(text) ? prefixScopes : keyScopes;
  }

  function closeScope(scope: Scope): void {
    const scopes = scopesFor(scope.text);
    if (scopes.get(scope.text) === scope) scopes.delete(scope.text);
  }

  // Lists a scope and gives its observers a snapshot. A later call overtakes this one.
  async function fill(scope: Scope): Promise<void> {
    const changes = new Map<string, Entry | undefined>();
    scope.changes = changes;
    const listed = await listScope(scope);
    if (scope.changes !== changes) return scope.ready;
    scope.changes = undefined;
    const entries = new Map(listed.map((entry) => [entry.key, entry]));
    for (const [key, change] of changes) {
      if (change === undefined) entries.delete(key);
      else if (isNewer(change, entries.get(key))) entries.set(key, change);
    }
    scope.table.replace([...entries.values()]);
    if (scope.again) relistScope(scope).catch(() => undefined);
  }

  async function listScope({ text }: Scope): Promise<Entry[]> {
    if (isPrefix(text)) return source.list(text, oneShot);
    const entry = await source.begin(text, oneShot);
    return entry === undefined ? [] : [entry];
  }

  // With one-shot watches: lists a scope again and tells the differences in the order in which they were written.
  async function relistScope(scope: Scope): Promise<void> {
    if (scope.changes !== undefined) {
      scope.again = true;
      return;
    }
    const changes = new Map<string, Entry | undefined>();
    scope.changes = changes;
    do {
      scope.again = false;
      const listed = await listScope(scope);
      if (scope.changes !== changes) return;
      const keys = new Set(listed.map((entry) => entry.key));
      for (const { key } of scope.table.list("")) if (!keys.has(key)) scope.table.apply(key, undefined);
      const newer = listed.filter((entry) => isNewer(entry, scope.table.read(entry.key)));
      for (const entry of newer.sort((left, right) => left.revision - right.revision)) scope.table.apply(entry.key, entry);
    } while (scope.again);
    scope.changes = undefined;
  }

  function tell(key: string, entry: Entry | undefined): void {
    const exact = keyScopes.get(key);
    if (exact !== undefined) tellScope(exact, key, entry);
    for (const [prefix, scope] of prefixScopes) if (key.startsWith(prefix)) tellScope(scope, key, entry);
  }

  function tellScope(scope: Scope, key: string, entry: Entry | undefined): void {
    if (scope.changes !== undefined) return void scope.changes.set(key, entry);
    const known = scope.table.read(key);
    if (entry === undefined ? known !== undefined : isNewer(entry, known)) scope.table.apply(key, entry);
  }

  function isWatched(key: string): boolean {
    if (keyScopes.has(key)) return true;
    for (const prefix of prefixScopes.keys()) if (key.startsWith(prefix)) return true;
    return false;
  }

  // A read that was asked for after an event shows the state after it, or a later one.
  function settle(key: string, entry: Entry | undefined): void {
    const pending = latest.get(key);
    if (pending === undefined) return tell(key, entry);
    pending.known = true;
    pending.entry = entry;
    flush();
  }

  function flush(): void {
    for (const pending of queue) {
      if (!pending.known) return;
      drop(pending);
      tell(pending.key, pending.entry);
    }
  }

  function drop(pending: Pending): void {
    queue.delete(pending);
    if (latest.get(pending.key) === pending) latest.delete(pending.key);
  }

  return {
    async watch(text, observer, signal) {
      signal.throwIfAborted();
      const scope = scopesFor(text).get(text) ?? openScope(text);
      scope.observers += 1;
      const release = (): void => {
        scope.observers -= 1;
        if (scope.observers === 0) closeScope(scope);
      };
      signal.addEventListener("abort", release, { once: true });
      try {
        await scope.ready;
      } catch (error) {
        signal.removeEventListener("abort", release);
        if (!signal.aborted) release();
        throw error;
      }
      signal.throwIfAborted();
      scope.table.watch(text, observer, signal);
    },
    touch(key) {
      if (!isWatched(key)) return;
      const earlier = latest.get(key);
      // One that has its value keeps its place.
      if (earlier?.known === false) queue.delete(earlier);
      const pending: Pending = { key, known: false, entry: undefined };
      queue.add(pending);
      latest.set(key, pending);
      source.read(key).then(
        (entry) => settle(key, entry),
        () => {
          // The connection is lost: what comes after it begins with a snapshot.
          drop(pending);
          flush();
        },
      );
      flush();
    },
    refresh(nowOneShot) {
      oneShot = nowOneShot;
      queue.clear();
      latest.clear();
      for (const scope of [...keyScopes.values(), ...prefixScopes.values()]) {
        scope.ready = fill(scope);
        // Who waits for the first snapshot is told; a scope that stands is filled again with the next connection.
        scope.ready.catch(() => undefined);
      }
    },
    relist(isAffected) {
      for (const scope of [...keyScopes.values(), ...prefixScopes.values()])
        if (isAffected(scope.text)) relistScope(scope).catch(() => undefined);
    },
  };
}

function isNewer(entry: Entry, known: Entry | undefined): boolean {
  return known === undefined || entry.revision > known.revision;
}
