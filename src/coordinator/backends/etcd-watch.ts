// One watch of everything below the root, dispatched here to any number of observers. Opened by the first, ended by the last.
import { Failure } from "../../model/failure.ts";
import type { Coordinator, Entry } from "../coordinator.ts";
import { makeEntryTable } from "../entry-table.ts";
import { pause, untilAborted } from "../retrying.ts";
import type { EtcdConnection } from "./etcd-connection.ts";
import { describeRefusal } from "./etcd-failures.ts";
import { keyAfter, paths, prefixEnd, rangeRequest, readEntry, readRange, readWatch, watchRequest } from "./etcd-requests.ts";
import type { EtcdStream } from "./etcd-session.ts";

const pairsPerPage = 500;

// Between a watch that was lost and its successor.
const firstPauseMs = 50;
const longestPauseMs = 2000;

/** The one watch while there are observers; `ready` resolves when the table holds the first snapshot. */
interface Feed {
  ready: Promise<void>;
  controller: AbortController;
  observers: number;
}

/** Returns the verb `watch` for all keys below `root`. */
export function shareWatch(connection: EtcdConnection, root: string): Coordinator["watch"] {
  let table = makeEntryTable();
  let feed: Feed | undefined;

  function openFeed(): Feed {
    table = makeEntryTable();
    const controller = new AbortController();
    const ready = new Promise<void>((resolve, reject) => {
      follow(controller.signal, resolve).catch(reject);
    });
    const opened = { ready, controller, observers: 0 };
    ready.catch(() => {
      if (feed === opened) feed = undefined;
    });
    return opened;
  }

  // Rejects only before the first snapshot. Later failures are waited out: there is nobody who could do more.
  async function follow(signal: AbortSignal, onReady: () => void): Promise<void> {
    const until = AbortSignal.any([signal, connection.ended]);
    let shown: number | undefined = await showAll(until);
    onReady();
    let pauseMs = firstPauseMs;
    while (!until.aborted) {
      try {
        shown ??= await showAll(until);
        await followFrom(shown, until, (revision) => {
          shown = revision;
          pauseMs = firstPauseMs;
        });
      } catch (error) {
        if (until.aborted) return;
        if (!(error instanceof Failure)) throw error;
        // What was written since is known no more, change by change: begin again with everything.
        if (error.code === "compacted") shown = undefined;
        // A token that ran out and a right that was taken away look the same to a watch.
        if (error.code === "forbidden") connection.authenticateAgain();
      }
      await pause(pauseMs, until).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  async function showAll(until: AbortSignal): Promise<number> {
    const { entries, store } = await listEntries(connection, root, root);
    until.throwIfAborted();
    table.replace(entries);
    return store;
  }

  // Never resolves. `onShown` gets the revision up to which the table shows the store; rejects when the watch ends.
  async function followFrom(revision: number, until: AbortSignal, onShown: (revision: number) => void): Promise<void> {
    let stream: EtcdStream | undefined;
    const ended = new Promise<never>((_resolve, reject) => {
      connection
        .stream(paths.watch, {
          onMessage: (message) => {
            if (until.aborted) return;
            const answer = readWatch(message);
            if (answer.compacted > 0) return reject(new Failure("retry", "compacted", "the watch's revisions are gone"));
            if (answer.canceled !== undefined) return reject(describeRefusal(0, answer.canceled, "the cluster"));
            if (answer.created) {
              // A store that is behind what was seen of it was put back from a copy, or this member is late: look again.
              if (answer.store < revision) return reject(new Failure("retry", "compacted", "the store is older than before"));
              return onShown(revision);
            }
            for (const { isDelete, pair } of answer.events) {
              const entry = readEntry(pair, root);
              table.apply(entry.key, isDelete ? undefined : entry);
              onShown(entry.revision);
            }
          },
          onEnd: reject,
        })
        .then((opened) => {
          stream = opened;
          stream.send(watchRequest(root, revision));
        })
        .catch(reject);
    });
    try {
      await untilAborted(ended, until);
    } finally {
      stream?.close();
    }
  }

  function release(of: Feed): void {
    of.observers -= 1;
    if (of.observers > 0) return;
    of.controller.abort();
    if (feed === of) feed = undefined;
  }

  return async (prefix, observer, signal) => {
    connection.ended.throwIfAborted();
    signal.throwIfAborted();
    feed ??= openFeed();
    const joined = feed;
    joined.observers += 1;
    signal.addEventListener("abort", () => release(joined), { once: true });
    await untilAborted(joined.ready, signal);
    table.watch(prefix, observer, signal);
  };
}

/** Reads all entries whose stored key begins with `prefix`, as they stood at one revision, page by page. */
export async function listEntries(
  connection: EtcdConnection,
  root: string,
  prefix: string,
): Promise<{ entries: Entry[]; store: number }> {
  const end = prefixEnd(prefix);
  const entries: Entry[] = [];
  let from: string | Uint8Array = prefix;
  let revision = 0;
  for (;;) {
    const request = rangeRequest(from, { end, limit: pairsPerPage, revision });
    const { pairs, more, store } = readRange(await connection.ask(paths.range, request, { again: true }));
    if (revision === 0) revision = store;
    for (const pair of pairs) entries.push(readEntry(pair, root));
    const last = pairs.at(-1);
    if (!more || last === undefined) return { entries, store: revision };
    from = keyAfter(last);
  }
}
