// What the hub adds to the coordinator behind it: a hop between two agents, beside its engine's own put-to-watch on the same server,
// sample by sample.
import { ZookeeperNodes } from "../src/coordinator/backends/zookeeper-nodes.ts";
import { ZookeeperSession } from "../src/coordinator/backends/zookeeper-session.ts";
import { Failure } from "../src/model/failure.ts";
import { startZookeeper, zookeeperMissing } from "../tests/engines/zookeeper.ts";
import { Bed, quantile } from "./engines.ts";
import { startHop } from "./hop.ts";

const samples = 1000;
const warmUp = 200;
const value = "v".repeat(128);

interface Engine {
  name: string;
  /** Why it cannot be measured here. */
  missing: string | undefined;
  start: () => Promise<Running>;
}

interface Running {
  /** As a coordinator's URL. */
  url: string;
  /** Puts a value by the bare client; resolves with the ms until a watcher on another connection has it. */
  putToWatch(index: number): Promise<number>;
  close(): Promise<void>;
}

const engines: Engine[] = [{ name: "ZooKeeper", missing: zookeeperMissing(), start: startZookeeperRun }];

/** Runs the measurement and prints rows for each engine; one that is not installed is left out, with a word. */
export async function measureCoordinators(): Promise<void> {
  for (const { name, missing, start } of engines) {
    if (missing !== undefined) {
      process.stdout.write(`${name}: not measured: ${missing}\n`);
      continue;
    }
    const engine = await start();
    try {
      await measureEngine(name, engine);
    } finally {
      await engine.close();
    }
  }
}

async function measureEngine(name: string, engine: Running): Promise<void> {
  await using bed = new Bed();
  const hop = await startHop(bed, "hop", engine.url, samples + warmUp);
  const times: Record<"raw" | "hop", number[]> = { raw: [], hop: [] };
  for (let index = 0; index < samples + warmUp; index++) {
    const row = { raw: await engine.putToWatch(index), hop: await hop(index) };
    if (index < warmUp) continue;
    for (const kind of ["raw", "hop"] as const) times[kind].push(row[kind]);
  }
  for (const [kind, text] of [
    ["raw", `${name} put to watch, direct, fsync`],
    ["hop", `weft hop: agent, hub, ${name}, agent`],
  ] as const) {
    const [p50, p95] = [quantile(times[kind], 0.5), quantile(times[kind], 0.95)];
    process.stdout.write(`${text.padEnd(52)} p50 ${p50.toFixed(3)} ms  p95 ${p95.toFixed(3)} ms\n`);
  }
  const ratio = quantile(times.hop, 0.5) / quantile(times.raw, 0.5);
  process.stdout.write(`hop / ${name}, p50: ${ratio.toFixed(2)} (at most 2.0)\n`);
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
