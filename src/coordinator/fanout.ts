// One watch per stack on a coordinator, dispatched here to any number of observers: engines dislike many watches.
import type { Coordinator, Observer } from "./coordinator.ts";
import { type EntryTable, makeEntryTable } from "./entry-table.ts";

// A stack's watch outlives its last observer by this, so that a read now and then does not list the whole stack each time.
const lingerMs = 60_000;

interface Fan {
  table: EntryTable;
  /** Resolves when the table holds the first snapshot. */
  ready: Promise<void>;
  observers: number;
  controller: AbortController;
  linger?: ReturnType<typeof setTimeout>;
}

/**
 * Returns `coordinator` with its `watch` served from one watch of the first part of a key, `STACK/`. Watches of the whole
 * store are passed through. Over an engine, a snapshot may be older than a write just answered; the change follows.
 */
export function openFanout(coordinator: Coordinator): Coordinator {
  const fans = new Map<string, Fan>();

  function openFan(prefix: string): Fan {
    const table = makeEntryTable();
    const controller = new AbortController();
    const observer: Observer = {
      snapshot: (entries) => table.replace(entries),
      change: (key, entry) => table.apply(key, entry),
    };
    const ready = coordinator.watch(prefix, observer, controller.signal);
    const fan: Fan = { table, ready, observers: 0, controller };
    fans.set(prefix, fan);
    ready.catch(() => closeFan(prefix, fan));
    return fan;
  }

  function closeFan(prefix: string, fan: Fan): void {
    clearTimeout(fan.linger);
    fan.controller.abort();
    if (fans.get(prefix) === fan) fans.delete(prefix);
  }

  function release(prefix: string, fan: Fan): void {
    fan.observers -= 1;
    if (fan.observers > 0) return;
    fan.linger = setTimeout(() => closeFan(prefix, fan), lingerMs);
    fan.linger.unref();
  }

  return {
    read: (key) => coordinator.read(key),
    list: (prefix) => coordinator.list(prefix),
    write: (key, value, expected) => coordinator.write(key, value, expected),
    remove: (key) => coordinator.remove(key),
    join: (key, value, signal) => coordinator.join(key, value, signal),
    async watch(prefix, observer, signal) {
      const slash = prefix.indexOf("/");
      if (slash < 0) return coordinator.watch(prefix, observer, signal);
      signal.throwIfAborted();
      const stack = prefix.slice(0, slash + 1);
      const fan = fans.get(stack) ?? openFan(stack);
      fan.observers += 1;
      clearTimeout(fan.linger);
      signal.addEventListener("abort", () => release(stack, fan), { once: true });
      await fan.ready;
      if (!signal.aborted) fan.table.watch(prefix, observer, signal);
    },
    async [Symbol.asyncDispose]() {
      for (const [prefix, fan] of fans) closeFan(prefix, fan);
    },
  };
}
