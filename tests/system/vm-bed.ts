// A stack of namespace vms that boot by the real cloud-init, with a hub that the test opens and closes; vms may be hurt at any moment.
import { execFile, spawnSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { AgentConfig } from "../../src/agent/agent-config.ts";
import { readProgramDigests, vmPrograms } from "../../src/cli/agent-program.ts";
import { giveUserData, ownParts } from "../../src/cli/give-user-data.ts";
import { placeVms, type PlacedVm } from "../../src/cli/place-vms.ts";
import type { TextPart } from "../../src/compiler/3-emit/render-user-data.ts";
import { openCoordinator } from "../../src/coordinator/backends.ts";
import type { Coordinator } from "../../src/coordinator/coordinator.ts";
import { type Hub, openHub } from "../../src/hub/hub.ts";
import { makeSelfSigned } from "../../src/hub/self-signed.ts";
import { operatorToken, rightsTag, vmToken } from "../../src/hub/tokens.ts";
import { imageFolder } from "../../src/machines/build-image.ts";
import { cgroupRoots } from "../../src/machines/cgroup.ts";
import { Lan, lanAddress, lanNet } from "../../src/machines/lan.ts";
import { makeRunFolder } from "../../src/machines/left-behind.ts";
import { type Missing, missingKernelParts, missingSystem, missingTools } from "../../src/machines/missing.ts";
import { NetnsMachine } from "../../src/machines/netns.ts";
import { HeatPlayer } from "../../src/machines/play-heat.ts";
import { noCloudSeed } from "../../src/machines/seed.ts";
import { askHub, type HubAccess, readStatus } from "../../src/monitor/follow.ts";
import { compileExample, root } from "./stack-bed.ts";

const tokenKey = "a key for tests only";
const port = 8470;

/** Why namespace vms cannot be had here; undefined when they can. */
export function netnsMissing(): string | undefined {
  const tools = ["unshare", "nsenter", "ip", "systemd-nspawn", "mmdebstrap", "setsid", "flock"];
  return namesOf([...missingSystem("vms need it"), ...missingTools(...tools)]);
}

/** What the kernel of this machine refuses to vms, or to their networks; undefined when nothing. */
export function kernelRefuses(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
  const { stderr, status, error } = spawnSync("unshare", ["--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "true"]);
  if (error === undefined && status !== 0) return `namespaces: ${stderr.toString().trim()}`;
  // So many vms run at once in all files that run side by side.
  return namesOf(missingKernelParts(16));
}

function namesOf(missing: Missing[]): string | undefined {
  return missing.length === 0 ? undefined : missing.map(({ what, hint }) => `${what} is missing (${hint})`).join("; ");
}

/** The image that all tests boot from. The first who asks has it built, in whatever process, and others wait for that. */
export async function testImage(): Promise<string> {
  const folder = imageFolder({ kind: "netns", packages: ["nodejs"] });
  if (existsSync(folder)) return folder;
  const build = [join(tmpdir(), "weft-test-image.lock"), process.execPath, join(root, "bin/weft.js"), "image"];
  await promisify(execFile)("flock", build, { maxBuffer: 100_000_000 });
  return folder;
}

/** Vms by their ids, and one hub. */
export class VmBed implements AsyncDisposable {
  readonly machine: NetnsMachine;
  readonly vms: string[];
  readonly #folder: Disposable & { path: string };
  readonly #lan: Lan;
  readonly #coordinator: Coordinator;
  readonly #placed: PlacedVm[];
  readonly #generation: string;
  readonly #ownParts: Map<string, TextPart[]>;
  readonly #tls = makeSelfSigned([lanNet.gateway]);
  /** For this process: the vms' hub listens where only they are. */
  readonly #ownHub: Hub;
  #hub: Hub | undefined;

  private constructor(parts: {
    folder: Disposable & { path: string };
    lan: Lan;
    coordinator: Coordinator;
    placed: PlacedVm[];
    generation: string;
    ownParts: Map<string, TextPart[]>;
    ownHub: Hub;
    image: string;
  }) {
    this.#folder = parts.folder;
    this.#lan = parts.lan;
    this.#coordinator = parts.coordinator;
    this.#placed = parts.placed;
    this.#generation = parts.generation;
    this.#ownParts = parts.ownParts;
    this.#ownHub = parts.ownHub;
    this.vms = parts.placed.map(({ id }) => id);
    this.machine = new NetnsMachine({ folder: parts.folder.path, base: parts.image, lan: parts.lan });
  }

  /** Makes a bed for the template in `file`; nothing boots yet, and vms find no hub. */
  static async open(file: string): Promise<VmBed> {
    const image = await testImage();
    const { template, resolved, plan, generation } = compileExample(file);
    const addresses = new Map<string, string>();
    const heat = new HeatPlayer({ template, resolved, stack: "bed", addresses, attrs: {} });
    const placed = await placeVms(plan, heat, addresses, async (count) =>
      Array.from({ length: count }, (_, at) => lanAddress(at)),
    );
    const own = new Map(placed.map((vm) => [vm.id, ownParts(resolved, vm, heat)]));
    const folder = makeRunFolder();
    mkdirSync(join(folder.path, "consoles"));
    const coordinator = await openCoordinator(`embedded:${join(folder.path, "coordinator")}`);
    const ownHub = await openHub({ listen: { host: "127.0.0.1", port: 0 }, coordinator, tokenKey });
    return new VmBed({ folder, lan: await Lan.open(), coordinator, placed, generation, ownParts: own, ownHub, image });
  }

  get access(): HubAccess {
    return { hub: this.#ownHub.url, stack: "bed", token: operatorToken(tokenKey, "bed"), generation: this.#generation };
  }

  async openHub(): Promise<void> {
    const listen = await this.#lan.listen(port);
    this.#hub = await openHub({ listen, coordinator: this.#coordinator, tokenKey, tls: this.#tls, programs: vmPrograms() });
  }

  async closeHub(): Promise<void> {
    await this.#hub?.close();
  }

  async boot(vm: string): Promise<void> {
    const placed = this.#placed.find(({ id }) => id === vm) as PlacedVm;
    const config: Omit<AgentConfig, "stateDir"> = {
      stack: "bed",
      generation: this.#generation,
      vm,
      hubs: [`https://${lanNet.gateway}:${port}`],
      hubFingerprint: new X509Certificate(this.#tls.cert).fingerprint256,
      token: vmToken(tokenKey, "bed", vm),
      tag: rightsTag(tokenKey, "bed", vm, this.#generation, placed.plan.rights),
      sealKey: createHash("sha256").update("a seal key for tests only").digest("hex"),
      plan: placed.compiled,
      values: placed.values,
    };
    const userData = giveUserData(config, this.#ownParts.get(vm) ?? [], readProgramDigests());
    const seed = noCloudSeed({ name: vm, instanceId: `test-${vm}`, address: placed.address, userData });
    await this.machine.boot({ name: vm, seed });
  }

  /** The state of a role as the hub knows it. */
  async stateOf(role: string): Promise<string | undefined> {
    const { roles } = await readStatus(this.access);
    return roles.find(({ id }) => id === role)?.state;
  }

  /** Settles a cell in the place of a vm that nobody has booted. */
  async put(cell: string, value: unknown): Promise<void> {
    await askHub(this.access, `cells/${encodeURIComponent(cell)}`, { method: "PUT", body: JSON.stringify(value) });
  }

  consoleOf(vm: string): string {
    return readFileSync(this.machine.consoleOf(vm), "utf8");
  }

  /** A file of a vm, as text; empty while it is not there. */
  readFile(vm: string, path: string): string {
    const file = join(this.machine.rootOf(vm), path);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** The agent's process on a vm, seen from here. */
  agentOf(vm: string): number {
    const { stdout } = spawnSync("pgrep", ["--full", "agent\\.cjs --vm"], { encoding: "utf8" });
    const group = this.machine.groupOf(vm);
    const own = stdout.split("\n").filter((pid) => pid !== "" && readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(group));
    if (own.length !== 1) throw new Error(`${own.length} agents run on ${vm}`);
    return Number(own[0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine.stop();
    await this.#hub?.close();
    await this.#ownHub.close();
    await this.#coordinator[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** What the run with this name has left in the trees of control groups. */
export function groupsLeft(run: string): string[] {
  return cgroupRoots().flatMap((root) => readdirSync(root).filter((name) => name === run));
}
