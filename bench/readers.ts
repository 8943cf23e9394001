// One write to 10,000 blocked readers, each with its own connection and token; and embedded under 50 writers, beside the disk's own fsync.
import { once } from "node:events";
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openEmbedded } from "../src/coordinator/backends/embedded.ts";
import { cellKey } from "../src/coordinator/keys.ts";
import { operatorToken } from "../src/hub/tokens.ts";
import { Bed, firstLine, quantile } from "./engines.ts";

const root = join(import.meta.dirname, "..");
const tokenKey = "bench-bench-bench-bench";
const readers = 10_000;
// A process may have 20,000 files open at most in many places.
const clientProcesses = 2;
const rounds = 5;
const writers = 50;
const writesEach = 100;
const writeRounds = 15;

/** Runs the measurement and prints a row for each figure. */
export async function measureReaders(): Promise<void> {
  await measureWakeUp();
  await measureWriters();
}

async function measureWakeUp(): Promise<void> {
  await using bed = new Bed();
  const args = ["hub", "--listen", "127.0.0.1:0", "--coordinator", "embedded:data"];
  const hub = bed.spawn(process.execPath, [join(root, "bin/weft.js"), ...args], { WEFT_TOKEN_KEY: tokenKey });
  const url = (await firstLine(hub)).replace("hub at ", "");
  const pid = hub.pid as number;
  const before = residentBytes(pid);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const cell = "writer.role.value";
    const key = cellKey({ stack: "bench", generation: "g1" }, cell);
    const each = readers / clientProcesses;
    const clients = Array.from({ length: clientProcesses }, (_, index) => {
      const parameters = [new URL(url).port, tokenKey, `${index * each}`, `${each}`, key];
      const child = bed.spawn(process.execPath, [join(root, "bench/readers-clients.ts"), ...parameters]);
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
      return { child, next: async () => ((await once(lines, "line")) as [string])[0] };
    });
    await Promise.all(clients.map(({ next }) => next()));
    if (round === 0) report("hub memory per blocked reader", (residentBytes(pid) - before) / readers / 1000, "kB", "at most 20");
    const awake = Promise.all(clients.map(({ next }) => next()));
    const start = process.hrtime.bigint();
    await put(url, cell, round);
    times.push(Number((await awake).map(BigInt).reduce((left, right) => (left > right ? left : right)) - start) / 1e6);
    for (const { child } of clients) {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
    await remove(url, key);
  }
  report(`one write until ${readers} readers are awake, p50 of ${rounds}`, quantile(times, 0.5), "ms", "at most 1000");
  report("the slowest of them", Math.max(...times), "ms", "at most 1000");
}

async function put(url: string, cell: string, round: number): Promise<void> {
  const headers = { authorization: `Bearer ${operatorToken(tokenKey, "bench")}` };
  const init = { method: "PUT", headers, body: JSON.stringify(`value ${round}`) };
  const answer = await fetch(`${url}/v1/stacks/bench/cells/${cell}?generation=g1`, init);
  if (answer.status !== 201) throw new Error(`the hub answers ${answer.status}`);
}

async function remove(url: string, key: string): Promise<void> {
  const { openHubClient } = await import("../src/coordinator/backends/hub.ts");
  const token = operatorToken(tokenKey, "bench");
  await using client = await openHubClient({ urls: [url], credentials: { kind: "operator", stack: "bench", token } });
  await client.remove(key);
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

// In short rounds, each beside the disk's own time just then; the first warms up.
async function measureWriters(): Promise<void> {
  await using bed = new Bed();
  const coordinator = openEmbedded(join(bed.folder, "embedded"));
  const figures: { fsyncMs: number; perWriteMs: number }[] = [];
  for (let round = 0; round <= writeRounds; round++) {
    const fsyncMs = measureFsync(join(bed.folder, "fsync"));
    const startMs = performance.now();
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let index = 0; index < writesEach; index++) {
          await coordinator.write(`bench/g1/cells/w${writer}.r${round}.c${index}`, "x".repeat(128), "absent");
        }
      }),
    );
    const perWriteMs = (performance.now() - startMs) / (writers * writesEach);
    if (round > 0) figures.push({ fsyncMs, perWriteMs });
  }
  await coordinator[Symbol.asyncDispose]();
  const median = (of: (figure: (typeof figures)[0]) => number): number => quantile(figures.map(of), 0.5);
  report(
    "fdatasync of 4 KiB appended, p50",
    median(({ fsyncMs }) => fsyncMs),
    "ms",
  );
  report(
    `embedded, ${writers} writers: writes per second`,
    median(({ perWriteMs }) => 1000 / perWriteMs),
    "",
  );
  const ratio = median(({ fsyncMs, perWriteMs }) => fsyncMs / perWriteMs);
  report(`writes per time of one fsync, p50 of ${writeRounds} rounds`, ratio, "", "at least 10");
}

function measureFsync(path: string): number {
  const file = openSync(path, "w");
  const block = Buffer.alloc(4096, 1);
  const times = Array.from({ length: 100 }, () => {
    writeSync(file, block);
    const startMs = performance.now();
    fdatasyncSync(file);
    return performance.now() - startMs;
  });
  closeSync(file);
  return quantile(times, 0.5);
}

function report(what: string, figure: number, unit: string, target?: string): void {
  const shown = figure >= 100 ? figure.toFixed(0) : figure.toFixed(2);
  process.stdout.write(`${what.padEnd(60)} ${shown} ${unit}${target === undefined ? "" : ` (${target})`}\n`);
}
