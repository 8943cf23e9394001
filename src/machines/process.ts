// vms as processes of this machine: a folder, a loopback address where the system has many, and an agent that is started again
// when it dies, as systemd does on a real vm. No root needed.
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileNameOf, type Machine, type VmStart } from "./machine.ts";
import { endProcesses, runMarker } from "./processes.ts";

export interface ProcessMachineOptions {
  /** Folder of the run; each vm gets one below it. */
  folder: string;
  /** The command of an agent, to which `--config FILE` is added. */
  agent: string[];
}

/** Starts vms as processes, keeps their agents alive, and ends all that they started. */
export class ProcessMachine implements Machine {
  readonly #options: ProcessMachineOptions;
  readonly #run = randomBytes(8).toString("hex");
  readonly #agents = new Map<string, ChildProcess>();
  readonly #restarts = new Map<string, number>();
  #stopping = false;
  /** When the first agent was started: wall clock, ms. */
  firstStartMs: number | undefined;
  readonly consoles = undefined;

  constructor(options: ProcessMachineOptions) {
    this.#options = options;
  }

  async listen(): Promise<undefined> {}

  /** Starts the agent of a vm. Its configuration holds its token and is readable only by us. */
  async start({ vm, config }: VmStart): Promise<void> {
    const folder = join(this.#options.folder, fileNameOf(vm));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, "agent.json"), JSON.stringify(config(folder)), { mode: 0o600 });
    this.#spawn(vm, folder);
  }

  #spawn(vm: string, folder: string): void {
    const [command, ...args] = this.#options.agent as [string, ...string[]];
    const log = openSync(join(folder, "agent.log"), "a", 0o600);
    this.firstStartMs ??= Date.now();
    // Its own group: a Ctrl-C is for us, and we tell the agents. The pipe on its standard input tells it that we have died.
    const agent = spawn(command, [...args, "--config", join(folder, "agent.json")], {
      cwd: folder,
      detached: true,
      stdio: ["pipe", log, log],
      env: { ...process.env, [runMarker]: this.#run },
    });
    closeSync(log);
    agent.stdin?.on("error", () => {});
    this.#agents.set(vm, agent);
    agent.once("exit", () => {
      if (this.#stopping) return;
      const restarts = (this.#restarts.get(vm) ?? 0) + 1;
      this.#restarts.set(vm, restarts);
      setTimeout(() => this.#stopping || this.#spawn(vm, folder), Math.min(restarts * 50, 2000));
    });
  }

  /** Ends the agents and everything that any role has left running. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    // Agents first: they answer blocked reads and end their roles in order.
    await Promise.all([...this.#agents.values()].map(endAgent));
    await endProcesses(this.#run, 1000);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

async function endAgent(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => agent.once("exit", () => resolve()));
  agent.kill("SIGTERM");
  const timer = setTimeout(() => agent.kill("SIGKILL"), 8000);
  await ended;
  clearTimeout(timer);
}

/**
 * Chooses an address for each of `count` vms: 127.A.B.N of a random A.B where the system answers on all of 127/8 (Linux),
 * 127.0.0.1 for all elsewhere.
 */
export async function chooseAddresses(count: number): Promise<string[]> {
  const net = `127.${randomInt(1, 255)}.${randomInt(0, 255)}`;
  const many = count <= 250 && (await canListen(`${net}.1`));
  return Array.from({ length: count }, (_, index) => (many ? `${net}.${index + 1}` : "127.0.0.1"));
}

function canListen(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(0, host, () => server.close(() => resolve(true)));
  });
}
