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
  /** Starts it, or starts it again over its data; resolves when it answers with a quorum, or with `alone` when it listens. */
  start(): Promise<void>;
  /** Ends it with a signal and waits for its end. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  freeze(): void;
  thaw(): void;
}

export interface EtcdCluster extends AsyncDisposable {
  members: EtcdMember[];
  /** `etcd://HOST:PORT,.../PREFIX` of all members. */
  url(prefix: string): string;
  /** The index of the member that leads. */
  leader(): Promise<number>;
  /** Asks a member over its JSON gateway: `call(0, "kv/compaction", {revision})`. Throws for an answer that is not OK. */
  call(member: number, path: string, body: object): Promise<Record<string, unknown>>;
}

/** Starts a cluster; `flags` go to every member. */
export async function startEtcdCluster(options: { members: number; flags?: string[] }): Promise<EtcdCluster> {
  const folder = mkdtempSync(join(tmpdir(), "weft-etcd-"));
  const places: { name: string; port: number; peer: string }[] = [];
  for (let index = 0; index < options.members; index++) {
    places.push({ name: `m${index}`, port: await freePort(), peer: `http://127.0.0.1:${await freePort()}` });
  }
  const cluster = places.map(({ name, peer }) => `${name}=${peer}`).join(",");
  const members = places.map((place) => makeMember(place, [...commonFlags(cluster), ...(options.flags ?? [])], folder));
  await Promise.all(members.map((member) => member.start()));

  async function call(member: number, path: string, body: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`http://127.0.0.1:${members[member]?.port}/v3/${path}`, {
      method: "POST",
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
      await Promise.all(members.map((member) => member.end("SIGKILL")));
      rmSync(folder, { recursive: true });
    },
  };
}

function commonFlags(cluster: string): string[] {
  // Elections as fast as loopback allows, so that tests are.
  return ["--initial-cluster", cluster, "--heartbeat-interval", "50", "--election-timeout", "500", "--logger", "zap"];
}

function makeMember(place: { name: string; port: number; peer: string }, flags: string[], folder: string): EtcdMember {
  const url = `http://127.0.0.1:${place.port}`;
  const own = [
    ["--name", place.name],
    ["--data-dir", join(folder, place.name)],
    ["--listen-client-urls", url],
    ["--advertise-client-urls", url],
    ["--listen-peer-urls", place.peer],
    ["--initial-advertise-peer-urls", place.peer],
  ].flat();
  let child: ChildProcess | undefined;
  const isRunning = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;

  return {
    port: place.port,
    async start() {
      child = spawn("etcd", [...own, ...flags], { stdio: "ignore" });
      // Ends with this process however it ends: a run that is interrupted leaves nothing behind.
      const started = child;
      process.once("exit", () => started.kill("SIGKILL"));
      while (!(await isHealthy(url))) {
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
