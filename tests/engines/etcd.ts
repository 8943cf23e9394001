// Real etcd servers for tests: a cluster of one or more members on free loopback ports, each of which may be stopped, killed or frozen.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../bench/engines.ts";

/** Whether the program is on this machine. */
export const etcdIsThere: boolean = spawnSync("etcd", ["--version"]).status === 0;

export interface EtcdMember {
  port: number;
  /** Starts it, or starts it again over its data; resolves when it belongs to a quorum. */
  start(): Promise<void>;
  /** Ends it with a signal and waits for its end. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Ends it without waiting. */
  kill(): void;
  freeze(): void;
  thaw(): void;
}

export interface EtcdCluster extends AsyncDisposable {
  members: EtcdMember[];
  /** `etcd://HOST:PORT,.../PREFIX` of all members. */
  url: (prefix: string) => string;
  /** The index of the member that leads. */
  leader: () => Promise<number>;
  /**
   * Asks a member over its JSON gateway: `call(0, "kv/compaction", {revision})`, as a user with that user's token. Throws for an answer
   * that is not OK. Not for members with TLS.
   */
  call: (member: number, path: string, body: object, token?: string) => Promise<Record<string, unknown>>;
}

/** Starts a cluster; `flags` go to every member, and name the certificates where clients come with TLS. */
export async function startEtcdCluster(options: { members: number; flags?: string[]; tls?: boolean }): Promise<EtcdCluster> {
  const folder = mkdtempSync(join(tmpdir(), "weft-etcd-"));
  const places: Place[] = [];
  for (let index = 0; index < options.members; index++) {
    const [port, peerPort, healthPort] = [await freePort(), await freePort(), await freePort()];
    const url = `${options.tls === true ? "https" : "http"}://127.0.0.1:${port}`;
    places.push({ name: `m${index}`, port, url, peer: `http://127.0.0.1:${peerPort}`, health: `http://127.0.0.1:${healthPort}` });
  }
  const cluster = places.map(({ name, peer }) => `${name}=${peer}`).join(",");
  const members = places.map((place) => makeMember(place, [...commonFlags(cluster), ...(options.flags ?? [])], folder));
  // However this process ends, a run that is interrupted leaves nothing behind.
  const killAll = (): void => members.forEach((member) => member.kill());
  process.once("exit", killAll);
  await Promise.all(members.map((member) => member.start()));

  async function call(member: number, path: string, body: object, token?: string): Promise<Record<string, unknown>> {
    const answer = await fetch(`${places[member]?.url}/v3/${path}`, {
      method: "POST",
      headers: token === undefined ? {} : { authorization: token },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`etcd answers ${path} with ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  return {
    members,
    call,
    url: (prefix) => `etcd://${members.map(({ port }) => `127.0.0.1:${port}`).join(",")}/${prefix}`,
    async leader() {
      const statuses = await Promise.all(members.map((_, index) => call(index, "maintenance/status", {})));
      return statuses.findIndex((status) => (status["header"] as { member_id: string }).member_id === status["leader"]);
    },
    async [Symbol.asyncDispose]() {
      process.off("exit", killAll);
      await Promise.all(members.map((member) => member.end("SIGKILL")));
      rmSync(folder, { recursive: true });
    },
  };
}

function commonFlags(cluster: string): string[] {
  // Elections as fast as loopback allows, so that tests are.
  return ["--initial-cluster", cluster, "--heartbeat-interval", "50", "--election-timeout", "500", "--logger", "zap"];
}

interface Place {
  name: string;
  port: number;
  /** For clients, for the other members, and, always without TLS, for us to ask whether it is well. */
  url: string;
  peer: string;
  health: string;
}

function makeMember(place: Place, flags: string[], folder: string): EtcdMember {
  const own = [
    ["--name", place.name],
    ["--data-dir", join(folder, place.name)],
    ["--listen-client-urls", place.url],
    ["--advertise-client-urls", place.url],
    ["--listen-metrics-urls", place.health],
    ["--listen-peer-urls", place.peer],
    ["--initial-advertise-peer-urls", place.peer],
  ].flat();
  let child: ChildProcess | undefined;
  const isRunning = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;

  return {
    port: place.port,
    async start() {
      child = spawn("etcd", [...own, ...flags], { stdio: "ignore" });
      while (!(await isHealthy(place.health))) {
        if (!isRunning()) throw new Error(`etcd ${place.name} has ended with ${child.exitCode}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async end(signal) {
      if (child === undefined || !isRunning()) return;
      const exited = once(child, "exit");
      child.kill(signal);
      // A frozen process takes no other signal.
      if (signal === "SIGTERM") child.kill("SIGCONT");
      await exited;
    },
    kill: () => void child?.kill("SIGKILL"),
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
  };
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(`${url}/health`).then(
    async (answer) => answer.ok && ((await answer.json()) as { health: string }).health === "true",
    () => false,
  );
}
