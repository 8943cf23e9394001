// Runs the roles of one vm: carries out what progress.ts decides, and feeds it with what happens. Journal first, then act.
// Longer than most: here, and only here, all parts of the agent meet.
import { mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Coordinator } from "../coordinator/coordinator.ts";
import { type Dataflow, openDataflow } from "../coordinator/dataflow.ts";
import { isRetried, roleId } from "../model/cell.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { JsonMap } from "../model/json.ts";
import type { Waiting } from "../model/status.ts";
import { planFormat, type RolePlan, type VmPlan } from "../model/vm-plan.ts";
import { linkAbort } from "./abort.ts";
import { ActiveClock } from "./active-clock.ts";
import type { AgentConfig } from "./agent-config.ts";
import { announceVm } from "./announce-vm.ts";
import { Cells } from "./cells.ts";
import { chooseMember } from "./choose-member.ts";
import { Files } from "./files.ts";
import { instantiatePlan } from "./instantiate.ts";
import { type Journal, openJournal } from "./journal.ts";
import { openLocalSocket } from "./local-socket.ts";
import { maskSecrets, secretTexts } from "./mask.ts";
import { outlineOf } from "./outline.ts";
import { endLeftRunning, identifyGroup, isSameProcess, type ProcessGroup } from "./process-groups.ts";
import {
  type Action,
  advance,
  beginProgress,
  type Event,
  type Progress,
  retryRole,
  type RoleHistory,
  type Step,
} from "./progress.ts";
import type { Settlement } from "./progress-cells.ts";
import { awaitNeeds } from "./role-needs.ts";
import { overdueMessage, RoleSession } from "./role-session.ts";
import { Secrets } from "./secrets.ts";
import { watchRetries } from "./watch-retries.ts";
import { makeStatus, measureRun, type RoleRun } from "./role-status.ts";
import { type AttemptResult, runRole } from "./run-role.ts";
import { makeRecord, settleCell } from "./settle-cell.ts";
import { shipLog } from "./ship-log.ts";
import { writeShims } from "./shims.ts";
import { endGroup } from "./spawn.ts";

/** What an agent needs of a coordinator; `address` is where this vm reaches it from. */
export type AgentCoordinator = Coordinator & { address?(): string | undefined | Promise<string | undefined> };

/** Takes one line of the agent's own log. */
export type Log = (message: string, details?: JsonMap) => void;

/**
 * Runs all roles of the vm, then stays for the programs that they left running, until `signal` is aborted. Resolves after that, with
 * how the roles ended; `stopped`: they had not.
 */
export async function runAgent(
  config: AgentConfig,
  coordinator: AgentCoordinator,
  signal: AbortSignal,
  log: Log,
): Promise<"done" | "failed" | "stopped"> {
  if (config.plan.format !== planFormat) {
    throw new Failure("give-up", "plan-format", `this agent reads plans of format ${planFormat}, not ${config.plan.format}`);
  }
  const agent = new Agent(config, coordinator, signal, log);
  return agent.run();
}

class Agent {
  readonly #config: AgentConfig;
  readonly #coordinator: AgentCoordinator;
  readonly #signal: AbortSignal;
  readonly #log: Log;
  readonly #plan: VmPlan;
  readonly #roles: RolePlan[];
  readonly #dataflow: Dataflow;
  readonly #cells: Cells;
  readonly #files: Files;
  readonly #journal: Journal;
  readonly #runs = new Map<string, RoleRun>();
  readonly #secrets = new Set<string>();
  /** Roles of whose state there is news. */
  readonly #unreported = new Set<string>();
  readonly #attempts = new Set<Promise<unknown>>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #groups: ProcessGroup[] = [];
  #progress: Progress;
  #env: Record<string, string | undefined> = {};

  constructor(config: AgentConfig, coordinator: AgentCoordinator, signal: AbortSignal, log: Log) {
    this.#config = config;
    this.#coordinator = coordinator;
    this.#signal = signal;
    this.#log = log;
    this.#plan = instantiatePlan(config.plan, config.index);
    this.#roles = this.#plan.roles.filter((role) => !role.onDelete);
    const secrets = new Secrets(config, this.#plan);
    const isOver = (failure: string): boolean => isRetried(failure, this.#progress.retries);
    this.#dataflow = secrets.seal(openDataflow(coordinator, { stack: config.stack, generation: config.generation }, isOver));
    this.#cells = new Cells(this.#plan, config.values, this.#dataflow, isOver);
    this.#files = new Files(join(config.stateDir, "files"), this.#plan.bundles);
    mkdirSync(join(config.stateDir, "logs"), { recursive: true, mode: 0o700 });
    const identity = { stack: config.stack, generation: config.generation, vm: config.vm };
    this.#journal = openJournal(config.stateDir, identity, secrets.guard);
    this.#progress = { vm: { ...this.#plan, roles: this.#roles }, roles: {}, retries: this.#journal.memory.retries };
  }

  async run(): Promise<"done" | "failed" | "stopped"> {
    const { stateDir, vm } = this.#config;
    const stopped = new Promise<void>((resolve) => {
      if (this.#signal.aborted) resolve();
      this.#signal.addEventListener("abort", () => resolve(), { once: true });
    });
    const bin = join(stateDir, "bin");
    writeShims(bin, process.env["PATH"]);
    await this.#endUnfinished();
    await using socket = await openLocalSocket(stateDir, (role) => this.#runs.get(role)?.session);
    const path = `${bin}${delimiter}${process.env["PATH"] ?? "/usr/bin:/bin"}`;
    this.#env = { ...process.env, PATH: path, WEFT_SOCKET: socket.path, WEFT_VM: vm };
    this.#begin();
    void this.#background("announcing the vm", this.#announce());
    void this.#background(
      "hearing of retries",
      watchRetries(this.#coordinator, this.#config, (...retry) => this.#retry(...retry), this.#signal),
    );
    await stopped;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#attempts);
    // What ended roles have left running belongs to the vm, unless the vm is but a folder of a run that is over.
    if (this.#config.exitWithParent === true) await endLeftRunning(this.#groups);
    this.#journal.close();
    if (this.#progress.ok === undefined) return "stopped";
    return this.#progress.ok ? "done" : "failed";
  }

  // What an earlier life of this agent started and did not see the end of would run beside its next attempt.
  async #endUnfinished(): Promise<void> {
    const alive = this.#journal.memory.unfinished.filter(isSameProcess);
    for (const { role, group } of alive) this.#log("ending what an earlier agent left under way", { role, group });
    await Promise.all(alive.map(({ group }) => endGroup(group)));
  }

  #begin(): void {
    const { roles, wrote, retries } = this.#journal.memory;
    for (const role of this.#roles) {
      const { timing = {}, ended } = roles[role.name] ?? {};
      this.#runs.set(role.name, { marks: [], timing, waiting: new Map(), inputs: {}, outputs: ended?.outputs ?? {} });
    }
    for (const { role, output, value } of wrote) {
      const cell = this.#planOf(role).outputs.find(({ name }) => name === output)?.cell;
      const { attempt } = roles[role] as RoleHistory;
      if (cell !== undefined)
        this.#cells.settle(cell, makeRecord({ cell, state: "value", value }, roleId(this.#config.vm, role), attempt));
    }
    this.#take(beginProgress(this.#progress.vm, roles, retries));
  }

  // Roles that need nothing of other vms do not wait for this. Where we were told where to connect from, nor does the address.
  async #announce(): Promise<void> {
    const address = this.#config.localAddress ?? (await this.#coordinator.address?.()) ?? "127.0.0.1";
    const vm = { vm: this.#config.vm, address, published: this.#plan.facts };
    await Promise.all([
      announceVm(vm, this.#cells, this.#dataflow, this.#signal),
      this.#dataflow.outline(outlineOf(this.#plan, Date.now()), this.#signal),
    ]);
  }

  #retry(id: string, count: number): void {
    if (this.#signal.aborted || (this.#progress.retries.get(id) ?? 0) >= count) return;
    this.#journal.append({ type: "retried", id, count });
    this.#take(retryRole(this.#progress, id, count));
  }

  // What nobody waits for; a failure of it is logged.
  async #background(what: string, work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!this.#signal.aborted) this.#log(`${what}: ${this.#mask(messageOf(error))}`);
    }
  }

  #dispatch(event: Event): void {
    if (!this.#signal.aborted) this.#take(advance(this.#progress, event));
  }

  #take({ progress, actions }: Step): void {
    const before = this.#progress;
    this.#progress = progress;
    for (const action of actions) this.#act(action);
    for (const { name } of this.#roles) if (before.roles[name] !== progress.roles[name]) this.#report(name);
  }

  #act(action: Action): void {
    switch (action.type) {
      case "choose":
        void this.#background(`choice for ${action.role}`, this.#choose(this.#planOf(action.role)));
        break;
      case "await":
        this.#await(this.#planOf(action.role), action.needs);
        break;
      case "time":
        this.#time(this.#planOf(action.role), action.input, action.ms);
        break;
      case "start": {
        const attempt = this.#attempt(this.#planOf(action.role), action.attempt);
        this.#attempts.add(attempt);
        void attempt.finally(() => this.#attempts.delete(attempt));
        break;
      }
      case "pause":
        this.#journal.append({
          type: "attempt-failed",
          role: action.role,
          attempt: action.attempt,
          error: this.#mask(action.error),
        });
        this.#later(action.ms, () => this.#dispatch({ type: "due", role: action.role }));
        break;
      case "end":
        this.#end(action);
        break;
      case "reopen":
        this.#reopen(action.role);
        break;
      case "finish":
        this.#log(action.ok ? "all roles have ended well" : "all roles have ended, not all of them well");
        break;
    }
  }

  async #choose(plan: RolePlan): Promise<void> {
    const { on, name: role } = plan;
    if (on === "all") return;
    try {
      let index = this.#journal.memory.choices[on.choice];
      if (index === undefined) {
        index = await chooseMember(on, this.#cells, this.#dataflow, this.#signal);
        this.#journal.append({ type: "chosen", choice: on.choice, index });
      }
      const isChosen = Number(index) === this.#config.index;
      this.#dispatch({ type: isChosen === (on.pick === "one") ? "chosen" : "passed-over", role });
    } catch (error) {
      this.#dispatch({ type: "unmet", role, need: "on", error: this.#mask(messageOf(error)) });
    }
  }

  #await(plan: RolePlan, needs: string[]): void {
    const { controller } = linkAbort([this.#signal]);
    const run = this.#runOf(plan.name);
    run.needs = controller;
    awaitNeeds(
      {
        plan,
        cells: this.#cells,
        inputs: run.inputs,
        signal: controller.signal,
        onWaiting: (need, waiting) => this.#setWaiting(plan.name, need, waiting),
        onEvent: (event) => this.#dispatch("error" in event ? { ...event, error: this.#mask(event.error) } : event),
      },
      needs,
    );
  }

  #time(plan: RolePlan, name: string, ms: number): void {
    const need = `input ${name}`;
    const run = this.#runOf(plan.name);
    this.#later(ms, () => {
      if (run !== this.#runOf(plan.name)) return;
      const error = overdueMessage(ms, run.waiting.get(need) ?? []);
      this.#dispatch({ type: "unmet", role: plan.name, need, error });
    });
  }

  #later(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
  }

  async #attempt(plan: RolePlan, attempt: number): Promise<void> {
    const { stateDir, vm } = this.#config;
    const { name: role } = plan;
    const run = this.#runOf(role);
    run.clock ??= new ActiveClock();
    run.session = new RoleSession({
      vm,
      plan,
      attempt,
      cells: this.#cells,
      dataflow: this.#dataflow,
      clock: run.clock,
      marks: run.marks,
      signal: this.#signal,
      keep: (output, value) => this.#journal.append({ type: "wrote", role, output: output.name, value }),
      learnSecret: (value) => secretTexts(value).forEach((text) => this.#secrets.add(text)),
      onWaiting: (waiting) => this.#setWaiting(role, "", waiting),
    });
    const log = join(stateDir, "logs", `${role}.${attempt}.log`);
    const { session } = run;
    const endLog = shipLog({
      id: roleId(vm, role),
      attempt,
      path: log,
      isSafe: () => session.hasWrittenSecrets(),
      mask: (text) => this.#mask(text),
      send: (piece) => this.#background(`log of ${role}`, this.#dataflow.sendLog(piece, this.#signal)),
    });
    let result: AttemptResult;
    try {
      result = await runRole({
        vm,
        plan,
        cells: this.#cells,
        inputs: run.inputs,
        session,
        clock: run.clock,
        folder: join(stateDir, "attempts", `${role}.${attempt}`),
        roleFolder: join(stateDir, "roles", role),
        logPath: log,
        env: { ...this.#env, WEFT_ROLE: role },
        files: this.#files,
        signal: this.#signal,
        mask: (text) => this.#mask(text),
        onStarted: (pid) => this.#noteStarted(role, attempt, pid),
      });
    } catch (error) {
      if (this.#signal.aborted) return;
      result = { outputs: {}, failure: this.#mask(messageOf(error)), final: true };
    } finally {
      endLog();
    }
    const { logTail, ...ended } = result;
    run.outputs = result.outputs;
    if (logTail === undefined) delete run.logTail;
    else run.logTail = logTail;
    if (result.failure !== undefined) this.#log("attempt failed", { role, attempt, reason: result.failure, log });
    this.#dispatch({ type: "ended", role, ...ended });
  }

  #noteStarted(role: string, attempt: number, pid: number): void {
    const group = identifyGroup(pid);
    this.#groups.push(group);
    this.#journal.append({ type: "started", role, attempt, ...group, atMs: Date.now() });
  }

  #end(action: Extract<Action, { type: "end" }>): void {
    const { role, state, cells } = action;
    const run = this.#runOf(role);
    run.needs?.abort();
    run.waiting.clear();
    if (!action.journalled) run.timing = measureRun(run);
    if (!action.journalled && state !== "skipped") {
      const { error, origin } = this.#progress.roles[role] ?? {};
      this.#journal.append({
        type: "ended",
        role,
        state,
        outputs: run.outputs,
        ...(error === undefined ? {} : { error: this.#mask(error) }),
        ...(origin === undefined ? {} : { origin }),
        timing: run.timing,
      });
    }
    for (const settlement of cells) {
      void this.#background(`publishing ${settlement.cell}`, this.#settle(this.#planOf(role), settlement));
    }
  }

  #reopen(role: string): void {
    this.#log("the operator has retried what made it fail", { role });
    this.#cells.forgetRetried();
    const run = this.#runOf(role);
    const { outputs, session } = run;
    // Programs that the last attempt left running go on reading, until the next one has its own session.
    const kept = session === undefined ? {} : { session };
    this.#runs.set(role, { marks: [], timing: {}, waiting: new Map(), inputs: {}, outputs, ...kept });
  }

  async #settle(plan: RolePlan, settlement: Settlement): Promise<void> {
    const ended = { owner: this.#plan, plan, attempt: this.#progress.roles[plan.name]?.attempt ?? 0 };
    const run = this.#runOf(plan.name);
    const error = await settleCell(ended, settlement, { cells: this.#cells, dataflow: this.#dataflow, signal: this.#signal });
    // Not of a life of the role that is over.
    if (error !== undefined && run === this.#runOf(plan.name))
      this.#dispatch({ type: "refused", role: plan.name, error: this.#mask(error) });
  }

  #setWaiting(role: string, need: string, waiting: Waiting[]): void {
    const run = this.#runOf(role);
    if (waiting.length > 0) run.waiting.set(need, waiting);
    else if (!run.waiting.delete(need)) return;
    this.#report(role);
  }

  // Fire and forget, and after whatever this turn of the event loop has to say to roles and coordinator: they wait, people look on.
  #report(role: string): void {
    if (this.#unreported.size === 0) setImmediate(() => this.#sendReports());
    this.#unreported.add(role);
  }

  #sendReports(): void {
    for (const role of this.#unreported) {
      const progress = this.#progress.roles[role];
      if (progress === undefined || this.#signal.aborted) continue;
      const status = makeStatus(this.#config.vm, this.#planOf(role), progress, this.#runOf(role));
      void this.#background(`status of ${role}`, this.#dataflow.report(status, this.#signal));
    }
    this.#unreported.clear();
  }

  #mask(text: string): string {
    return maskSecrets(text, this.#secrets);
  }

  #planOf(role: string): RolePlan {
    return this.#roles.find(({ name }) => name === role) as RolePlan;
  }

  #runOf(role: string): RoleRun {
    return this.#runs.get(role) as RoleRun;
  }
}
