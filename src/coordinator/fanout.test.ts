import { expect, test } from "vitest";
import type { Coordinator, Entry, Observer } from "./coordinator.ts";
import { openFanout } from "./fanout.ts";
import { openLocalStore } from "./local-store.ts";

/** A store whose only watcher's observer is in the test's hands. */
function watchable(): { coordinator: Coordinator; watched: string[]; observer: () => Observer } {
  const store = openLocalStore();
  const watched: string[] = [];
  let observer: Observer | undefined;
  const coordinator: Coordinator = {
    ...store,
    watch(prefix, given, signal) {
      watched.push(prefix);
      observer = given;
      return store.watch(prefix, given, signal);
    },
  };
  return { coordinator, watched, observer: () => observer as Observer };
}

function recorder(): { observer: Observer; seen: string[] } {
  const seen: string[] = [];
  const observer: Observer = {
    snapshot: (entries) => void seen.push(`snapshot ${entries.map((entry) => `${entry.key}=${entry.value}`).join(" ")}`),
    change: (key, entry) => void seen.push(entry === undefined ? `${key} gone` : `${key}=${entry.value}`),
  };
  return { observer, seen };
}

const entry = (key: string, value: string, revision: number): Entry => ({ key, value, revision });

test("any number of observers of a stack cost the coordinator one watch", async () => {
  const { coordinator, watched } = watchable();
  await using fanout = openFanout(coordinator);
  await coordinator.write("shop/a", "1", "any");
  const [one, all, other] = [recorder(), recorder(), recorder()];
  const { signal } = new AbortController();
  await Promise.all([
    fanout.watch("shop/a", one.observer, signal),
    fanout.watch("shop/", all.observer, signal),
    fanout.watch("blog/a", other.observer, signal),
  ]);
  await fanout.write("shop/a", "2", "any");
  await fanout.write("shop/b", "3", "any");
  await fanout.remove("shop/a");
  expect(watched).toEqual(["shop/", "blog/"]);
  expect(one.seen).toEqual(["snapshot shop/a=1", "shop/a=2", "shop/a gone"]);
  expect(all.seen).toEqual(["snapshot shop/a=1", "shop/a=2", "shop/b=3", "shop/a gone"]);
  expect(other.seen).toEqual(["snapshot "]);
});

test("after a gap in the coordinator's watch, those see a new snapshot for whom something changed", async () => {
  const { coordinator, observer } = watchable();
  await using fanout = openFanout(coordinator);
  const [changed, same, removed] = [recorder(), recorder(), recorder()];
  const { signal } = new AbortController();
  await fanout.watch("shop/changed", changed.observer, signal);
  await fanout.watch("shop/same", same.observer, signal);
  await fanout.watch("shop/removed", removed.observer, signal);
  observer().snapshot([entry("shop/changed", "1", 1), entry("shop/same", "1", 2), entry("shop/removed", "1", 3)]);
  observer().snapshot([entry("shop/changed", "2", 4), entry("shop/same", "1", 2)]);
  expect(changed.seen.at(-1)).toBe("snapshot shop/changed=2");
  expect(same.seen).toEqual(["snapshot ", "snapshot shop/same=1"]);
  expect(removed.seen.at(-1)).toBe("snapshot ");
});

test("a watch that the coordinator refuses fails its observers, and is tried anew by the next", async () => {
  const store = openLocalStore();
  let refuse = true;
  await using fanout = openFanout({
    ...store,
    watch: (...args) => (refuse ? Promise.reject(new Error("refused")) : store.watch(...args)),
  });
  const { signal } = new AbortController();
  await expect(fanout.watch("shop/a", recorder().observer, signal)).rejects.toThrow("refused");
  refuse = false;
  const { observer, seen } = recorder();
  await fanout.watch("shop/a", observer, signal);
  expect(seen).toEqual(["snapshot "]);
});
