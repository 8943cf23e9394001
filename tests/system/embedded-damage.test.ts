// The embedded coordinator's files cut short and with bits flipped, and its process killed 200 times under load. What opens must be a
// state that was acknowledged; everything else must be refused.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { openEmbedded } from "../../src/coordinator/backends/embedded.ts";
import type { Entry } from "../../src/coordinator/coordinator.ts";
import { Failure } from "../../src/model/failure.ts";
import { root } from "./stack-bed.ts";

const pageBytes = 4096;
const files = { store: "weft.sqlite", log: "weft.sqlite-wal" };

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-damage-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const show = (entries: Entry[]): string => JSON.stringify(entries.map(({ key, value, revision }) => [key, value, revision]));

// Files as a machine that lost its power leaves them: most entries in the store, the newest in the log alone. `states` are all that
// the coordinator was in when it acknowledged something, `checkpoint` is the number of those that the store holds.
async function makeVictim(): Promise<{ store: Buffer; log: Buffer; states: string[]; checkpoint: number }> {
  const directory = join(makeFolder(), "victim");
  const states = [show([])];
  const write = async (from: number, to: number): Promise<void> => {
    for (let index = from; index < to; index++) {
      const key = `shop/g1/cells/db.mysql.c${index % 97}`;
      if (index % 11 === 10) await coordinator.remove(key);
      else await coordinator.write(key, `${index} `.repeat(120), "any");
      states.push(show(await coordinator.list("")));
    }
  };
  let coordinator = openEmbedded(directory);
  await write(0, 150);
  await coordinator[Symbol.asyncDispose]();
  const checkpoint = states.length - 1;
  coordinator = openEmbedded(directory);
  await write(150, 180);
  const [store, log] = [readFileSync(join(directory, files.store)), readFileSync(join(directory, files.log))];
  await coordinator[Symbol.asyncDispose]();
  return { store, log, states, checkpoint };
}

/** Opens these files; returns the state they are opened in, or the message of the refusal. */
async function openFiles(store: Buffer, log: Buffer | undefined): Promise<{ state: string } | { refused: string }> {
  const directory = mkdtempSync(join(tmpdir(), "weft-damage-"));
  try {
    writeFileSync(join(directory, files.store), store);
    if (log !== undefined) writeFileSync(join(directory, files.log), log);
    await using coordinator = openEmbedded(directory);
    return { state: show(await coordinator.list("")) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { refused: error.message };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function flipBit(file: Buffer, position: number, bit: number): Buffer {
  const flipped = Buffer.from(file);
  flipped[position] = (file[position] as number) ^ (1 << bit);
  return flipped;
}

const cuts = (file: Buffer): number[] =>
  Array.from({ length: Math.ceil(file.length / pageBytes) }, (_, page) => page * pageBytes)
    .flatMap((start) => [start, start + 1, start + 24, start + 100, start + 2048, start + pageBytes - 1])
    .filter((at) => at < file.length);

// Every byte of what all else hangs on, then one in 37.
const flips = (file: Buffer): number[] =>
  Array.from(file.keys()).filter((at) => at < 120 || at % pageBytes < 12 || at % 37 === 0);

const refusal = /is damaged \(.*\): put back a copy|was written by another weft: use that one/s;

test("files that lost their end, or a bit, open in a state that was acknowledged, or are refused", async () => {
  const { store, log, states, checkpoint } = await makeVictim();
  expect(await openFiles(store, log)).toEqual({ state: states.at(-1) });
  const known = new Map(states.map((state, index) => [state, index]));
  const counts = { recovered: 0, refused: 0 };
  const wrong: string[] = [];
  const judge = async (what: string, damagedStore: Buffer, damagedLog: Buffer | undefined, oldest: number): Promise<void> => {
    const opened = await openFiles(damagedStore, damagedLog);
    if ("refused" in opened) {
      counts.refused += 1;
      if (!refusal.test(opened.refused)) wrong.push(`${what}: ${opened.refused}`);
    } else {
      counts.recovered += 1;
      const index = known.get(opened.state);
      if (index === undefined || index < oldest) wrong.push(`${what}: opened in ${index === undefined ? "no" : "an old"} state`);
    }
  };
  const last = states.length - 1;
  // A log without its end is what a crash leaves: what the store holds must be there in any case.
  for (const at of cuts(log)) await judge(`log cut at ${at}`, store, log.subarray(0, at), checkpoint);
  for (const at of flips(log).filter((_, index) => index % 4 === 0))
    await judge(`log, bit flipped at ${at}`, store, flipBit(log, at, at % 8), checkpoint);
  for (const at of cuts(store)) await judge(`store cut at ${at}`, store.subarray(0, at), log, last);
  for (const at of flips(store)) await judge(`store, bit flipped at ${at}`, flipBit(store, at, at % 8), log, last);
  expect(wrong).toEqual([]);
  expect(counts.recovered).toBeGreaterThan(0);
  expect(counts.refused).toBeGreaterThan(0);
});

test("a store that was closed in order and lost its end is never taken for a new one", async () => {
  const directory = join(makeFolder(), "closed");
  const coordinator = openEmbedded(directory);
  for (let index = 0; index < 50; index++) await coordinator.write(`shop/g1/cells/c${index}`, "x".repeat(500), "absent");
  const whole = show(await coordinator.list(""));
  await coordinator[Symbol.asyncDispose]();
  const store = readFileSync(join(directory, files.store));
  for (const at of cuts(store))
    expect(await openFiles(store.subarray(0, at), undefined), `cut at ${at}`).not.toHaveProperty("state");
  expect(await openFiles(store, undefined)).toEqual({ state: whole });
});

// Two at a time, as there are two processors.
test("killed at 200 random moments of a load, nothing acknowledged is lost and nothing is there twice", async () => {
  const killOften = async (directory: string, times: number): Promise<void> => {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < times; round++) {
      const args = [join(root, "tests/contract/embedded-writer.ts"), directory, `load/${round}`];
      const writer = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      const exited = once(writer, "exit");
      let seen = 0;
      for await (const line of createInterface({ input: writer.stdout })) {
        // A torn last line was not said whole.
        const [, key, revision] = /^(\S+) (\d+)$/.exec(line) ?? [];
        if (key !== undefined) acknowledged.set(key, Number(revision));
        if (seen++ === 0) setTimeout(() => writer.kill("SIGKILL"), Math.random() * 20);
      }
      expect(await exited).toEqual([null, "SIGKILL"]);
    }
    await using coordinator = openEmbedded(directory);
    const entries = await coordinator.list("");
    const kept = new Map(entries.map(({ key, revision }) => [key, revision]));
    expect([...acknowledged].filter(([key, revision]) => kept.get(key) !== revision)).toEqual([]);
    expect(new Set(entries.map(({ key }) => key)).size).toBe(entries.length);
    expect(new Set(entries.map(({ revision }) => revision)).size).toBe(entries.length);
    for (const key of [...acknowledged.keys()].slice(-100)) {
      expect(await coordinator.write(key, "again", "absent")).toMatchObject({ written: false });
    }
  };
  await Promise.all([killOften(join(makeFolder(), "a"), 100), killOften(join(makeFolder(), "b"), 100)]);
});
