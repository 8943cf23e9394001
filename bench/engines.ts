// Processes that a measurement stands on: an etcd server, an echo server, a hub, agents. Each ends with the measurement.
import { spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Ends everything that was started, newest first, when it is disposed of. */
export class Bed {
  readonly folder: string = mkdtempSync(join(tmpdir(), "weft-bench-"));
  readonly #children: ChildProcess[] = [];

  spawn(command: string, args: string[], env: Record<string, string> = {}): ChildProcess {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"], env: { ...process.env, ...env }, cwd: this.folder });
    this.#children.push(child);
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts etcd with its data in the bed's folder; undefined where the program is not installed. */
export async function startEtcd(bed: Bed): Promise<string | undefined> {
  const [client, peer] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const settings: Record<string, string> = {
    name: "bench",
    "data-dir": join(bed.folder, "etcd"),
    "listen-client-urls": url,
    "advertise-client-urls": url,
    "listen-peer-urls": peerUrl,
    "initial-advertise-peer-urls": peerUrl,
    "initial-cluster": `bench=${peerUrl}`,
  };
  const child = bed.spawn(
    "etcd",
    Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
  );
  const missing = once(child, "error").then(() => true);
  if (await Promise.race([missing, once(child, "spawn").then(() => false)])) return undefined;
  for (;;) {
    const health = await fetch(`${url}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (health) return url;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Starts a process that sends every byte back; returns its port. */
export async function startEcho(bed: Bed): Promise<number> {
  const program = `require("node:net").createServer((s) => s.setNoDelay(true).pipe(s)).listen(0, "127.0.0.1", function () { console.log(this.address().port) })`;
  const child = bed.spawn(process.execPath, ["-e", program]);
  return Number(await firstLine(child));
}

/** The first line that a child prints. */
export async function firstLine(child: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout as NodeJS.ReadableStream) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0] as string;
}

/** One message there and back on a fresh connection that stays open: returns the function that measures, in ms. */
export async function tcpRoundTrip(port: number): Promise<() => Promise<number>> {
  const socket = connect(port, "127.0.0.1").setNoDelay(true);
  socket.unref();
  await once(socket, "connect");
  const message = Buffer.alloc(128, "v");
  return async () => {
    const startMs = performance.now();
    const answered = once(socket, "data");
    socket.write(message);
    await answered;
    return performance.now() - startMs;
  };
}

// Below those that Linux gives to outgoing connections: what is restarted, or binds its port only when it comes to lead, finds it free then too.
const candidates = (function* () {
  for (let n = randomInt(12_000); ; n++) yield 20_000 + (n % 12_000);
})();

/** A port of loopback on which nobody listens, another one at each call. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = candidates.next().value;
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/** The `share`-quantile of a sample, e.g. 0.5 for the median. */
export function quantile(sample: number[], share: number): number {
  const sorted = sample.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
