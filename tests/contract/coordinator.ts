// What every coordinator must do, as cases that run over each back end. A back end names the cases it cannot meet as gaps.
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Coordinator, Entry } from "../../src/coordinator/coordinator.ts";
import { maxEntryBytes, maxKeyBytes } from "../../src/coordinator/limits.ts";

/** A running store. All keys of the contract begin with `contract/`. */
export interface Store {
  /** Another connection, or the one that there is; the suite disposes of it. */
  connect(): Promise<Coordinator>;
  /** Ends the engine and starts it again over what it kept. */
  restart?(): Promise<void>;
  stop(): Promise<void>;
}

export interface Subject {
  name: string;
  gaps: Record<string, string>;
  start(): Promise<Store>;
}

interface Case {
  name: string;
  run(store: Store, root: string): Promise<void>;
}

/** Runs the contract over `subject`, one started store for all cases. */
export function checkContract(subject: Subject): void {
  describe(subject.name, () => {
    let store: Store;
    const connections: Coordinator[] = [];
    beforeAll(async () => {
      store = await subject.start();
    });
    afterEach(async () => {
      for (const connection of connections.splice(0)) await connection[Symbol.asyncDispose]();
    });
    afterAll(() => store.stop());
    test("declares gaps only for cases that there are", () => {
      expect(cases.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(subject.gaps)));
    });
    test.for(cases)("$name", async (current) => {
      const counted: Store = {
        ...store,
        async connect() {
          const connection = await store.connect();
          connections.push(connection);
          return connection;
        },
      };
      await runWithGap(subject.gaps[current.name], () => current.run(counted, `contract/${cases.indexOf(current)}/`));
    });
  });
}

/** Runs a case; where `gap` gives a reason it must fail. */
export async function runWithGap(gap: string | undefined, run: () => Promise<void>): Promise<void> {
  if (gap === undefined) return run();
  const passed = await run().then(
    () => true,
    () => false,
  );
  if (passed) throw new Error(`this case is declared as a gap (${gap}), but it passes: remove the gap`);
}

const cases: Case[] = [
  {
    name: "of many who write a key that must be absent, one wins and the others see its value",
    async run(store, root) {
      const connections = [await store.connect(), await store.connect()];
      const results = await Promise.all(range(40).map((n) => at(connections, n % 2).write(`${root}key`, `value ${n}`, "absent")));
      const winners = range(40).filter((n) => results[n]?.written);
      expect(winners).toHaveLength(1);
      const seen = results
        .map((result) => (result.written ? undefined : result.current?.value))
        .filter((value) => value !== undefined);
      expect(new Set(seen)).toEqual(new Set([`value ${winners[0]}`]));
    },
  },
  {
    name: "a write that expects a revision is made only over that revision",
    async run(store, root) {
      const one = await store.connect();
      const first = revisionOf(await one.write(`${root}key`, "first", "any"));
      const second = revisionOf(await one.write(`${root}key`, "second", first));
      expect(second).toBeGreaterThan(first);
      expect(await one.write(`${root}key`, "third", first)).toEqual({
        written: false,
        current: { key: `${root}key`, value: "second", revision: second },
      });
      expect(await one.write(`${root}other`, "third", first)).toEqual({ written: false, current: undefined });
      const racers = await Promise.all(range(20).map((n) => one.write(`${root}key`, `${n}`, second)));
      expect(racers.filter((result) => result.written)).toHaveLength(1);
    },
  },
  {
    name: "an empty value is not an absent one",
    async run(store, root) {
      const one = await store.connect();
      expect(await one.read(`${root}key`)).toBeUndefined();
      await one.write(`${root}key`, "", "absent");
      expect((await one.read(`${root}key`))?.value).toBe("");
      expect(await one.write(`${root}key`, "x", "absent")).toMatchObject({ written: false, current: { value: "" } });
    },
  },
  {
    name: "a write is seen by the next read of another connection",
    async run(store, root) {
      const [one, two] = [await store.connect(), await store.connect()];
      for (const n of range(50)) {
        const revision = revisionOf(await one.write(`${root}key`, `${n}`, "any"));
        expect(await two.read(`${root}key`)).toEqual({ key: `${root}key`, value: `${n}`, revision });
      }
    },
  },
  {
    name: "a watch that starts among writes misses none",
    async run(store, root) {
      const [one, two] = [await store.connect(), await store.connect()];
      const writes = range(200).map((n) => one.write(`${root}${n}`, "x", "absent"));
      const views = [await openView(two, root), await openView(one, `${root}199`)];
      await Promise.all(writes);
      await at(views, 0).until((view) => view.entries.size === 200);
      await at(views, 1).until((view) => view.entries.has(`${root}199`));
      for (const view of views) view.stop();
    },
  },
  {
    name: "two watchers see the same changes in the same order",
    async run(store, root) {
      const [one, two] = [await store.connect(), await store.connect()];
      const views = [await openView(one, root), await openView(two, root)];
      await Promise.all(range(100).map((n) => at([one, two], n % 2).write(`${root}${n}`, `${n}`, "any")));
      for (const view of views) await view.until(({ changes }) => changes.length === 100);
      expect(at(views, 0).changes).toEqual(at(views, 1).changes);
      for (const view of views) view.stop();
    },
  },
  {
    name: "of many quick writes to one key every watcher sees the last, and none after a newer one",
    async run(store, root) {
      const [one, two] = [await store.connect(), await store.connect()];
      const views = [await openView(one, root), await openView(two, `${root}key`)];
      const results = await Promise.all(range(200).map((n) => at([one, two], n % 2).write(`${root}key`, `${n}`, "any")));
      const revisions = results.map(revisionOf);
      for (const view of views) {
        await view.until(({ entries }) => entries.get(`${root}key`)?.revision === Math.max(...revisions));
        const seen = view.changes.map((change) => at(revisions, Number(change.split("=")[1])));
        expect(seen).toEqual([...new Set(seen)].sort(ascending));
        view.stop();
      }
    },
  },
  {
    name: "a watcher sees every one of many quick writes to one key",
    async run(store, root) {
      const one = await store.connect();
      const view = await openView(one, root);
      await Promise.all(range(200).map((n) => one.write(`${root}key`, `${n}`, "any")));
      await one.write(`${root}last`, "x", "any");
      await view.until(({ entries }) => entries.has(`${root}last`));
      expect(view.changes).toHaveLength(201);
      view.stop();
    },
  },
  {
    name: "a watch of one key sees neither keys that begin like it nor keys below it",
    async run(store, root) {
      const one = await store.connect();
      const view = await openView(one, `${root}key`);
      await one.write(`${root}key2`, "x", "any");
      await one.write(`${root}key/below`, "x", "any");
      await one.write(`${root}key`, "x", "any");
      await view.until(({ changes }) => changes.length > 0);
      expect(view.changes).toEqual([`${root}key=x`]);
      view.stop();
    },
  },
  {
    name: "keys may hold any characters",
    async run(store, root) {
      const one = await store.connect();
      const parts = [
        "a b",
        "100%",
        "%2F",
        "app[0].serve.url",
        "ünï-çødé-日本-🧵",
        "@end",
        "..",
        "'quoted\"",
        "\\",
        "line\nbreak",
        "*?#&=+;",
      ];
      const view = await openView(one, root);
      for (const part of parts) await one.write(`${root}${part}`, part, "absent");
      for (const part of parts) expect((await one.read(`${root}${part}`))?.value).toBe(part);
      const keys = parts.map((part) => `${root}${part}`);
      expect((await one.list(root)).map((entry) => entry.key)).toEqual([...keys].sort());
      await view.until(({ entries }) => entries.size === parts.length);
      expect([...view.entries.keys()].sort()).toEqual(keys.sort());
      view.stop();
    },
  },
  {
    name: "keys of 1,024 bytes are stored, longer ones refused",
    async run(store, root) {
      const one = await store.connect();
      const key = `${root}${"é".repeat((maxKeyBytes - root.length) / 2)}`.padEnd(
        maxKeyBytes - Math.floor((maxKeyBytes - root.length) / 2),
        "x",
      );
      expect(Buffer.byteLength(key)).toBe(maxKeyBytes);
      await one.write(key, "x", "absent");
      expect((await one.read(key))?.value).toBe("x");
      await expect(one.write(`${key}x`, "x", "absent")).rejects.toMatchObject({ reaction: "give-up", code: "too-large" });
    },
  },
  {
    name: "a value of 256 KiB is stored and watched whole",
    run: (store, root) => checkLargeValue(store, root, 256 * 1024),
  },
  {
    name: "a value of 1 MiB is stored and watched whole",
    run: (store, root) => checkLargeValue(store, root, maxEntryBytes),
  },
  {
    name: "a value of more than 1 MiB is refused",
    async run(store, root) {
      const one = await store.connect();
      await expect(one.write(`${root}key`, "x".repeat(maxEntryBytes + 1), "any")).rejects.toMatchObject({ code: "too-large" });
      expect(await one.read(`${root}key`)).toBeUndefined();
    },
  },
  {
    name: "a watch that was ended sees nothing more",
    async run(store, root) {
      const one = await store.connect();
      const [ended, other] = [await openView(one, `${root}key`), await openView(one, `${root}key`)];
      ended.stop();
      await one.write(`${root}key`, "x", "any");
      await other.until(({ changes }) => changes.length === 1);
      expect(ended.changes).toEqual([]);
      other.stop();
      const observer = { snapshot: () => {}, change: () => {} };
      await expect(one.watch(root, observer, AbortSignal.abort(new Error("stopped before")))).rejects.toThrow("stopped before");
    },
  },
  {
    name: "presence is there while it is joined, and goes when it is left",
    async run(store, root) {
      const [one, two] = [await store.connect(), await store.connect()];
      const view = await openView(two, root);
      const joined = new AbortController();
      await one.join(`${root}vm`, "here", joined.signal);
      expect((await two.read(`${root}vm`))?.value).toBe("here");
      await view.until(({ entries }) => entries.has(`${root}vm`));
      joined.abort();
      await view.until(({ entries }) => !entries.has(`${root}vm`));
      expect(await two.read(`${root}vm`)).toBeUndefined();
      view.stop();
    },
  },
  {
    name: "presence that was taken over does not go with the one before",
    async run(store, root) {
      const [one, two] = [await store.connect(), await store.connect()];
      const view = await openView(two, root);
      const [old, current] = [new AbortController(), new AbortController()];
      await one.join(`${root}vm`, "old", old.signal);
      await two.join(`${root}vm`, "new", current.signal);
      old.abort();
      await one.write(`${root}last`, "x", "any");
      await view.until(({ entries }) => entries.has(`${root}last`));
      expect((await one.read(`${root}vm`))?.value).toBe("new");
      current.abort();
      await view.until(({ entries }) => !entries.has(`${root}vm`));
      view.stop();
    },
  },
  {
    name: "presence goes when its connection is closed",
    async run(store, root) {
      const [one, two] = [await store.connect(), await store.connect()];
      if (one === two) throw new Error("there is but one connection");
      const view = await openView(two, root);
      await one.join(`${root}vm`, "here", new AbortController().signal);
      await view.until(({ entries }) => entries.has(`${root}vm`));
      await one[Symbol.asyncDispose]();
      await view.until(({ entries }) => !entries.has(`${root}vm`));
      view.stop();
    },
  },
  {
    name: "a watch and a presence live through a clock that is set forth and back by a day",
    async run(store, root) {
      onTestFinished(() => void vi.useRealTimers());
      const [one, two] = [await store.connect(), await store.connect()];
      const view = await openView(two, root);
      const joined = new AbortController();
      await one.join(`${root}vm`, "here", joined.signal);
      for (const days of [1, -2, 1]) {
        vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days * 86_400_000 });
        await one.write(`${root}key`, `${days}`, "any");
        await view.until(({ entries }) => entries.get(`${root}key`)?.value === `${days}`);
      }
      expect((await two.read(`${root}vm`))?.value).toBe("here");
      expect(view.changes).not.toContain(`${root}vm gone`);
      view.stop();
      joined.abort();
    },
  },
  {
    name: "a list holds the keys that begin with the prefix, sorted",
    async run(store, root) {
      const one = await store.connect();
      for (const name of ["b/2", "a", "b/10", "c", "b/1", "b"]) await one.write(`${root}${name}`, name, "any");
      expect((await one.list(`${root}b`)).map((entry) => entry.value)).toEqual(["b", "b/1", "b/10", "b/2"]);
      expect((await one.list(`${root}b/`)).map((entry) => entry.value)).toEqual(["b/1", "b/10", "b/2"]);
      expect(await one.list(`${root}d`)).toEqual([]);
    },
  },
  {
    name: "a key that was removed is absent, and may be written again with a newer revision",
    async run(store, root) {
      const one = await store.connect();
      const first = revisionOf(await one.write(`${root}key`, "x", "absent"));
      const view = await openView(one, root);
      expect(await one.remove(`${root}key`)).toBe(true);
      expect(await one.remove(`${root}key`)).toBe(false);
      expect(await one.read(`${root}key`)).toBeUndefined();
      expect(await one.write(`${root}key`, "y", first)).toEqual({ written: false, current: undefined });
      expect(revisionOf(await one.write(`${root}key`, "y", "absent"))).toBeGreaterThan(first);
      await view.until(({ changes }) => changes.length === 2);
      expect(view.changes).toEqual([`${root}key gone`, `${root}key=y`]);
      view.stop();
    },
  },
  {
    name: "a restart keeps what was acknowledged, and revisions go on growing",
    async run(store, root) {
      const one = await store.connect();
      const results = await Promise.all(range(50).map((n) => one.write(`${root}${n}`, `${n}`, "absent")));
      const removed = revisionOf(await one.write(`${root}removed`, "x", "absent"));
      await one.remove(`${root}removed`);
      await restart(store);
      const two = await store.connect();
      expect((await two.list(root)).map((entry) => entry.revision).sort(ascending)).toEqual(
        results.map(revisionOf).sort(ascending),
      );
      expect(revisionOf(await two.write(`${root}removed`, "x", "absent"))).toBeGreaterThan(removed);
    },
  },
  {
    name: "a watch and a presence live through a restart of the engine",
    async run(store, root) {
      const one = await store.connect();
      const view = await openView(one, root);
      const joined = new AbortController();
      await one.join(`${root}vm`, "here", joined.signal);
      await restart(store);
      const two = await store.connect();
      await two.write(`${root}key`, "after", "any");
      await one.read(root);
      await view.until(({ entries }) => entries.has(`${root}key`) && entries.has(`${root}vm`));
      view.stop();
      joined.abort();
    },
  },
];

async function checkLargeValue(store: Store, root: string, size: number): Promise<void> {
  const [one, two] = [await store.connect(), await store.connect()];
  const view = await openView(two, root);
  const value = "0123456789abcdef".repeat(size / 16);
  await one.write(`${root}key`, value, "absent");
  expect((await two.read(`${root}key`))?.value === value).toBe(true);
  await view.until(({ entries }) => entries.get(`${root}key`)?.value === value);
  view.stop();
}

/** What a watcher has seen: the entries as they stand, and each change as `KEY=VALUE` or `KEY gone`. */
export interface View {
  entries: Map<string, Entry>;
  changes: string[];
  until(holds: (view: View) => boolean): Promise<void>;
  stop(): void;
}

export async function openView(coordinator: Coordinator, prefix: string): Promise<View> {
  const controller = new AbortController();
  let wake = (): void => {};
  const view: View = {
    entries: new Map(),
    changes: [],
    async until(holds) {
      while (!holds(view)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    stop: () => controller.abort(),
  };
  const observer = {
    snapshot(entries: Entry[]) {
      view.entries = new Map(entries.map((entry) => [entry.key, entry]));
      wake();
    },
    change(key: string, entry: Entry | undefined) {
      if (entry === undefined) view.entries.delete(key);
      else view.entries.set(key, entry);
      view.changes.push(entry === undefined ? `${key} gone` : `${key}=${entry.value}`);
      wake();
    },
  };
  await coordinator.watch(prefix, observer, controller.signal);
  return view;
}

async function restart(store: Store): Promise<void> {
  if (store.restart === undefined) throw new Error("this store cannot be restarted");
  await store.restart();
}

function revisionOf(result: Awaited<ReturnType<Coordinator["write"]>>): number {
  if (!result.written) throw new Error("expected to be written");
  return result.revision;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function at<T>(items: T[], index: number): T {
  return items[index] as T;
}

function ascending(left: number, right: number): number {
  return left - right;
}
