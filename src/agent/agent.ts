// The agent of one vm through all generations: takes what its carrier brings, joins the hub's epoch for it, and runs its roles there.
import { mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { untilAborted } from "../coordinator/retrying.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import type { Rights } from "../model/vm-plan.ts";
import { linkAbort } from "./abort.ts";
import { makeDigest } from "./basis.ts";
import type { Carrier, Delivery } from "./carrier.ts";
import type { Left } from "./earlier-runs.ts";
import { type AgentHub, type Deployed, GenerationRun } from "./generation-run.ts";
import { readInstance } from "./instance-id.ts";
import { openJournal } from "./journal.ts";
import { openLocalSocket } from "./local-socket.ts";
import { readDeployed } from "./read-deployed.ts";
import type { Outcome } from "./run-outcome.ts";
import { guardJournal } from "./secrets.ts";
import { writeShims } from "./shims.ts";
import { type Log, Vm } from "./vm.ts";
import { watchEpochs } from "./watch-epochs.ts";

/** What a vm says to a hub to be admitted to a generation. */
export interface Claim {
  generation: string;
  rights: Rights;
  tag: string;
  instance: string;
  inputs: string;
}

export interface AgentOptions {
  stack: string;
  /** The vm's id, `db` or `app[2]`, which says which member of a group this is. */
  vm: string;
  /** Under which secrets travel. Needed where a plan has a secret output. */
  sealKey?: string | undefined;
  /** Deploy-time values that no deployment may hold, and their digest. */
  privateValues?: Record<string, Json> | undefined;
  valuesDigest?: string | undefined;
  /** Journal, logs, socket and folders of roles; made if missing. */
  stateDir: string;
  localAddress?: string | undefined;
  /** What roles left running ends with the agent. */
  endLeftRunning?: boolean | undefined;
  carrier: Carrier;
  /** Connects to a hub, waiting without limit, and tells `complain` what is in the way. Fails `give-up` when a hub refuses. */
  connect(claim: Claim, signal: AbortSignal, complain: (why: string) => void): Promise<AgentHub>;
  /** A delivery fails when no hub could be reached for so long. */
  hubPatienceMs?: number | undefined;
  /** What the programs of roles are given; the agent's own environment otherwise. */
  env?: Record<string, string | undefined> | undefined;
  log: Log;
}

/** Less than the hour that Heat gives a stack, so that it hears the reason. */
const defaultHubPatienceMs = 55 * 60_000;

/** The hub may have gone before, with the rest of the stack: roles that read nothing of other vms have run by then. */
const leavingPatienceMs = 5 * 60_000;

/** How often it is said that there is no hub. */
const reminderMs = 60_000;

/**
 * Runs the roles of the vm in each generation that comes, and stays for the programs that they left running, until `signal` is aborted.
 * Resolves after that, with how the newest ended; `stopped`: it had not.
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<"done" | "failed" | "stopped"> {
  return new Agent(options, signal).run();
}

/** A generation, or the leaving of it, as far as the agent has got with it. */
interface Current {
  delivery: Delivery;
  deployed: Deployed;
  run: GenerationRun;
  /** Aborted when it gives way. */
  over: AbortController;
}

class Agent {
  readonly #options: AgentOptions;
  readonly #signal: AbortSignal;
  readonly #vm: Vm;
  #current: Current | undefined;
  #isSuperseded = false;
  /** Deliveries whose outcome is being told. */
  readonly #answering = new Set<string>();

  constructor(options: AgentOptions, signal: AbortSignal) {
    const { stack, vm, sealKey, stateDir, localAddress, log } = options;
    this.#options = options;
    this.#signal = signal;
    mkdirSync(join(stateDir, "logs"), { recursive: true, mode: 0o700 });
    const guard = guardJournal(sealKey, stack, () => this.#current?.deployed.plan.roles ?? []);
    this.#vm = new Vm({
      name: vm,
      stack,
      sealKey,
      stateDir,
      instance: readInstance(stateDir),
      localAddress,
      journal: openJournal(stateDir, { stack, vm }, guard),
      digest: makeDigest(sealKey ?? ""),
      log,
      signal,
    });
  }

  async run(): Promise<"done" | "failed" | "stopped"> {
    const { stateDir, vm, carrier, env = process.env } = this.#options;
    const stopped = new Promise<void>((resolve) => {
      if (this.#signal.aborted) resolve();
      this.#signal.addEventListener("abort", () => resolve(), { once: true });
    });
    const bin = join(stateDir, "bin");
    writeShims(bin, env["PATH"]);
    await this.#vm.endUnfinished();
    await using socket = await openLocalSocket(stateDir, (role) => this.#current?.run.sessionOf(role));
    const path = `${bin}${delimiter}${env["PATH"] ?? "/usr/bin:/bin"}`;
    this.#vm.env = { ...env, PATH: path, WEFT_SOCKET: socket.path, WEFT_VM: vm };
    const following = carrier.follow((delivery) => this.#take(delivery), this.#signal);
    following.catch((error: unknown) => this.#hearRefusal(this.#current, error));
    await stopped;
    await this.#vm.idle();
    // What ended roles have left running belongs to the vm, unless the vm is but a folder of a run that is over.
    if (this.#options.endLeftRunning === true) await this.#vm.endLeftRunning();
    this.#vm.journal.close();
    const ok = this.#current?.run.ok;
    return ok === undefined ? "stopped" : ok ? "done" : "failed";
  }

  #take(delivery: Delivery): void {
    const { memory } = this.#vm.journal;
    if (this.#signal.aborted || this.#isSuperseded || this.#current?.delivery.id === delivery.id) return;
    try {
      if (delivery.action === "delete") return this.#takeLeave(delivery);
      const deployed = readDeployed(delivery.deployment, this.#options);
      if (memory.begun?.delivery === delivery.id) return this.#begin(delivery, deployed);
      this.#beginAnew(delivery, deployed, this.#digestInputs(delivery, deployed));
    } catch (error) {
      this.#vm.log(`the deployment cannot be used: ${messageOf(error)}`);
      void this.#vm.background("answering", this.#answer(delivery, { ok: false, error: messageOf(error) }), this.#signal);
    }
  }

  // Where there is nothing to do for it the vm may stay: its template may only have lost the roles that were for leaving.
  #takeLeave(delivery: Delivery): void {
    if (this.#vm.journal.memory.answered.has(delivery.id)) return;
    const { deployment } = delivery;
    const deployed = deployment === undefined ? this.#current?.deployed : readDeployed(deployment, this.#options);
    if (deployed?.plan.roles.some(({ onDelete }) => onDelete) === true) return this.#begin(delivery, deployed);
    void this.#vm.background("answering", this.#answer(delivery, { ok: true, outputs: {} }), this.#signal);
  }

  // The same again after a failure is asked for to have what failed tried again: the failed cells of the epoch are final, so it is another one.
  #digestInputs({ id }: Delivery, { generation, values }: Deployed): string {
    const { begun, roles } = this.#vm.journal.memory;
    const hasFailed = begun?.generation === generation && Object.values(roles).some(({ ended }) => ended?.state === "failed");
    return this.#vm.digest(hasFailed ? { values, again: id } : { values });
  }

  #beginAnew(delivery: Delivery, deployed: Deployed, inputs: string): void {
    const left = this.#leave();
    this.#vm.journal.append({ type: "begun", delivery: delivery.id, generation: deployed.generation, inputs });
    this.#begin(delivery, deployed, left);
  }

  #leave(): Left {
    const left = this.#current?.run.leave() ?? { attempts: new Map(), sessions: new Map() };
    this.#current?.over.abort(new Error("the stack has another generation"));
    return left;
  }

  // Begins, or resumes with what the journal knows.
  #begin(delivery: Delivery, deployed: Deployed, left: Left = this.#leave()): void {
    const { generation, plan, tag, values } = deployed;
    const over = linkAbort([this.#signal]).controller;
    const { begun } = this.#vm.journal.memory;
    const inputs = begun?.generation === generation ? begun.inputs : this.#vm.digest({ values });
    const claim = { generation, rights: plan.rights, tag, instance: this.#vm.instance, inputs };
    let trouble = "none was tried";
    const hub = this.#options.connect(claim, over.signal, (why) => {
      trouble = why;
      this.#vm.log(why);
    });
    const run = new GenerationRun({ vm: this.#vm, deployed, roles: delivery.action, hub, left });
    const current: Current = { delivery, deployed, run, over };
    this.#current = current;
    run.begin();
    const arriving = this.#awaitHub(current, hub, () => trouble);
    void this.#vm.background("connecting to a hub", arriving, over.signal);
    const answering = run.outcome.then((outcome) => this.#answer(delivery, outcome));
    void this.#vm.background("answering", answering, over.signal);
  }

  async #awaitHub(current: Current, opening: Promise<AgentHub>, trouble: () => string): Promise<void> {
    const { over, delivery } = current;
    const sinceMs = Date.now();
    const reminder = setInterval(() => {
      this.#vm.log(`no hub since ${Math.round((Date.now() - sinceMs) / 1000)} s: ${trouble()}`);
    }, reminderMs);
    const { hubPatienceMs = defaultHubPatienceMs } = this.#options;
    const patienceMs = delivery.action === "delete" ? Math.min(hubPatienceMs, leavingPatienceMs) : hubPatienceMs;
    const patience = setTimeout(() => {
      const outcome: Outcome = { ok: false, error: `no hub could be reached: ${trouble()}` };
      void this.#vm.background("answering", this.#answer(delivery, outcome), over.signal);
    }, patienceMs);
    const stopTimers = (): void => {
      clearInterval(reminder);
      clearTimeout(patience);
    };
    try {
      const hub = await untilAborted(opening, over.signal);
      stopTimers();
      void hub.ended?.then((failure) => this.#hearRefusal(current, failure));
      if (hub.epoch !== undefined && delivery.action === "run") await this.#enterEpoch(current, hub, hub.epoch);
    } catch (error) {
      if (!over.signal.aborted) this.#hearRefusal(current, error);
    } finally {
      stopTimers();
    }
  }

  async #enterEpoch(current: Current, hub: AgentHub, epoch: string): Promise<void> {
    const { journal } = this.#vm;
    const { delivery, deployed, over } = current;
    const again = (): void => {
      const { begun } = journal.memory;
      if (!over.signal.aborted && begun !== undefined) this.#beginAnew(delivery, deployed, begun.inputs);
    };
    if (journal.memory.epoch === undefined) journal.append({ type: "epoch", epoch });
    if (journal.memory.epoch !== epoch) return again();
    const news = { onAnew: again, onOther: () => this.#options.carrier.nudge() };
    await watchEpochs(hub, { stack: this.#vm.stack, epoch }, news, over.signal);
  }

  // What a hub, or Heat, says for good.
  #hearRefusal(current: Current | undefined, error: unknown): void {
    if (this.#signal.aborted || current?.over.signal.aborted === true) return;
    this.#vm.log(messageOf(error));
    if (error instanceof Failure && error.code === "superseded") return this.#stopSuperseded(error.message);
    if (current === undefined) return;
    const outcome: Outcome = { ok: false, error: messageOf(error) };
    void this.#vm.background("answering", this.#answer(current.delivery, outcome), current.over.signal);
  }

  // Another vm does now what this one did.
  #stopSuperseded(why: string): void {
    this.#isSuperseded = true;
    const { attempts, sessions } = this.#leave();
    for (const session of sessions.values()) session.dismiss(why);
    for (const [role, attempt] of attempts) void this.#vm.background(`ending ${role}`, attempt.end(), this.#signal);
  }

  // The first outcome counts; telling it may take a while.
  async #answer(delivery: Delivery, outcome: Outcome): Promise<void> {
    const { journal, log } = this.#vm;
    const { id } = delivery;
    if (journal.memory.answered.has(id) || this.#answering.has(id) || this.#isSuperseded) return;
    this.#answering.add(id);
    try {
      await this.#options.carrier.answer(delivery, outcome, this.#signal);
      if (this.#signal.aborted) return;
      journal.append({ type: "answered", delivery: id });
      if (!outcome.ok) log(`told that the deployment has failed: ${outcome.error}`);
    } finally {
      this.#answering.delete(id);
    }
  }
}
