// Runs the roles of one vm in one generation: carries out what progress.ts decides, and feeds it with what happens. Journal first, then act.
// Over 300 lines: here, and only here, the parts of a run meet.
import { join } from "node:path";
import type { Coordinator } from "../coordinator/coordinator.ts";
import { type Dataflow, openDataflow } from "../coordinator/dataflow.ts";
import { indexesIn, isRetried } from "../model/cell.ts";
import { type Failure, messageOf } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import type { Waiting } from "../model/status.ts";
import type { OutputPlan, RolePlan, VmPlan } from "../model/vm-plan.ts";
import { linkAbort } from "./abort.ts";
import { ActiveClock } from "./active-clock.ts";
import { announceVm } from "./announce-vm.ts";
import { type Attempt, startAttempt } from "./attempt.ts";
import { Cells } from "./cells.ts";
import { chooseMember } from "./choose-member.ts";
import { Files } from "./files.ts";
import { EarlierRuns, type Left } from "./earlier-runs.ts";
import { lateDataflow } from "./late-dataflow.ts";
import { outlineOf } from "./outline.ts";
import { OwnCells } from "./own-cells.ts";
import {
  type Action,
  advance,
  beginProgress,
  type Event,
  type Progress,
  retryRole,
  type RoleHistory,
  type Step,
} from "../progress/progress.ts";
import type { Settlement } from "../progress/progress-cells.ts";
import { awaitNeeds } from "./role-needs.ts";
import { type Ground, overdueMessage, type RoleSession } from "./role-session.ts";
import { RoleReports } from "./role-reports.ts";
import { makeStatus, measureRun, type RoleRun } from "./role-status.ts";
import type { AttemptResult } from "./run-role.ts";
import { type Outcome, runOutcome } from "./run-outcome.ts";
import { sealSecrets } from "./secrets.ts";
import type { Vm } from "./vm.ts";
import { watchRetries } from "./watch-retries.ts";

/** What an agent needs of a coordinator; `address` is where this vm reaches it from, `epoch` the one whose keys are ours. */
export type AgentHub = Coordinator & {
  address?(): string | undefined | Promise<string | undefined>;
  epoch?: string | undefined;
  /** Resolves when it has ended for good. */
  ended?: Promise<Failure>;
};

/** What a generation tells this vm. */
export interface Deployed {
  generation: string;
  /** The vm's own, instantiated. */
  plan: VmPlan;
  tag: string;
  values: Record<string, Json>;
}

export interface GenerationParts {
  vm: Vm;
  deployed: Deployed;
  /** `delete`: the roles that run when the vm leaves, and only those. */
  roles: "run" | "delete";
  hub: Promise<AgentHub>;
  left: Left;
}

const beginsAnew = "this role begins anew: the stack has another generation";

/** The run of one generation, or of what is done when the vm leaves it. */
export class GenerationRun {
  readonly #vm: Vm;
  readonly #deployed: Deployed;
  readonly #plan: VmPlan;
  readonly #roles: RolePlan[];
  readonly #hub: Promise<AgentHub>;
  readonly #isLeaving: boolean;
  readonly #earlier: EarlierRuns;
  readonly #dataflow: Dataflow;
  readonly #cells: Cells;
  readonly #over: AbortController;
  readonly #signal: AbortSignal;
  readonly #runs = new Map<string, RoleRun>();
  readonly #reports = new RoleReports((role) => this.#report(role));
  readonly #attempts = new Map<string, Attempt>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #own: OwnCells;
  readonly #files: Files;
  readonly #outcome: { promise: Promise<Outcome>; resolve: (outcome: Outcome) => void };
  #progress: Progress;

  constructor({ vm, deployed, roles, hub, left }: GenerationParts) {
    const { plan, generation, values } = deployed;
    this.#vm = vm;
    this.#deployed = deployed;
    this.#plan = plan;
    this.#roles = plan.roles.filter((role) => role.onDelete === (roles === "delete"));
    this.#hub = hub;
    this.#isLeaving = roles === "delete";
    this.#over = linkAbort([vm.signal]).controller;
    this.#signal = this.#over.signal;
    const isOver = (failure: string): boolean => isRetried(failure, this.#progress.retries);
    const opening = hub.then((coordinator) => {
      return openDataflow(coordinator, { stack: vm.stack, generation: coordinator.epoch ?? generation }, isOver);
    });
    // Whoever waits for it is told; perhaps nobody does.
    opening.catch(() => undefined);
    const secrets = { sealKey: vm.sealKey, stack: vm.stack, generation };
    this.#dataflow = sealSecrets(lateDataflow(opening), plan, secrets);
    this.#cells = new Cells(plan, values, this.#dataflow, isOver);
    this.#files = new Files(join(vm.stateDir, "files"), plan.bundles);
    this.#own = new OwnCells(vm, plan, { cells: this.#cells, dataflow: this.#dataflow, signal: this.#signal });
    this.#earlier = new EarlierRuns(vm, left, this.#cells, this.#signal);
    this.#progress = { vm: { ...plan, roles: this.#roles }, roles: {}, retries: new Map(vm.journal.memory.retries) };
    let resolve!: (outcome: Outcome) => void;
    this.#outcome = { promise: new Promise((done) => (resolve = done)), resolve };
  }

  /** How all roles have ended; undefined while they have not. */
  get ok(): boolean | undefined {
    return this.#progress.ok;
  }

  /** How the run ended first, with the stack outputs that this vm hands over. Pending for ever when the generation gives way before. */
  get outcome(): Promise<Outcome> {
    return this.#outcome.promise;
  }

  /** What programs of a role may ask. */
  sessionOf(role: string): RoleSession | undefined {
    return this.#runs.get(role)?.session;
  }

  /** Begins, or resumes with what the journal knows of this generation. */
  begin(): void {
    const { roles, retries } = this.#vm.journal.memory;
    this.#own.recall(this.#roles);
    for (const { name } of this.#roles) {
      const { timing = {}, ended } = roles[name] ?? {};
      const session = this.#earlier.sessionOf(name);
      const kept = session === undefined ? {} : { session };
      this.#runs.set(name, { marks: [], timing, waiting: new Map(), inputs: {}, outputs: ended?.outputs ?? {}, ...kept });
    }
    this.#earlier.endWrong(this.#roles);
    const history = this.#roles.map(({ name }) => [name, this.#historyOf(name)] as const);
    this.#take(beginProgress(this.#progress.vm, Object.fromEntries(history), new Map(retries)));
    void this.#background("announcing the vm", this.#announce());
    const hearing = this.#hub.then((hub) => {
      const scope = { stack: this.#vm.stack, generation: hub.epoch ?? this.#deployed.generation };
      return watchRetries(hub, scope, (id, count) => this.#retry(id, count), this.#signal);
    });
    void this.#background("hearing of retries", hearing);
  }

  #historyOf(role: string): RoleHistory {
    const { ended, attempt = 0, failures = 0 } = this.#vm.journal.memory.roles[role] ?? {};
    // Whoever has the vm leave once more wants what failed the last time.
    if (ended !== undefined && !(this.#isLeaving && ended.state === "failed")) return { attempt, failures, ended };
    const hasEarlier = !this.#isLeaving && this.#earlier.has(role);
    return { attempt, failures: this.#isLeaving ? 0 : failures, ...(hasEarlier ? { earlier: true } : {}) };
  }

  /** Gives way: waits end, attempts go on, suspended, and are the next generation's. */
  leave(): Left {
    const sessions = new Map<string, RoleSession>();
    for (const [role, { session }] of this.#runs) if (session !== undefined) sessions.set(role, session);
    const left = this.#earlier.leave(this.#attempts, sessions);
    this.#over.abort(new Error("the stack has another generation"));
    for (const timer of this.#timers) clearTimeout(timer);
    return left;
  }

  // Roles that need nothing of other vms do not wait for this. Where we were told where to connect from, nor does the address.
  async #announce(): Promise<void> {
    const { localAddress, name, instance } = this.#vm;
    const address = localAddress ?? (await (await this.#hub).address?.()) ?? "127.0.0.1";
    const facts = { vm: name, instance, address, published: this.#plan.facts };
    await Promise.all([
      announceVm(facts, this.#cells, this.#dataflow, this.#signal),
      this.#dataflow.outline(outlineOf(this.#plan, Date.now()), this.#signal),
    ]);
  }

  #retry(id: string, count: number): void {
    if (this.#signal.aborted || (this.#progress.retries.get(id) ?? 0) >= count) return;
    this.#vm.journal.append({ type: "retried", id, count });
    this.#take(retryRole(this.#progress, id, count));
  }

  #background(what: string, work: Promise<unknown>): Promise<void> {
    return this.#vm.background(what, work, this.#signal);
  }

  #dispatch(event: Event): void {
    if (!this.#signal.aborted) this.#take(advance(this.#progress, event));
  }

  #take({ progress, actions }: Step): void {
    const before = this.#progress;
    this.#progress = progress;
    for (const action of actions) this.#act(action);
    for (const { name } of this.#roles) if (before.roles[name] !== progress.roles[name]) this.#reports.note(name);
  }

  #act(action: Action): void {
    switch (action.type) {
      case "choose":
        void this.#background(`choice for ${action.role}`, this.#choose(this.#knownPlan(action.role)));
        break;
      case "await":
        this.#await(this.#knownPlan(action.role), action.needs);
        break;
      case "time":
        this.#time(this.#knownPlan(action.role), action.input, action.ms);
        break;
      case "compare":
        void this.#background(`comparing ${action.role}`, this.#compare(this.#knownPlan(action.role)));
        break;
      case "start": {
        const run = this.#runOf(action.role);
        run.clock ??= new ActiveClock();
        // Programs that an attempt of an earlier generation has left running.
        if (run.session === this.#earlier.sessionOf(action.role)) run.session?.dismiss(beginsAnew);
        const ground = this.#groundOf(this.#knownPlan(action.role));
        this.#attend(action.role, startAttempt(this.#vm, { ground, files: this.#files, run, number: action.attempt }));
        break;
      }
      case "pause": {
        const { role, attempt, ms } = action;
        this.#vm.journal.append({ type: "attempt-failed", role, attempt, error: this.#vm.mask(action.error) });
        this.#later(ms, () => this.#dispatch({ type: "due", role }));
        break;
      }
      case "end":
        this.#end(action);
        break;
      case "reopen":
        this.#reopen(action.role);
        break;
      case "finish":
        this.#vm.log(action.ok ? "all roles have ended well" : "all roles have ended, not all of them well");
        void this.#background("telling how it ended", this.#finish());
        break;
    }
  }

  async #choose(plan: RolePlan): Promise<void> {
    const { on, name: role } = plan;
    const { journal, name } = this.#vm;
    const { group } = this.#plan;
    if (on === "all" || group === undefined) return;
    try {
      let index = journal.memory.choices[on.choice];
      if (index === undefined) {
        index = await chooseMember(on, group, this.#cells, this.#dataflow, this.#signal);
        journal.append({ type: "chosen", choice: on.choice, index });
      }
      this.#dispatch({ type: (index === indexesIn(name).at(-1)) === (on.pick === "one") ? "chosen" : "passed-over", role });
    } catch (error) {
      this.#dispatch({ type: "unmet", role, need: "on", error: this.#vm.mask(messageOf(error)) });
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
        onEvent: (event) => this.#dispatch("error" in event ? { ...event, error: this.#vm.mask(event.error) } : event),
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

  async #compare(plan: RolePlan): Promise<void> {
    const { name: role } = plan;
    const verdict = await this.#earlier.compare(plan, {
      inputs: this.#runOf(role).inputs,
      onWaiting: (need, waiting) => this.#setWaiting(role, need, waiting),
      onStanding: (output, value) => this.#letStand(plan, output, value),
    });
    if (verdict.is === "same") this.#dispatch({ type: "same", role, outputs: verdict.outputs });
    else if (verdict.is === "adopted") this.#adopt(plan, verdict.attempt);
    else this.#dispatch({ type: "changed", role });
  }

  // A value that was written at once and does not depend on what is still compared.
  #letStand(plan: RolePlan, output: OutputPlan, value: Json): void {
    if (!output.published) this.#own.keep(plan.name, output, value);
    this.#publish(plan, { cell: output.cell, state: "value", value });
  }

  #adopt(plan: RolePlan, attempt: Attempt): void {
    const { needs, inputs } = this.#runOf(plan.name);
    const { session, clock, marks, timing, logTail } = attempt.run;
    const kept = { ...(needs === undefined ? {} : { needs }), ...(logTail === undefined ? {} : { logTail }) };
    const measured = { ...(session === undefined ? {} : { session }), ...(clock === undefined ? {} : { clock }) };
    this.#runs.set(plan.name, { marks, timing, waiting: new Map(), inputs, outputs: {}, ...measured, ...kept });
    const { written } = attempt.session;
    for (const output of plan.outputs)
      if (output.publish === "on_write" && Object.hasOwn(written, output.name))
        this.#letStand(plan, output, written[output.name] as Json);
    this.#dispatch({ type: "adopted", role: plan.name });
    this.#attend(plan.name, attempt);
    attempt.session.moveTo(this.#groundOf(plan));
  }

  #groundOf(plan: RolePlan): Ground {
    const { name: role } = plan;
    return {
      plan,
      cells: this.#cells,
      dataflow: this.#dataflow,
      signal: this.#signal,
      keep: (output, value) => this.#own.keep(role, output, value),
      onWaiting: (waiting) => this.#setWaiting(role, "", waiting),
      sendLog: (log) => this.#background(`log of ${role}`, this.#dataflow.sendLog(log, this.#signal)),
    };
  }

  #attend(role: string, attempt: Attempt): void {
    this.#attempts.set(role, attempt);
    void attempt.result.then((result) => {
      // Of another generation by now, whose it is to judge.
      if (this.#signal.aborted || result === undefined) return;
      this.#takeResult(role, attempt, result);
    });
  }

  #takeResult(role: string, attempt: Attempt, { logTail, ...ended }: AttemptResult): void {
    const run = this.#runOf(role);
    run.outputs = ended.outputs;
    run.basis = attempt.basis();
    if (logTail === undefined) delete run.logTail;
    else run.logTail = logTail;
    if (ended.failure !== undefined)
      this.#vm.log("attempt failed", { role, attempt: attempt.number, reason: ended.failure, log: attempt.logPath });
    this.#attempts.delete(role);
    this.#dispatch({ type: "ended", role, ...ended });
  }

  #end(action: Extract<Action, { type: "end" }>): void {
    const { role, state, cells } = action;
    const plan = this.#knownPlan(role);
    const run = this.#runOf(role);
    run.needs?.abort();
    run.waiting.clear();
    if (action.carried === true) this.#carry(plan, run);
    else if (!action.journalled) {
      run.timing = measureRun(run);
      if (state !== "skipped") this.#journalEnd(role, state, run);
      // One of an earlier generation that never came to be compared.
      this.#earlier.drop(role);
    }
    for (const settlement of cells) this.#publish(plan, settlement);
  }

  #journalEnd(role: string, state: "done" | "failed", run: RoleRun): void {
    const { error, origin } = this.#progress.roles[role] ?? {};
    this.#vm.journal.append({
      type: "ended",
      role,
      state,
      outputs: run.outputs,
      ...(error === undefined ? {} : { error: this.#vm.mask(error) }),
      ...(origin === undefined ? {} : { origin }),
      timing: run.timing,
      ...(state === "done" && run.basis !== undefined ? { basis: run.basis } : {}),
    });
  }

  #carry(plan: RolePlan, run: RoleRun): void {
    const { journal } = this.#vm;
    journal.append({ type: "carried", role: plan.name });
    const { timing = {}, ended } = journal.memory.roles[plan.name] ?? {};
    run.timing = timing;
    run.outputs = ended?.outputs ?? {};
    run.session?.moveTo(this.#groundOf(plan));
  }

  #reopen(role: string): void {
    this.#vm.log("the operator has retried what made it fail", { role });
    this.#cells.forgetRetried();
    const run = this.#runOf(role);
    const { outputs, session } = run;
    // Programs that the last attempt left running go on reading, until the next one has its own session.
    const kept = session === undefined ? {} : { session };
    this.#runs.set(role, { marks: [], timing: {}, waiting: new Map(), inputs: {}, outputs, ...kept });
  }

  #publish(plan: RolePlan, settlement: Settlement): void {
    const { name: role } = plan;
    const run = this.#runOf(role);
    this.#own.publish(plan, this.#progress.roles[role]?.attempt ?? 0, settlement, (why) => {
      // Not of a life of the role that is over.
      if (run === this.#runOf(role)) this.#dispatch({ type: "refused", role, error: this.#vm.mask(why) });
    });
  }

  // What others read is where they find it before anybody is told that all is well.
  async #finish(): Promise<void> {
    if (this.#progress.ok === true) await this.#own.arrived();
    if (this.#signal.aborted || this.#progress.ok === undefined) return;
    const outcome = await runOutcome(this.#progress, this.#plan, this.#cells, this.#signal);
    this.#outcome.resolve(outcome.ok ? outcome : { ok: false, error: this.#vm.mask(outcome.error) });
  }

  #setWaiting(role: string, need: string, waiting: Waiting[]): void {
    const run = this.#runOf(role);
    if (waiting.length > 0) run.waiting.set(need, waiting);
    else if (!run.waiting.delete(need)) return;
    this.#reports.note(role);
  }

  // Fire and forget: roles and coordinator wait, people look on.
  #report(role: string): void {
    const progress = this.#progress.roles[role];
    if (progress === undefined || this.#signal.aborted) return;
    const status = makeStatus(this.#vm.name, this.#knownPlan(role), progress, this.#runOf(role));
    void this.#background(`status of ${role}`, this.#dataflow.report(status, this.#signal));
  }

  #planOf(role: string): RolePlan | undefined {
    return this.#roles.find(({ name }) => name === role);
  }

  #knownPlan(role: string): RolePlan {
    return this.#planOf(role) as RolePlan;
  }

  #runOf(role: string): RoleRun {
    return this.#runs.get(role) as RoleRun;
  }
}
