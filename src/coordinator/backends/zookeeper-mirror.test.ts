import { expect, test } from "vitest";
import type { Entry } from "../coordinator.ts";
import { makeMirror } from "./zookeeper-mirror.ts";

/** A mirror whose reads are answered by hand; `told` is what an observer of everything is told. */
async function openMirror(): Promise<{
  mirror: ReturnType<typeof makeMirror>;
  answer: (key: string, entry: Entry | undefined) => Promise<void>;
  told: string[];
}> {
  const reads: { key: string; resolve(entry: Entry | undefined): void }[] = [];
  const mirror = makeMirror({
    read: (key) => new Promise((resolve) => reads.push({ key, resolve })),
    begin: async () => undefined,
    list: async () => [],
  });
  const told: string[] = [];
  const observer = {
    snapshot: (entries: Entry[]) => void told.push(`snapshot of ${entries.length}`),
    change: (key: string, entry: Entry | undefined) => void told.push(`${key}=${entry?.value ?? "gone"}`),
  };
  await mirror.watch("", observer, new AbortController().signal);
  return {
    mirror,
    told,
    async answer(key, entry) {
      const index = reads.findIndex((read) => read.key === key);
      reads.splice(index, 1)[0]?.resolve(entry);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function entry(key: string, revision: number): Entry {
  return { key, value: `${revision}`, revision };
}

test("changes are told in the order of their events, not of the answers", async () => {
  const { mirror, answer, told } = await openMirror();
  for (const key of ["a", "b"]) mirror.touch(key);
  await answer("b", entry("b", 2));
  expect(told).toEqual(["snapshot of 0"]);
  await answer("a", entry("a", 1));
  expect(told).toEqual(["snapshot of 0", "a=1", "b=2"]);
});

test("a key that was written again takes the place of its later event", async () => {
  const { mirror, answer, told } = await openMirror();
  for (const key of ["a", "b", "a"]) mirror.touch(key);
  await answer("a", entry("a", 3));
  await answer("b", entry("b", 2));
  await answer("a", entry("a", 3));
  expect(told).toEqual(["snapshot of 0", "b=2", "a=3"]);
});

test("a key that is written without end does not keep its changes back", async () => {
  const { mirror, answer, told } = await openMirror();
  mirror.touch("a");
  for (let revision = 2; revision < 5; revision++) {
    mirror.touch("a");
    await answer("a", entry("a", revision));
  }
  expect(told).toEqual(["snapshot of 0", "a=2", "a=3", "a=4"]);
});

test("a refresh gives a snapshot that holds what has changed since, and forgets what was under way", async () => {
  const { mirror, answer, told } = await openMirror();
  mirror.touch("a");
  mirror.refresh(false);
  mirror.touch("b");
  await answer("b", entry("b", 2));
  expect(told).toEqual(["snapshot of 0", "snapshot of 1"]);
});
