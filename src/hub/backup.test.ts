// A backup over HTTP of an embedded coordinator that is being written.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openEmbedded } from "../coordinator/backends/embedded.ts";
import type { Coordinator } from "../coordinator/coordinator.ts";
import { openLocalStore } from "../coordinator/local-store.ts";
import { type Hub, openHub } from "./hub.ts";
import { hubToken, operatorToken } from "./tokens.ts";

const tokenKey = "key";

async function startHub(coordinator: Coordinator): Promise<Hub> {
  const copying = coordinator.backup === undefined ? {} : { backup: coordinator.backup };
  const hub = await openHub({ listen: { host: "127.0.0.1", port: 0 }, coordinator, tokenKey, ...copying });
  onTestFinished(() => hub.close());
  return hub;
}

async function fetchBackup(hub: Hub, token = hubToken(tokenKey)): Promise<Response> {
  return fetch(`${hub.url}/v1/backup`, { headers: { authorization: `Bearer ${token}` } });
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a backup during writes holds all that was acknowledged before it, of one moment, and a store opened on it goes on", async () => {
  const folder = makeFolder();
  await using coordinator = openEmbedded(join(folder, "first"));
  const hub = await startHub(coordinator);
  const writers = 8;
  const acknowledged = Array.from({ length: writers }, () => 0);
  const over = new AbortController();
  const write = async (writer: number): Promise<void> => {
    while (!over.signal.aborted) {
      const number = (acknowledged[writer] as number) + 1;
      await coordinator.write(`shop/g1/cells/${writer}.r.${number}`, `${number}`.padEnd(500), "absent");
      acknowledged[writer] = number;
    }
  };
  const writing = Array.from({ length: writers }, (_, writer) => write(writer));
  const until = async (count: number): Promise<void> => {
    while (acknowledged.some((number) => number < count)) await new Promise(setImmediate);
  };
  await until(20);
  const before = [...acknowledged];
  const copy = Buffer.from(await (await fetchBackup(hub)).arrayBuffer());
  const after = [...acknowledged];
  await until(Math.max(...after) + 1);
  over.abort();
  await Promise.all(writing);

  mkdirSync(join(folder, "second"));
  writeFileSync(join(folder, "second", "weft.sqlite"), copy);
  await using restored = openEmbedded(join(folder, "second"));
  for (let writer = 0; writer < writers; writer++) {
    const entries = await restored.list(`shop/g1/cells/${writer}.r.`);
    const numbers = entries.map(({ value }) => Number(value)).toSorted((left, right) => left - right);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(numbers.length).toBeGreaterThanOrEqual(before[writer] as number);
    expect(numbers.length).toBeLessThanOrEqual((after[writer] as number) + 1);
  }
  const newest = Math.max(...(await restored.list("")).map(({ revision }) => revision));
  const result = await restored.write("shop/g1/cells/new.r.o", "x", "absent");
  expect(result).toMatchObject({ written: true });
  expect(result.written && result.revision).toBeGreaterThan(newest);
});

test("a backup is for who runs the hub, not for a stack's operator", async () => {
  const hub = await startHub(openEmbedded(makeFolder()));
  expect((await fetchBackup(hub, operatorToken(tokenKey, "shop"))).status).toBe(401);
  expect((await fetch(`${hub.url}/v1/backup`)).status).toBe(401);
});

test("a coordinator that is no file is not backed up by the hub", async () => {
  const answer = await fetchBackup(await startHub(openLocalStore()));
  expect(answer.status).toBe(501);
  expect(await answer.json()).toMatchObject({ hint: expect.any(String) });
});
