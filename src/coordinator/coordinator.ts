// The second waist: the few verbs that a coordinator's back end implements. Blocking reads, gathering and choosing are
// written once above it, in dataflow.ts.

/** Names the newest write of a key. Grows with every write of the store; compare for equality only across keys. */
export type Revision = number;

export interface Entry {
  key: string;
  value: string;
  revision: Revision;
}

/** What must hold for a write: the key is not there, its newest revision is this one, or nothing. */
export type Expected = "absent" | Revision | "any";

/** `written: false` leaves the store as it is and shows what stands there (undefined: nothing). */
export type WriteResult = { written: true; revision: Revision } | { written: false; current: Entry | undefined };

/**
 * Sees the keys below a prefix. `snapshot` comes first, and again whenever changes may have been missed (a reconnect,
 * a compaction): it holds everything there is. `change` follows for each later write (`value`) or removal (undefined), in the
 * store's order, none missed in between. Calls never overlap and must not throw.
 */
export interface Observer {
  snapshot(entries: Entry[]): void;
  change(key: string, entry: Entry | undefined): void;
}

/**
 * A shared data space. Keys are texts of at most 1,024 UTF-8 bytes, `/` between their parts, any other character allowed; values
 * are texts of at most 1 MiB. A write is durable, and seen by every later read, when its promise resolves.
 * Verbs fail with Failure only: `retry` (unreachable just now), `give-up` (refused, closed), never with an engine's own error.
 */
export interface Coordinator extends AsyncDisposable {
  read(key: string): Promise<Entry | undefined>;
  /** All entries whose key starts with `prefix`, sorted by key. */
  list(prefix: string): Promise<Entry[]>;
  write(key: string, value: string, expected: Expected): Promise<WriteResult>;
  /** Removes the key; the answer tells whether it was there. */
  remove(key: string): Promise<boolean>;
  /**
   * Watches the keys below `prefix`, a text that ends with `/` or is empty; any other text is watched as the one key that it is.
   * Resolves when the first snapshot was given. Ends when `signal` is aborted, freeing everything.
   */
  watch(prefix: string, observer: Observer, signal: AbortSignal): Promise<void>;
  /**
   * Keeps `key` there with `value` for as long as this process lives and `signal` is not aborted, re-made after a lost connection; others see
   * it vanish within the presence time-out (10 s) after the process has died. Resolves when it is there first.
   */
  join(key: string, value: string, signal: AbortSignal): Promise<void>;
  /** Writes a copy of everything durable, as of one moment, to a new `file`. Only where the store is a file of this process. */
  backup?: (file: string) => Promise<void>;
}

/** A kind of coordinator, chosen by its URL's scheme. One file in backends/, one line in backends.ts. */
export interface Backend {
  scheme: string;
  example: string;
  /** Cases of the contract that this back end cannot meet, with the reason. A declared gap that passes fails the suite. */
  gaps: Record<string, string>;
  open(url: string, signal?: AbortSignal): Promise<Coordinator>;
}
