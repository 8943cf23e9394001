// A network for vms: a bridge inside namespaces of its own (network, mounts, process ids), never the machine's. Whatever is mounted
// or started in there ends with the first process inside, and that one when we do, even by SIGKILL.
import { type ChildProcess, execFile, spawn, type SpawnOptions } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Server } from "node:net";
import { promisify } from "node:util";
import { Failure, messageOf } from "../model/failure.ts";

const runFile = promisify(execFile);

/** The bridge's address; the vms' addresses are of the same net. */
export const lanNet = { gateway: "10.77.0.1", prefixLength: 16 } as const;

// A folder for named network namespaces that nobody else sees, and the bridge. Then wait for the end of standard input, which is ours.
const setUp = `set -e
mount -t tmpfs tmpfs /run
mkdir /run/netns
ip link set lo up
ip link add br0 type bridge forward_delay 0
ip addr add ${lanNet.gateway}/${lanNet.prefixLength} dev br0
ip link set br0 up
echo ready
exec cat`;

// A socket belongs to the network in which it was made, whoever holds it: this makes one inside and hands it out.
const makeListener = `const [port, host] = process.argv.slice(1);
const server = require("node:net").createServer().once("error", (error) => process.send(error.message, () => process.exit()));
server.listen(Number(port), host, () => process.send("listening", server, {}, () => process.exit()));`;

/** The environment of tools: an ordinary user's PATH lacks the folders where they are. */
export const toolEnv: NodeJS.ProcessEnv = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };

/** The address of the vm at `position`, from 0: 10.77.1.1 and on, 250 in a row. */
export function lanAddress(position: number): string {
  return `10.77.${1 + Math.floor(position / 250)}.${1 + (position % 250)}`;
}

/** The hardware address of a vm: always the same for its name. */
export function lanMac(name: string): string {
  const digest = createHash("sha256").update(name).digest("hex");
  return `52:54:${[0, 2, 4, 6].map((at) => digest.slice(at, at + 2)).join(":")}`;
}

/** The bridge, and what runs beside it. Cables are named by the network device on the bridge's side. */
export class Lan {
  readonly #box: ChildProcess;
  readonly #inside: string[];

  private constructor(box: ChildProcess, inside: string[]) {
    this.#box = box;
    this.#inside = inside;
  }

  /** Makes namespaces and bridge. An ordinary user gets a user namespace too, where the system allows it. */
  static async open(): Promise<Lan> {
    const isRoot = process.getuid?.() === 0;
    const user = isRoot ? [] : ["--user", "--map-root-user"];
    const args = [...user, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", setUp];
    const box = spawn("unshare", args, { stdio: ["pipe", "pipe", "pipe"], detached: true, env: toolEnv });
    let complaint = "";
    box.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    box.stdin.on("error", () => {});
    const ended = once(box, "close").catch((error: unknown) => void (complaint += messageOf(error)));
    if ((await Promise.race([once(box.stdout, "data"), ended.then(() => undefined)])) === undefined) {
      throw new Failure("give-up", "no-lan", `this machine does not let us make a network for vms: ${complaint.trim()}`);
    }
    const first = childOf(box.pid as number);
    const namespaces = [...(isRoot ? [] : ["--user", "--preserve-credentials"]), "--net", "--mount", "--pid"];
    return new Lan(box, ["nsenter", "--target", String(first), ...namespaces, "--"]);
  }

  /** Put before a command line, it makes the command run inside, beside the bridge. */
  get inside(): readonly string[] {
    return this.#inside;
  }

  /** Runs a command inside and resolves with what it printed; fails with what it complained about. */
  async run(...command: string[]): Promise<string> {
    const [program, ...args] = [...this.#inside, ...command] as [string, ...string[]];
    try {
      return (await runFile(program, args, { env: toolEnv })).stdout;
    } catch (error) {
      const { stderr } = error as { stderr?: string };
      throw new Failure("give-up", "lan", `${command.join(" ")}: ${stderr?.trim() || messageOf(error)}`, { cause: error });
    }
  }

  /** Starts a command inside. */
  spawn(command: string[], options: SpawnOptions): ChildProcess {
    const [program, ...args] = [...this.#inside, ...command] as [string, ...string[]];
    return spawn(program, args, { detached: true, ...options, env: { ...toolEnv, ...options.env } });
  }

  /** Listens on the bridge's address; the connections are served by this process. */
  async listen(port: number): Promise<Server> {
    const maker = this.spawn([process.execPath, "-e", makeListener, String(port), lanNet.gateway], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const ended = once(maker, "exit").then(() => ["it ended", undefined] as const);
    const [told, server] = (await Promise.race([once(maker, "message"), ended])) as [string, Server | undefined];
    if (server === undefined) throw new Failure("give-up", "listen", `no socket on ${lanNet.gateway}:${port}: ${told}`);
    return server;
  }

  /** Makes the network namespace `name`, whose eth0 with address `mac` is plugged into the bridge by the cable `port`. */
  async addNamespace(name: string, port: string, mac: string): Promise<void> {
    await this.run("ip", "netns", "add", name);
    await this.run("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name, "address", mac);
    await this.plug(port);
  }

  /** Takes it away again, with whatever its connections still had to say. */
  async removeNamespace(name: string, port: string): Promise<void> {
    await this.run("ip", "link", "delete", port);
    await this.run("ip", "netns", "delete", name);
  }

  /** Plugs the network device `port` into the bridge. */
  async plug(port: string): Promise<void> {
    await this.run("ip", "link", "set", port, "master", "br0", "up");
  }

  /** Pulls the cable: nothing passes, and nobody is told. */
  async cut(port: string): Promise<void> {
    await this.run("ip", "link", "set", port, "down");
  }

  /** Puts the cable back. */
  async heal(port: string): Promise<void> {
    await this.run("ip", "link", "set", port, "up");
  }

  /** Ends everything inside at once. */
  async close(): Promise<void> {
    if (this.#box.exitCode !== null || this.#box.signalCode !== null) return;
    const ended = once(this.#box, "exit");
    this.#box.kill("SIGKILL");
    await ended;
  }
}

/** The process that `parent` has started; nsenter and unshare start one. */
export function childOf(parent: number): number | undefined {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ");
  return children[0] === "" ? undefined : Number(children[0]);
}
