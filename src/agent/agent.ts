// Runs the roles of one vm: carries out what progress.ts decides, and feeds it with what happens. Journal first, then act.
import { mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Coordinator } from "../coordinator/coordinator.ts";
import { type Dataflow, openDataflow } from "../coordinator/dataflow.ts";
import { type CellRecord, factCell, roleId } from "../model/cell.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { Json, JsonMap } from "../model/json.ts";
import type { Mark, RoleStatus, Waiting } from "../model/status.ts";
import { planFormat, type RolePlan, type VmPlan } from "../model/vm-plan.ts";
import { linkAbort } from "./abort.ts";
import { ActiveClock } from "./active-clock.ts";
import type { AgentConfig } from "./agent-config.ts";
import { Cells, type Resolution, type WaitOptions } from "./cells.ts";
import { instantiatePlan } from "./instantiate.ts";
import { type Journal, openJournal, type Timing } from "./journal.ts";
import { openLocalSocket } from "./local-socket.ts";
import { maskSecrets, secretTexts } from "./mask.ts";
import {
  type Action,
  advance,
  beginProgress,
  endCellOf,
  type Event,
  hasEnded,
  type Progress,
  type Settlement,
  stateOf,
  type Step,
} from "./progress.ts";
import { overdueMessage, RoleSession } from "./role-session.ts";
import { type AttemptResult, runRole } from "./run-role.ts";
import { writeShims } from "./shims.ts";
import { endGroup, readProcessStart } from "./spawn.ts";

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

/** What is known of a role beside its progress, for its status and its next attempt. */
interface Run {
  session?: RoleSession;
  clock?: ActiveClock;
  marks: Mark[];
  /** From the journal, for a role that an earlier life of this agent began or ended. */
  timing: Timing;
  /** By need before the start, or as the attempt's session says. */
  waiting: Map<string, Waiting[]>;
  /** Aborted when the role has no more needs. */
  needs?: AbortController;
  logTail?: string;
  outputs: Record<string, Json>;
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
  readonly #journal: Journal;
  readonly #runs = new Map<string, Run>();
  readonly #secrets = new Set<string>();
  readonly #attempts = new Set<Promise<unknown>>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #progress: Progress;
  #env: Record<string, string | undefined> = {};

  constructor(config: AgentConfig, coordinator: AgentCoordinator, signal: AbortSignal, log: Log) {
    this.#config = config;
    this.#coordinator = coordinator;
    this.#signal = signal;
    this.#log = log;
    this.#plan = instantiatePlan(config.plan, config.index);
    this.#roles = this.#plan.roles.filter((role) => !role.onDelete);
    this.#dataflow = openDataflow(coordinator, { stack: config.stack, generation: config.generation });
    this.#cells = new Cells(this.#plan, config.values, this.#dataflow);
    mkdirSync(join(config.stateDir, "logs"), { recursive: true, mode: 0o700 });
    this.#journal = openJournal(config.stateDir, { stack: config.stack, generation: config.generation, vm: config.vm });
    this.#progress = { vm: { ...this.#plan, roles: this.#roles }, roles: {} };
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
    this.#announce();
    await stopped;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#attempts);
    this.#journal.close();
    if (this.#progress.ok === undefined) return "stopped";
    return this.#progress.ok ? "done" : "failed";
  }

  // What an earlier life of this agent started and did not see the end of would run beside its next attempt.
  async #endUnfinished(): Promise<void> {
    // A number may have been given to another process since; where the system does not tell, we trust it.
    const telling = readProcessStart(process.pid) !== undefined;
    const alive = this.#journal.memory.unfinished.filter(
      ({ group, processStart }) => !telling || (processStart !== undefined && readProcessStart(group) === processStart),
    );
    for (const { role, group } of alive) this.#log("ending what an earlier agent left under way", { role, group });
    await Promise.all(alive.map(({ group }) => endGroup(group)));
  }

  #begin(): void {
    const { roles, wrote } = this.#journal.memory;
    for (const role of this.#roles) {
      const timing = roles[role.name]?.timing ?? {};
      this.#runs.set(role.name, { marks: [], timing, waiting: new Map(), outputs: {} });
    }
    for (const { role, output, value } of wrote) {
      const plan = this.#roles.find((other) => other.name === role)?.outputs.find((other) => other.name === output);
      if (plan !== undefined) this.#cells.settle(plan.cell, this.#recordOf(role, { cell: plan.cell, state: "value", value }));
    }
    this.#take(beginProgress(this.#progress.vm, roles));
  }

  // Tells the others that this vm is there. Roles that need nothing of them do not wait for it.
  #announce(): void {
    const { vm } = this.#config;
    const announce = async (): Promise<void> => {
      const address = (await this.#coordinator.address?.()) ?? this.#config.localAddress ?? "127.0.0.1";
      const presence = { vm, instance: `${process.pid}-${Date.now()}`, address, startedMs: Date.now() };
      const facts = { first_address: address, name: vm };
      this.#background("presence", this.#dataflow.join(presence, this.#signal));
      for (const [fact, value] of Object.entries(facts)) {
        const cell = factCell(vm, fact);
        const record: CellRecord = { state: "value", value, by: roleId(vm, "@vm"), attempt: 1, atMs: Date.now() };
        this.#cells.settle(cell, record);
        const read = this.#plan.facts.some((other) => other === fact);
        if (read) this.#background(`fact ${fact}`, this.#dataflow.publish(cell, record, this.#signal));
      }
    };
    this.#background("presence", announce());
  }

  // What nobody waits for; a failure of it is logged.
  #background(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!this.#signal.aborted) this.#log(`${what}: ${this.#mask(messageOf(error))}`);
    });
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
        this.#background(`choice for ${action.role}`, this.#choose(this.#planOf(action.role)));
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
        this.#journal.append({ type: "attempt-failed", role: action.role, attempt: action.attempt, error: this.#mask(action.error) });
        this.#later(action.ms, () => this.#dispatch({ type: "due", role: action.role }));
        break;
      case "end":
        this.#end(action);
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
      const chosen = this.#journal.memory.choices[on.choice] ?? (await this.#decide(on));
      const isChosen = Number(chosen) === this.#config.index;
      this.#dispatch({ type: isChosen === (on.pick === "one") ? "chosen" : "passed-over", role });
    } catch (error) {
      this.#dispatch({ type: "unmet", role, need: "on", error: messageOf(error) });
    }
  }

  async #decide(on: Exclude<RolePlan["on"], "all">): Promise<string> {
    let candidate: Json = 0;
    if (on.index !== undefined) {
      const resolution = await this.#cells.resolve(on.index, { signal: this.#signal });
      if (resolution.state === "failed") throw new Error(resolution.error);
      candidate = resolution.value;
    }
    if (!Number.isInteger(Number(candidate))) throw new Error("index is not a member's number");
    const index = await this.#dataflow.choose(on.choice, String(candidate), this.#signal);
    this.#journal.append({ type: "chosen", choice: on.choice, index });
    return index;
  }

  #await(plan: RolePlan, needs: string[]): void {
    const run = this.#runOf(plan.name);
    run.needs = linkAbort([this.#signal]).controller;
    for (const need of needs) {
      const onWaiting = (waiting: Waiting[]): void => this.#setWaiting(plan.name, need, waiting);
      void this.#meet(plan, need, { signal: run.needs.signal, onWaiting });
    }
  }

  async #meet(plan: RolePlan, need: string, options: WaitOptions): Promise<void> {
    const role = plan.name;
    try {
      const resolution = await this.#resolveNeed(plan, need, options);
      if (options.signal.aborted) return;
      if (resolution.state === "value") return this.#dispatch({ type: "met", role, need });
      const { error, origin } = resolution;
      this.#dispatch({ type: "unmet", role, need, error: this.#mask(error), ...(origin === undefined ? {} : { origin }) });
    } catch (error) {
      if (!options.signal.aborted) this.#dispatch({ type: "unmet", role, need, error: this.#mask(messageOf(error)) });
    }
  }

  #resolveNeed(plan: RolePlan, need: string, options: WaitOptions): Promise<Resolution> {
    const input = plan.inputs.find(({ name }) => need === `input ${name}`);
    if (input !== undefined) return this.#cells.resolveInput(input, options);
    return this.#cells.resolveAfters(
      plan.after.filter(({ role }) => need === `after ${role}`),
      options,
    );
  }

  #time(plan: RolePlan, name: string, ms: number): void {
    const input = plan.inputs.find((other) => other.name === name);
    if (input === undefined) return;
    const need = `input ${name}`;
    this.#later(ms, () => this.#dispatch({ type: "unmet", role: plan.name, need, error: overdueMessage(input) }));
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
    const log = this.#logPath(role, attempt);
    let result: AttemptResult;
    try {
      result = await runRole({
        vm,
        plan,
        cells: this.#cells,
        session: run.session,
        clock: run.clock,
        folder: join(stateDir, "attempts", `${role}.${attempt}`),
        roleFolder: join(stateDir, "roles", role),
        logPath: log,
        env: { ...this.#env, WEFT_ROLE: role },
        signal: this.#signal,
        mask: (text) => this.#mask(text),
        onStarted: (pid) => this.#noteStarted(role, attempt, pid),
      });
    } catch (error) {
      if (this.#signal.aborted) return;
      result = { outputs: {}, failure: this.#mask(messageOf(error)), final: true };
    }
    const { logTail, ...ended } = result;
    run.outputs = result.outputs;
    if (logTail === undefined) delete run.logTail;
    else run.logTail = logTail;
    if (result.failure !== undefined) this.#log("attempt failed", { role, attempt, reason: result.failure, log });
    this.#dispatch({ type: "ended", role, ...ended });
  }

  #logPath(role: string, attempt: number): string {
    return join(this.#config.stateDir, "logs", `${role}.${attempt}.log`);
  }

  #noteStarted(role: string, attempt: number, group: number): void {
    const processStart = readProcessStart(group);
    const atMs = Date.now();
    this.#journal.append({ type: "started", role, attempt, group, ...(processStart === undefined ? {} : { processStart }), atMs });
  }

  #end(action: Extract<Action, { type: "end" }>): void {
    const { role, state, cells } = action;
    const run = this.#runOf(role);
    run.needs?.abort();
    run.waiting.clear();
    if (!action.journalled) run.timing = this.#timingOf(run);
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
    for (const settlement of cells) this.#settle(this.#planOf(role), settlement);
  }

  #timingOf({ clock, marks, timing }: Run): Timing {
    if (clock === undefined) return { ...timing, endedMs: Date.now() };
    const startedMs = timing.startedMs ?? clock.startedMs;
    return { startedMs, endedMs: Date.now(), blockedMs: clock.blockedMs(), marks };
  }

  #recordOf(role: string, settlement: Settlement): CellRecord {
    const { cell: _, ...settled } = settlement;
    const by = roleId(this.#config.vm, role);
    const atMs = Date.now();
    if (settled.state !== "value") return { ...settled, by, atMs };
    return { ...settled, by, atMs, attempt: this.#progress.roles[role]?.attempt ?? 1 };
  }

  // For the readers here at once; for those elsewhere as soon as the coordinator has it.
  #settle(plan: RolePlan, settlement: Settlement): void {
    const record = this.#recordOf(plan.name, settlement);
    const isEnd = settlement.cell === endCellOf(this.#plan, plan);
    this.#cells.settle(settlement.cell, record);
    const published = isEnd ? plan.publishEnd : plan.outputs.find(({ cell }) => cell === settlement.cell)?.published;
    if (published !== true) return;
    const publish = async (): Promise<void> => {
      try {
        await this.#dataflow.publish(settlement.cell, record, this.#signal);
      } catch (error) {
        const refused = error instanceof Failure && error.reaction !== "retry" && record.state === "value" && !isEnd;
        if (!refused || this.#signal.aborted) throw error;
        this.#dispatch({ type: "refused", role: plan.name, error: this.#mask(error.message) });
      }
    };
    this.#background(`publishing ${settlement.cell}`, publish());
  }

  #setWaiting(role: string, need: string, waiting: Waiting[]): void {
    const run = this.#runOf(role);
    if (waiting.length > 0) run.waiting.set(need, waiting);
    else if (!run.waiting.delete(need)) return;
    this.#report(role);
  }

  // Fire and forget: the newest status of a role replaces those not sent yet.
  #report(role: string): void {
    const progress = this.#progress.roles[role];
    if (progress === undefined || this.#signal.aborted) return;
    const run = this.#runOf(role);
    const { clock, timing, marks, logTail } = run;
    const ended = hasEnded(progress);
    const started = timing.startedMs ?? clock?.startedMs;
    const status: RoleStatus = {
      id: roleId(this.#config.vm, role),
      state: stateOf(progress),
      atMs: Date.now(),
      attempt: progress.attempt,
      waitingFor: ended ? [] : [...run.waiting.values()].flat(),
      ...(started === undefined ? {} : { startedMs: started, blockedMs: clock?.blockedMs() ?? timing.blockedMs ?? 0 }),
      ...(ended && timing.endedMs !== undefined ? { endedMs: timing.endedMs, marks: timing.marks ?? marks } : {}),
      ...(progress.error === undefined ? {} : { error: this.#mask(progress.error) }),
      ...(progress.origin === undefined ? {} : { origin: progress.origin }),
      ...(logTail === undefined ? {} : { logTail }),
    };
    this.#background(`status of ${role}`, this.#dataflow.report(status, this.#signal));
  }

  #mask(text: string): string {
    return maskSecrets(text, this.#secrets);
  }

  #planOf(role: string): RolePlan {
    return this.#roles.find(({ name }) => name === role) as RolePlan;
  }

  #runOf(role: string): Run {
    return this.#runs.get(role) as Run;
  }
}
