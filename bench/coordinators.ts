// What the hub adds to the coordinator behind it: a hop between two agents, beside a put-to-watch without hub, sample by sample.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openEmbedded } from "../src/coordinator/backends/embedded.ts";
import { Bed, quantile, startEtcd } from "./engines.ts";
import { startDirect, startHop } from "./hop.ts";

const samples = 1000;
const warmUp = 200;
const value = "v".repeat(128);

/** Runs the measurement and prints a row for each way; an engine that is not installed is left out, with a word. */
export async function measureCoordinators(): Promise<void> {
  await using bed = new Bed();
  const url = await startEtcd(bed);
  if (url === undefined) {
    process.stdout.write("etcd is not on this machine: not measured (apt-get install etcd-server)\n");
    return;
  }
  const etcd = await startDirect(url);
  const count = samples + warmUp;
  mkdirSync(join(bed.folder, "direct"));
  await using embedded = openEmbedded(join(bed.folder, "direct"));
  let arrived = (): void => {};
  const watching = new AbortController();
  await embedded.watch("hop", { snapshot: () => {}, change: () => arrived() }, watching.signal);

  const ways = [
    { name: "etcd put to watch, direct, fsync", measure: (index: number) => etcd.measure(index) },
    { name: "embedded put to watch, in its own process, fsync", measure: measureEmbedded },
    {
      name: "weft hop over etcd",
      measure: await startHop(bed, "over-etcd", `${url.replace("http:", "etcd:")}/bench`, count),
    },
    { name: "weft hop over embedded", measure: await startHop(bed, "over-embedded", "embedded:hub-data", count) },
  ];
  const times = ways.map((): number[] => []);
  for (let index = 0; index < count; index++) {
    for (const [way, { measure }] of ways.entries()) {
      const elapsedMs = await measure(index);
      if (index >= warmUp) times[way]?.push(elapsedMs);
    }
  }
  etcd.close();
  watching.abort();

  const medians = times.map((sample) => quantile(sample, 0.5));
  for (const [way, { name }] of ways.entries()) {
    const p95 = quantile(times[way] ?? [], 0.95);
    process.stdout.write(`${name.padEnd(52)} p50 ${medians[way]?.toFixed(3)} ms  p95 ${p95.toFixed(3)} ms\n`);
  }
  const [raw = Number.NaN, own = Number.NaN, hop = Number.NaN] = medians;
  process.stdout.write(`embedded / etcd, p50: ${(own / raw).toFixed(2)} (at most 1.0)\n`);
  process.stdout.write(`hop over etcd / etcd, p50: ${(hop / raw).toFixed(2)} (at most 2.0)\n`);

  async function measureEmbedded(index: number): Promise<number> {
    const startMs = performance.now();
    const seen = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const written = embedded.write("hop", `${value}${index}`, "any");
    await seen;
    const elapsedMs = performance.now() - startMs;
    await written;
    return elapsedMs;
  }
}
