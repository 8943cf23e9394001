// Starts a real ZooKeeper (Debian's package `zookeeper`) on loopback: one server or an ensemble, each of which can be killed, stopped,
// continued and started again over its data.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../bench/engines.ts";
import type { Certificates } from "./make-certificates.ts";

const jars = "/usr/share/java";
// The second line is what TLS needs beyond the package's own class path.
const classPath = ["zookeeper", "slf4j-nop", "netty-codec", "netty-resolver"].map((name) => `${jars}/${name}.jar`);

// Sessions may be as short as two ticks and as long as twenty.
const tickMs = 500;
const readyTimeoutMs = 60_000;
const probeTimeoutMs = 1000;

export interface ZookeeperMember {
  port: number;
  /** Set when the ensemble has TLS. */
  tlsPort: number | undefined;
  /** Starts it, over the data that it has; resolves when it serves. */
  start(): Promise<void>;
  /** SIGTERM, or another signal that ends it. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  kill(): void;
  /** SIGSTOP: its connections stay, and nothing comes from them. */
  freeze(): void;
  thaw(): void;
  /** `leader`, `follower`, `standalone`; undefined while it does not serve. */
  mode(): Promise<string | undefined>;
}

export interface ZookeeperEnsemble {
  members: ZookeeperMember[];
  /** `HOST:PORT,...` of all members. */
  hosts: string;
  /** Ends everything and removes the data. */
  close(): Promise<void>;
}

export interface ZookeeperOptions {
  /** Serves TLS too, with this certificate; clients need one of the same authority. */
  tls?: Certificates;
  settings?: Record<string, string>;
}

/** Why ZooKeeper cannot be started here; undefined where it can. */
export function zookeeperMissing(): string | undefined {
  if (!existsSync(classPath[0] as string)) return "no ZooKeeper on this machine: apt-get install zookeeper";
  return spawnSync("java", ["-version"]).error === undefined ? undefined : "no java on this machine: apt-get install zookeeper";
}

/** Starts `size` members; resolves when all serve. */
export async function startZookeeper(size: number, options: ZookeeperOptions = {}): Promise<ZookeeperEnsemble> {
  const folder = mkdtempSync(join(tmpdir(), "weft-zookeeper-"));
  const peers: string[] = [];
  for (let id = 1; id <= size; id++) peers.push(`server.${id}=127.0.0.1:${await freePort()}:${await freePort()}`);
  const members: ZookeeperMember[] = [];
  for (let id = 1; id <= size; id++) members.push(await makeMember(join(folder, `${id}`), id, size === 1 ? [] : peers, options));
  // A test run that ends by force takes its servers along.
  const kill = (): void => members.forEach((member) => member.kill());
  process.once("exit", kill);
  const close = async (): Promise<void> => {
    process.off("exit", kill);
    await Promise.all(members.map((member) => member.stop("SIGKILL")));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(members.map((member) => member.start()));
  } catch (error) {
    await close();
    throw error;
  }
  return { members, hosts: members.map(({ port }) => `127.0.0.1:${port}`).join(","), close };
}

/** The member that leads. */
export async function findLeader({ members }: ZookeeperEnsemble): Promise<ZookeeperMember> {
  for (const member of members) if ((await member.mode()) === "leader") return member;
  throw new Error("no member leads");
}

async function makeMember(folder: string, id: number, peers: string[], options: ZookeeperOptions): Promise<ZookeeperMember> {
  const port = await freePort();
  const tlsPort = options.tls === undefined ? undefined : await freePort();
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, "myid"), `${id}`);
  const settings: Record<string, string | number> = {
    tickTime: tickMs,
    initLimit: 40,
    syncLimit: 10,
    dataDir: data,
    clientPort: port,
    clientPortAddress: "127.0.0.1",
    maxClientCnxns: 0,
    "admin.enableServer": "false",
    "4lw.commands.whitelist": "srvr",
    ...(options.tls === undefined
      ? {}
      : {
          secureClientPort: tlsPort as number,
          "ssl.keyStore.location": join(folder, "server.pem"),
          "ssl.trustStore.location": options.tls.ca,
        }),
    ...options.settings,
  };
  const file = join(folder, "zoo.cfg");
  // ZooKeeper wants the key and the certificate in one file.
  if (options.tls !== undefined)
    writeFileSync(
      join(folder, "server.pem"),
      [options.tls.key, options.tls.cert].map((pem) => readFileSync(pem, "utf8")).join(""),
    );
  writeFileSync(file, [...Object.entries(settings).map(([name, value]) => `${name}=${value}`), ...peers, ""].join("\n"));
  const netty =
    options.tls === undefined ? [] : ["-Dzookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory"];
  let child: ChildProcess | undefined;
  const running = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;
  const mode = (): Promise<string | undefined> => askMode(port);
  return {
    port,
    tlsPort,
    mode,
    async start() {
      const heap = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC"];
      const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
      child = spawn("java", [...heap, ...netty, "-cp", classPath.join(":"), main, file], { stdio: "ignore" });
      const deadlineMs = performance.now() + readyTimeoutMs;
      while ((await mode()) === undefined) {
        if (!running() || performance.now() > deadlineMs) throw new Error(`ZooKeeper with ${file} does not serve`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async stop(signal = "SIGTERM") {
      if (child === undefined || !running()) return;
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    },
    kill: () => void child?.kill("SIGKILL"),
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
  };
}

// The four-letter word `srvr`, with a deadline: now and then a server that starts never answers it.
function askMode(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write("srvr"));
    socket.setTimeout(probeTimeoutMs, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.on("error", () => {});
    socket.on("close", () => resolve(/^Mode: (\w+)/m.exec(text)?.[1]));
  });
}
