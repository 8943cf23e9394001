// A stack whose generations follow each other: a real hub and real agents in this process, compiled templates, deployments as files.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { runAgent } from "../../src/agent/agent.ts";
import type { Delivery } from "../../src/agent/carrier.ts";
import { type DeploymentFile, openFileCarrier } from "../../src/agent/carrier-file.ts";
import type { Outcome } from "../../src/agent/run-outcome.ts";
import { placeVms, type PlacedVm } from "../../src/cli/place-vms.ts";
import { compile } from "../../src/compiler/compile.ts";
import { openHubClient } from "../../src/coordinator/backends/hub.ts";
import { roleKey } from "../../src/coordinator/keys.ts";
import { openLocalStore } from "../../src/coordinator/local-store.ts";
import { type Hub, openHub } from "../../src/hub/hub.ts";
import { findNewest } from "../../src/hub/generations.ts";
import { rightsTag, sha256, vmToken } from "../../src/hub/tokens.ts";
import { HeatPlayer } from "../../src/machines/play-heat.ts";
import { roleId } from "../../src/model/cell.ts";
import type { RoleStatus } from "../../src/model/status.ts";
import { identityFormat } from "../../src/model/vm-identity.ts";

const tokenKey = "a key for tests only";
const stack = "shop";

interface RunningAgent {
  stop(): Promise<unknown>;
  log: string[];
}

/** A bench for one stack; leaving it ends everything. `TRACE` in scripts is a file whose lines `trace` gives. */
export class GenerationsBench implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "weft-generations-"));
  readonly coordinator = openLocalStore();
  readonly agents = new Map<string, RunningAgent>();
  readonly answers: { vm: string; delivery: Delivery; outcome: Outcome }[] = [];
  vms: PlacedVm[] = [];
  generation = "";
  #hub: Hub | undefined;
  readonly #secrets = { sealKey: "a seal key for tests only" };

  /** Compiles a template and writes each vm's deployment, as the carrier would bring it; starts agents that do not run yet. */
  async deploy(text: string, parameters: Record<string, string> = {}, only?: string[]): Promise<void> {
    await this.compile(text, parameters);
    for (const { id } of this.vms) if (only?.includes(id) ?? true) this.deliver(id);
    for (const { id } of this.vms) if (!this.agents.has(id)) await this.start(id);
  }

  async compile(text: string, parameters: Record<string, string> = {}): Promise<void> {
    const host = { readFile: () => undefined, listFiles: () => undefined, sha256 };
    const given = Object.entries(parameters).map(([name, value]) => ({ name, value }));
    const file = "stack.yaml";
    const full = `heat_template_version: 2018-08-31\n${text}`;
    const source = { file, text: full, environments: [], parameters: [], host };
    const { report, template, resolved, emitted } = compile({ ...source, parameters: given });
    if (template === undefined || resolved === undefined || emitted === undefined)
      throw new Error(report.diagnostics.map(({ message }) => message).join("\n"));
    const addresses = new Map<string, string>();
    const heat = new HeatPlayer({ template, resolved, stack, addresses, attrs: {} });
    this.vms = await placeVms(emitted.plan, heat, addresses, async (count) => Array.from({ length: count }, () => "127.0.0.1"));
    this.generation = emitted.generation;
  }

  /** Writes a vm's deployment; `again` makes it another delivery of the same. */
  deliver(vm: string, action: Delivery["action"] = "run", again = ""): void {
    const placed = this.vms.find(({ id }) => id === vm) as PlacedVm;
    const { generation } = this;
    const tag = rightsTag(tokenKey, stack, vm, generation, placed.plan.rights);
    const { compiled: plan, values } = placed;
    const deployment: DeploymentFile & { again?: string } = {
      format: identityFormat,
      generation,
      plan,
      tag,
      values,
      action,
      ...(again === "" ? {} : { again }),
    };
    mkdirSync(this.#folderOf(vm), { recursive: true });
    const path = join(this.#folderOf(vm), "deployment.json");
    writeFileSync(`${path}.new`, JSON.stringify(deployment));
    renameSync(`${path}.new`, path);
  }

  #folderOf(vm: string): string {
    return join(this.folder, vm);
  }

  async hub(): Promise<Hub> {
    this.#hub ??= await openHub({ listen: { host: "127.0.0.1", port: 0 }, coordinator: this.coordinator, tokenKey });
    return this.#hub;
  }

  /** Starts a vm's agent, with its state where it was, or in the folder of another `instance` of the vm. */
  async start(vm: string, instance = "state"): Promise<RunningAgent> {
    const hub = await this.hub();
    const { index } = this.vms.find(({ id }) => id === vm) as PlacedVm;
    const stateDir = join(this.#folderOf(vm), instance);
    mkdirSync(stateDir, { recursive: true });
    const log: string[] = [];
    const note = (message: string, details?: unknown): void => void log.push(`${message} ${JSON.stringify(details ?? {})}`);
    const controller = new AbortController();
    const ended = runAgent(
      {
        stack,
        vm,
        index,
        ...this.#secrets,
        stateDir,
        endLeftRunning: true,
        carrier: {
          ...openFileCarrier(join(this.#folderOf(vm), "deployment.json"), note),
          answer: async (delivery, outcome) => void this.answers.push({ vm, delivery, outcome }),
        },
        connect: (claim, signal, complain) =>
          openHubClient(
            {
              urls: [hub.url],
              credentials: { kind: "vm", stack, vm, token: vmToken(tokenKey, stack, vm), ...claim },
              complain,
            },
            signal,
          ),
        log: note,
      },
      controller.signal,
    );
    const agent: RunningAgent = {
      log,
      stop: () => {
        controller.abort(new Error("the agent is stopping"));
        return ended;
      },
    };
    this.agents.set(instance === "state" ? vm : `${vm}/${instance}`, agent);
    return agent;
  }

  async stop(vm: string): Promise<void> {
    await this.agents.get(vm)?.stop();
    this.agents.delete(vm);
  }

  /** The newest epoch. */
  async epoch(): Promise<string | undefined> {
    return findNewest(await this.coordinator.list(`${stack}/generations/`));
  }

  async status(role: string): Promise<RoleStatus | undefined> {
    const entry = await this.coordinator.read(roleKey({ stack, generation: (await this.epoch()) ?? "" }, role));
    return entry === undefined ? undefined : (JSON.parse(entry.value) as RoleStatus);
  }

  /** Waits until all roles of the newest epoch are done, and it is one of the generation that was deployed. */
  async done(): Promise<void> {
    const roles = this.vms.flatMap(({ id, plan }) =>
      plan.roles.filter(({ onDelete }) => !onDelete).map(({ name }) => roleId(id, name)),
    );
    await this.until(async () => {
      const epoch = await this.epoch();
      if (epoch?.startsWith(this.generation) !== true) throw new Error(`the newest epoch is ${epoch}`);
      for (const role of roles) {
        const status = await this.status(role);
        if (status?.state !== "done" && status?.state !== "skipped")
          throw new Error(
            `${role} in ${epoch}: ${JSON.stringify(status)}; ${[...this.agents].map(([vm, { log }]) => `${vm}: ${log.join("; ")}`).join("\n")}`,
          );
      }
    });
  }

  async until(check: () => Promise<void> | void): Promise<void> {
    await vi.waitFor(check, { timeout: 20_000, interval: 10 });
  }

  /** What scripts have written into the file `trace`, sorted, since the last call. */
  trace(): string[] {
    const lines = this.#readTrace();
    rmSync(join(this.folder, "trace"), { force: true });
    return lines;
  }

  /** Waits until scripts have written these lines, in any order, and all roles are done. */
  async ran(lines: string[]): Promise<void> {
    await this.until(() => {
      const found = this.#readTrace();
      if (found.join() !== lines.join()) throw new Error(`ran: ${found.join(", ")}`);
    });
    await this.done();
    if (this.trace().join() !== lines.join()) throw new Error("more has run meanwhile");
  }

  #readTrace(): string[] {
    const path = join(this.folder, "trace");
    return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n").sort() : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.agents.values()].map((agent) => agent.stop()));
    await this.#hub?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
