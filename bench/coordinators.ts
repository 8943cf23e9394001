// What the hub adds to the coordinator behind it: a hop between two agents, beside its engine's own put-to-watch on the same server,
// sample by sample.
import { join } from "node:path";
import { openEmbedded } from "../src/coordinator/backends/embedded.ts";
import { ZookeeperNodes } from "../src/coordinator/backends/zookeeper-nodes.ts";
import { ZookeeperSession } from "../src/coordinator/backends/zookeeper-session.ts";
import { Failure } from "../src/model/failure.ts";
import { startZookeeper, zookeeperMissing } from "../tests/engines/zookeeper.ts";
import { Bed, quantile, startEtcd } from "./engines.ts";
import { startDirect, startHop } from "./hop.ts";

const samples = 1000;
const warmUp = 200;
const value = "v".repeat(128);

interface Engine {
  name: string;
  /** Why it cannot be measured here. */
  missing: string | undefined;
  /** Undefined where it turns out not to be installed. */
  start: (bed: Bed) => Promise<Running | undefined>;
}

interface Running {
  /** As a coordinator's URL. */
  url: string;
  /** Puts a value by the bare client; resolves with the ms until a watcher on another connection has it. */
  putToWatch(index: number): Promise<number>;
  close(): Promise<void>;
}

const engines: Engine[] = [
  { name: "ZooKeeper", missing: zookeeperMissing(), start: startZookeeperRun },
  { name: "etcd", missing: undefined, start: startEtcdRun },
];

/** Runs the measurement and prints rows for each engine; one that is not installed is left out, with a word. */
export async function measureCoordinators(): Promise<void> {
  for (const { name, missing, start } of engines) {
    if (missing !== undefined) {
      process.stdout.write(`${name}: not measured: ${missing}\n`);
      continue;
    }
    await using bed = new Bed();
    const engine = await start(bed);
    if (engine === undefined) {
      process.stdout.write(`${name}: not measured: it is not installed\n`);
      continue;
    }
    try {
      await measureEngine(name, engine, bed);
    } finally {
      await engine.close();
    }
  }
}

async function measureEngine(name: string, engine: Running, bed: Bed): Promise<void> {
  const hop = await startHop(bed, "hop", engine.url, samples + warmUp);
  const embedded = await openEmbeddedRun(bed);
  const times: Record<"raw" | "own" | "hop", number[]> = { raw: [], own: [], hop: [] };
  for (let index = 0; index < samples + warmUp; index++) {
    const row = { raw: await engine.putToWatch(index), own: await embedded.putToWatch(index), hop: await hop(index) };
    if (index < warmUp) continue;
    for (const kind of ["raw", "own", "hop"] as const) times[kind].push(row[kind]);
  }
  await embedded.close();
  for (const [kind, text] of [
    ["raw", `${name} put to watch, direct, fsync`],
    ["own", "embedded put to watch, in its own process, fsync"],
    ["hop", `weft hop: agent, hub, ${name}, agent`],
  ] as const) {
    const [p50, p95] = [quantile(times[kind], 0.5), quantile(times[kind], 0.95)];
    process.stdout.write(`${text.padEnd(52)} p50 ${p50.toFixed(3)} ms  p95 ${p95.toFixed(3)} ms\n`);
  }
  const [raw, own, whole] = [quantile(times.raw, 0.5), quantile(times.own, 0.5), quantile(times.hop, 0.5)];
  process.stdout.write(`hop / ${name}, p50: ${(whole / raw).toFixed(2)} (at most 2.0)\n`);
  process.stdout.write(`embedded / ${name}, p50: ${(own / raw).toFixed(2)} (at most 1.0)\n`);
}

async function startEtcdRun(bed: Bed): Promise<Running | undefined> {
  const url = await startEtcd(bed);
  if (url === undefined) return undefined;
  const direct = await startDirect(url);
  return {
    url: `${url.replace("http:", "etcd:")}/bench`,
    putToWatch: (index) => direct.measure(index),
    close: async () => direct.close(),
  };
}

// Our own default without hub and agents, as far as a file's sync can take it.
async function openEmbeddedRun(bed: Bed): Promise<Pick<Running, "putToWatch" | "close">> {
  const embedded = openEmbedded(join(bed.folder, "embedded"));
  let arrived = (): void => {};
  const watching = new AbortController();
  await embedded.watch("hop", { snapshot: () => {}, change: () => arrived() }, watching.signal);
  return {
    async putToWatch(index) {
      const startMs = performance.now();
      const seen = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const written = embedded.write("hop", `${value}${index}`, "any");
      await seen;
      const elapsedMs = performance.now() - startMs;
      await written;
      return elapsedMs;
    },
    async close() {
      watching.abort();
      await embedded[Symbol.asyncDispose]();
    },
  };
}

// Two sessions, as two vms would have: each put makes a node, as a cell does; its watcher is told of a path, and reads the value.
async function startZookeeperRun(): Promise<Running> {
  const zookeeper = await startZookeeper(1);
  const member = { host: "127.0.0.1", port: zookeeper.members[0]?.port as number };
  let arrived = (_path: string): void => {};
  const open = async (onEvent: (path: string) => void): Promise<{ session: ZookeeperSession; nodes: ZookeeperNodes }> => {
    const session = new ZookeeperSession({
      members: [member],
      tls: undefined,
      credentials: undefined,
      onConnected: () => {},
      onEvent,
    });
    await session.connected;
    return { session, nodes: new ZookeeperNodes(session, "everybody") };
  };
  const writer = await open(() => {});
  const reader = await open((path) => arrived(path));
  await reader.nodes.prepareRoot("/raw");
  await reader.nodes.watchBelow("/raw");
  return {
    url: `zookeeper://${zookeeper.hosts}/bench`,
    async putToWatch(index) {
      const startMs = performance.now();
      const seen = new Promise<void>((resolve, reject) => {
        arrived = (path) => void reader.nodes.read(path).then(() => resolve(), reject);
      });
      const put = writer.nodes.create(`/raw/${index}`, Buffer.from(`${value}${index}`), "persistent");
      await seen;
      const elapsedMs = performance.now() - startMs;
      await put;
      return elapsedMs;
    },
    async close() {
      for (const { session } of [writer, reader]) await session.close(new Failure("give-up", "closed", "measured"));
      await zookeeper.close();
    },
  };
}
