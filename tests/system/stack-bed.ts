// A stack whose hub and agents are processes of the test, each of which may be killed and started again at any moment.
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { AgentConfig } from "../../src/agent/agent-config.ts";
import { placeVms } from "../../src/cli/place-vms.ts";
import { listFiles } from "../../src/cli/list-files.ts";
import { compile, type Emitted } from "../../src/compiler/compile.ts";
import { operatorToken, rightsTag, sha256, vmToken } from "../../src/hub/tokens.ts";
import { HeatPlayer } from "../../src/machines/play-heat.ts";
import { chooseAddresses } from "../../src/machines/process.ts";
import { endProcesses, runMarker } from "../../src/machines/processes.ts";
import { roleId } from "../../src/model/cell.ts";
import type { ResolvedTemplate } from "../../src/model/resolved.ts";
import type { Template } from "../../src/model/template.ts";
import { type Deployment, identityFormat, type VmIdentity } from "../../src/model/vm-identity.ts";
import type { HubAccess } from "../../src/monitor/follow.ts";

export const root: string = join(import.meta.dirname, "../..");
const tokenKey = "a key for tests only";

/** Compiles a template (a path in the checkout, or an absolute one); fails the test when it has errors. */
export function compileExample(path: string): { template: Template; resolved: ResolvedTemplate } & Emitted {
  const file = resolve(root, path);
  const host = {
    readFile: (name: string): string => readFileSync(name, "utf8"),
    listFiles: (folder: string, path: string) => listFiles(folder, path)?.files,
    sha256,
  };
  const { report, template, resolved, emitted } = compile({
    file,
    text: readFileSync(file, "utf8"),
    environments: [],
    parameters: [],
    host,
  });
  if (template === undefined || resolved === undefined || emitted === undefined)
    throw new Error(JSON.stringify(report.diagnostics));
  return { template, resolved, ...emitted };
}

/** A coordinator that outlives hubs, and the ports of more hubs on it: the members "hub2" and on. */
export interface SharedCoordinator {
  url: string;
  morePorts: number[];
}

/** Hubs and agents of one stack; `kill` ends one with SIGKILL, `start` starts it (again). Members are "hub" and the vms' ids. */
export class StackBed {
  /** Everything that hub and agents write. */
  readonly folder: string = mkdtempSync(join(tmpdir(), "weft-test-"));
  /** For the test's own files. */
  readonly outside: string = mkdtempSync(join(tmpdir(), "weft-test-"));
  readonly #marker = randomBytes(8).toString("hex");
  readonly #processes = new Map<string, ChildProcess>();
  #port: number;
  readonly #stack: string;
  readonly #shared: SharedCoordinator | undefined;
  roles: string[] = [];
  vms: string[] = [];

  /** The key that the hub has. */
  readonly tokenKey: string = tokenKey;
  readonly #hubFlags: string[];

  constructor(stack: string, port: number, shared?: SharedCoordinator, hubFlags: string[] = []) {
    this.#hubFlags = hubFlags;
    this.#stack = stack;
    this.#shared = shared;
    this.#port = port;
  }

  get access(): HubAccess {
    return { hub: `http://127.0.0.1:${this.#port}`, stack: this.#stack, token: operatorToken(tokenKey, this.#stack) };
  }

  /** Writes every agent's configuration. */
  async prepare(path: string): Promise<void> {
    const { template, resolved, plan, generation } = compileExample(path);
    const addresses = new Map<string, string>();
    const heat = new HeatPlayer({ template, resolved, stack: this.#stack, addresses, attrs: {} });
    for (const vm of await placeVms(plan, heat, addresses, chooseAddresses)) {
      const config: AgentConfig = {
        stack: this.#stack,
        generation,
        vm: vm.id,
        ...(vm.index === undefined ? {} : { index: vm.index }),
        hubs: this.#ports.map((hubPort) => `http://127.0.0.1:${hubPort}`),
        token: vmToken(tokenKey, this.#stack, vm.id),
        tag: rightsTag(tokenKey, this.#stack, vm.id, generation, vm.plan.rights),
        sealKey: "a seal key for tests only",
        plan: vm.compiled,
        values: vm.values,
        stateDir: this.stateOf(vm.id),
        localAddress: vm.address,
      };
      mkdirSync(this.stateOf(vm.id), { recursive: true });
      writeFileSync(join(this.stateOf(vm.id), "agent.json"), JSON.stringify(config), { mode: 0o600 });
      this.vms.push(vm.id);
      this.roles.push(...vm.plan.roles.map((role) => roleId(vm.id, role.name)));
    }
  }

  /**
   * Gives every vm its deployment of a template, as a file that its agent follows, and returns the generation. The first time the vms are told who
   * they are too.
   */
  async deliver(path: string): Promise<string> {
    const { template, resolved, plan, generation } = compileExample(path);
    const addresses = new Map<string, string>();
    const heat = new HeatPlayer({ template, resolved, stack: this.#stack, addresses, attrs: {} });
    const vms = await placeVms(plan, heat, addresses, async (count) => Array.from({ length: count }, () => "127.0.0.1"));
    this.vms = vms.map(({ id }) => id);
    this.roles = vms.flatMap((vm) => vm.plan.roles.map((role) => roleId(vm.id, role.name)));
    for (const { id: vm, index, compiled, plan: own, values } of vms) {
      const folder = this.stateOf(vm);
      mkdirSync(folder, { recursive: true });
      const identity: VmIdentity = {
        format: identityFormat,
        stack: this.#stack,
        vm,
        ...(index === undefined ? {} : { index }),
        hubs: this.#ports.map((port) => `http://127.0.0.1:${port}`),
        token: vmToken(tokenKey, this.#stack, vm),
        sealKey: "a seal key for tests only",
        carrier: { kind: "file", path: join(folder, "deployment.json") },
        program: { sha256: "" },
        runtime: {},
      };
      const tag = rightsTag(tokenKey, this.#stack, vm, generation, own.rights);
      const deployment: Deployment = { format: identityFormat, generation, plan: compiled, tag, values };
      writeWhole(join(folder, "vm.json"), identity);
      writeWhole(join(folder, "deployment.json"), deployment);
    }
    return generation;
  }

  /** How much memory a member has, in MiB. */
  residentMiB(member: string): number {
    const status = readFileSync(`/proc/${this.#processes.get(member)?.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  get #ports(): number[] {
    return [this.#port, ...(this.#shared?.morePorts ?? [])];
  }

  stateOf(vm: string): string {
    return join(this.folder, vm.replace(/\[(\d+)\]/, ".$1"));
  }

  /** Starts a member, unless it runs. */
  start(member: string, extra: Record<string, string> = {}): void {
    const running = this.#processes.get(member);
    if (running !== undefined && running.exitCode === null && running.signalCode === null) return;
    const hub = /^hub(\d)?$/.exec(member);
    const args =
      hub !== null
        ? [
            join(root, "dist/cli.js"),
            "hub",
            "--listen",
            `127.0.0.1:${this.#ports[Number(hub[1] ?? 1) - 1]}`,
            "--coordinator",
            this.#shared?.url ?? `embedded:${join(this.folder, "hub")}`,
            ...this.#hubFlags,
          ]
        : [join(root, "dist/agent.cjs"), ...this.#agentFlags(member)];
    const env = { ...process.env, [runMarker]: this.#marker, WEFT_TOKEN_KEY: tokenKey, ...extra };
    this.#processes.set(member, spawn(process.execPath, args, { stdio: "ignore", env, detached: true }));
  }

  #agentFlags(vm: string): string[] {
    const folder = this.stateOf(vm);
    const identity = join(folder, "vm.json");
    return existsSync(identity) ? ["--vm", identity, "--state", folder] : ["--config", join(folder, "agent.json")];
  }

  async kill(member: string): Promise<void> {
    const child = this.#processes.get(member);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcesses(this.#marker, 500);
    for (const folder of [this.folder, this.outside]) rmSync(folder, { recursive: true, force: true });
  }
}

function writeWhole(path: string, document: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(document), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
