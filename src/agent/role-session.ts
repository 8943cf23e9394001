// What the programs of one attempt read and write, whatever carries it: declared names, types, waiting, promises, conflicts.
import type { Dataflow } from "../coordinator/dataflow.ts";
import { untilAborted } from "../coordinator/retrying.ts";
import { suggestNearest } from "../diagnostics/nearest.ts";
import { type CellRecord, conformsTo, maxValueBytes, parseText, roleId, showCell } from "../model/cell.ts";
import { Failure, messageOf } from "../model/failure.ts";
import { type Json, sameJson } from "../model/json.ts";
import type { Mark, RoleLog, Waiting } from "../model/status.ts";
import type { ValueType } from "../model/role.ts";
import type { InputPlan, OutputPlan, RolePlan } from "../model/vm-plan.ts";
import { linkAbort } from "./abort.ts";
import type { Digest } from "./basis.ts";
import type { ActiveClock } from "./active-clock.ts";
import type { Cells } from "./cells.ts";

/** The answer to a read or a write; a read that succeeded has a value. */
export type Answer = { ok: true; value?: Json } | { ok: false; why: Refusal; message: string };
export type Refusal = "undeclared" | "wrong-type" | "too-large" | "conflict" | "failed" | "stopping";

/** What a program writes: a text to be read by the declared type, JSON text, or a value. */
export type Given = { text: string } | { json: string } | { value: Json };

/** Where an attempt reads and writes: in one generation, which may give way to another one while the attempt is under way. */
export interface Ground {
  plan: RolePlan;
  cells: Cells;
  dataflow: Dataflow;
  /** Aborted when the generation gives way, and when the agent stops. */
  signal: AbortSignal;
  /** Keeps a value that was written at once and stays on this vm. */
  keep: (output: OutputPlan, value: Json) => void;
  /** What blocks the role's programs has changed. */
  onWaiting: (waiting: Waiting[]) => void;
  /** Shows the end of the attempt's log; never rejects. */
  sendLog: (log: RoleLog) => Promise<void>;
}

export interface SessionParts {
  vm: string;
  attempt: number;
  ground: Ground;
  clock: ActiveClock;
  /** Reads and writes so far, shared by the attempts of a role. */
  marks: Mark[];
  /** Aborted when the agent stops. */
  signal: AbortSignal;
  /** A secret value is known from here on. */
  learnSecret: (value: Json) => void;
  digest: Digest;
}

/** The reads and writes of one attempt. Reads are answered after its end too, for programs that it left running. */
export class RoleSession {
  /** Why the attempt has failed whatever its exit status: a write that was refused, a promise that was broken. */
  refusal: { message: string; final: boolean } | undefined;
  /** The newest read that could not be met. */
  failedRead: { message: string; origin?: string } | undefined;
  /** Digests of the inputs that were read, by name. */
  readonly used: Record<string, string> = {};
  readonly #parts: SessionParts;
  #ground: Ground;
  /** Resolves when it is known in which generation to go on; there while that is not. */
  #moving: Moving | undefined;
  readonly #written = new Map<string, Json>();
  readonly #waiting = new Map<object, Waiting[]>();
  #writes: Promise<unknown> = Promise.resolve();
  #ended = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#ground = parts.ground;
  }

  /** Its generation gives way: reads and writes wait until `moveTo` or `dismiss`. */
  suspend(): void {
    this.#moving ??= makeMoving();
  }

  /** Goes on in another generation. */
  moveTo(ground: Ground): void {
    this.#ground = ground;
    this.#moving?.settle(undefined);
    this.#moving = undefined;
  }

  /** There is nothing to go on in: what waits is answered so, and what comes. */
  dismiss(why: string): void {
    (this.#moving ??= makeMoving()).settle(why);
  }

  /** What was written so far, by output. */
  get written(): Record<string, Json> {
    return Object.fromEntries(this.#written);
  }

  // The generation to read and write in, as soon as that is known; or why there is none.
  async #settledGround(): Promise<Ground | string> {
    while (this.#moving !== undefined) {
      const resume = this.#parts.clock.pause();
      const why = await untilAborted(this.#moving.settled, this.#parts.signal).finally(resume);
      if (why !== undefined) return why;
    }
    return this.#ground;
  }

  /** Reads an input, blocking until it is there, or one of the role's own outputs. `signal`: the reader has gone. */
  async read(name: string, signal: AbortSignal): Promise<Answer> {
    const { plan } = this.#ground;
    if (plan.inputs.some((other) => other.name === name)) return this.#readInput(name, signal);
    const output = plan.outputs.find((other) => other.name === name);
    if (output === undefined) return { ok: false, why: "undeclared", message: this.#undeclared("input", name, plan.inputs) };
    const value = await this.#earlier(output, signal);
    return value === undefined ? { ok: false, why: "failed", message: `output ${name} is not written yet` } : { ok: true, value };
  }

  async #readInput(name: string, gone: AbortSignal): Promise<Answer> {
    const { clock, marks, signal, digest } = this.#parts;
    const input = inputOf(this.#ground.plan, name);
    for (const output of this.#ground.plan.outputs.filter(({ before }) => before.includes(name))) {
      if ((await this.#earlier(output, gone)) !== undefined) continue;
      const message = `input ${name} was read before output ${output.name} was written, against the promise of its "before"`;
      return this.#deny("failed", message, true);
    }
    const atMs = clock.activeMs();
    const resume = clock.pause();
    const overdue = new AbortController();
    const timer = input.waitTimeoutMs === undefined ? undefined : setTimeout(() => overdue.abort(), input.waitTimeoutMs);
    const read = {};
    let waited: Waiting[] = [];
    try {
      for (;;) {
        const ground = await this.#settledGround();
        if (typeof ground === "string") return this.#failRead(name, ground);
        const { controller, unlink } = linkAbort([gone, signal, overdue.signal, ground.signal]);
        try {
          const resolution = await ground.cells.resolveInput(inputOf(ground.plan, name), {
            signal: controller.signal,
            onWaiting: (waiting) => {
              if (waiting.length > 0) waited = waiting;
              this.#wait(read, waiting);
            },
          });
          // Read in a generation that has given way meanwhile: what is compared is what the program has got.
          if (resolution.state === "failed") return this.#failRead(name, resolution.error, resolution.origin);
          for (const cell of resolution.cells) marks.push({ kind: "read", cell, activeMs: atMs });
          if (input.secret) this.#parts.learnSecret(resolution.value);
          this.used[name] = digest(resolution.value);
          return { ok: true, value: resolution.value };
        } catch (error) {
          if (signal.aborted) return { ok: false, why: "stopping", message: "the agent is stopping" };
          if (gone.aborted) return { ok: false, why: "failed", message: "the reader has gone" };
          if (overdue.signal.aborted) return this.#failRead(name, overdueMessage(input.waitTimeoutMs ?? 0, waited));
          if (!ground.signal.aborted) throw error;
        } finally {
          unlink();
        }
      }
    } catch (error) {
      if (signal.aborted) return { ok: false, why: "stopping", message: "the agent is stopping" };
      throw error;
    } finally {
      clearTimeout(timer);
      this.#wait(read, []);
      resume();
    }
  }

  #failRead(name: string, error: string, origin?: string): Answer {
    const message = `input ${name}: ${error}`;
    this.failedRead = { message, ...(origin === undefined ? {} : { origin }) };
    return { ok: false, why: "failed", message };
  }

  #wait(read: object, waiting: Waiting[]): void {
    if (waiting.length === 0 && !this.#waiting.delete(read)) return;
    if (waiting.length > 0) this.#waiting.set(read, waiting);
    this.#ground.onWaiting([...this.#waiting.values()].flat());
  }

  /** Writes an output: published at once, or held until the role has succeeded. A refusal fails the attempt. */
  async write(name: string, given: Given): Promise<Answer> {
    const { plan } = this.#ground;
    if (this.#ended) return { ok: false, why: "failed", message: `role ${plan.name} has ended` };
    const output = plan.outputs.find((other) => other.name === name);
    if (output === undefined) return this.#deny("undeclared", this.#undeclared("output", name, plan.outputs));
    let value: Json;
    try {
      value = parseGiven(given, output.type);
    } catch (error) {
      return this.#deny("wrong-type", `output ${name}: ${messageOf(error)}`);
    }
    if (Buffer.byteLength(JSON.stringify(value)) > maxValueBytes) return this.refuseTooLarge(name);
    if (output.secret) this.#parts.learnSecret(value);
    if (output.publish === "on_success") {
      this.#remember(output, value);
      return { ok: true };
    }
    // One at a time: of two writes at once one is the first.
    const write = this.#writes.then(() => this.#writeAtOnce(name, value));
    this.#writes = write.catch(() => {});
    return write;
  }

  /** Tells whether every secret output has been written: before, nobody knows what would have to be masked. */
  hasWrittenSecrets(): boolean {
    return this.#ground.plan.outputs.every(({ secret, name }) => !secret || this.#written.has(name));
  }

  /** Shows the end of the log in the generation that the attempt is in now. */
  sendLog(log: RoleLog): Promise<void> {
    return this.#ground.sendLog(log);
  }

  /** Masks a secret value from here on. */
  learnSecret(value: Json): void {
    this.#parts.learnSecret(value);
  }

  /** Refuses a value that is larger than any coordinator holds. */
  refuseTooLarge(name: string): Answer {
    return this.#deny("too-large", `output ${name}: larger than ${maxValueBytes} bytes of JSON`);
  }

  async #writeAtOnce(name: string, value: Json): Promise<Answer> {
    const { vm, attempt, signal } = this.#parts;
    try {
      for (;;) {
        const ground = await this.#settledGround();
        const output = this.#outputOf(name);
        if (typeof ground === "string") return this.#deny("failed", `output ${name}: ${ground}`);
        const { plan, cells, dataflow, keep } = ground;
        const known = cells.peek(output.cell);
        const earlier = known?.state === "value" ? known.value : undefined;
        if (earlier !== undefined && !sameJson(earlier, value)) return this.#conflict(output);
        const record: CellRecord = { state: "value", value, by: roleId(vm, plan.name), attempt, atMs: Date.now() };
        try {
          if (output.published) await dataflow.publish(output.cell, record, ground.signal);
          else if (earlier === undefined) keep(output, value);
        } catch (error) {
          if (ground.signal.aborted && !signal.aborted) continue;
          throw error;
        }
        cells.settle(output.cell, record);
        this.#remember(output, value);
        return { ok: true };
      }
    } catch (error) {
      if (signal.aborted) return { ok: false, why: "stopping", message: "the agent is stopping" };
      if (error instanceof Failure && error.reaction === "conflict") return this.#conflict(this.#outputOf(name));
      return this.#deny("failed", `output ${name}: ${messageOf(error)}`);
    }
  }

  #outputOf(name: string): OutputPlan {
    return this.#ground.plan.outputs.find((output) => output.name === name) as OutputPlan;
  }

  #remember(output: OutputPlan, value: Json): void {
    const { marks, clock } = this.#parts;
    this.#written.set(output.name, value);
    marks.push({ kind: "write", cell: output.cell, activeMs: clock.activeMs() });
  }

  #conflict(output: OutputPlan): Answer {
    return this.#deny("conflict", `conflict: output ${output.name} has another value already, and the first one stands`, true);
  }

  #deny(why: Refusal, message: string, final = false): Answer {
    this.refusal ??= { message, final };
    return { ok: false, why, message };
  }

  // The role's own value: of this attempt, or of an earlier one that was published at once.
  async #earlier(output: OutputPlan, signal: AbortSignal): Promise<Json | undefined> {
    const { attempt } = this.#parts;
    const written = this.#written.get(output.name);
    if (written !== undefined || output.publish === "on_success") return written;
    const ground = await this.#settledGround();
    if (typeof ground === "string") return undefined;
    const { cells, dataflow } = ground;
    const known = cells.peek(output.cell);
    const record = known ?? (attempt > 1 && output.published ? await dataflow.peek(output.cell, signal) : undefined);
    if (record?.state !== "value") return undefined;
    cells.settle(output.cell, record);
    this.#written.set(output.name, record.value);
    return record.value;
  }

  /** Ends the writing and returns all that was written, by this attempt or at once by earlier ones. */
  async finish(): Promise<Record<string, Json>> {
    this.#ended = true;
    await this.#writes;
    const { signal } = this.#parts;
    for (const output of this.#ground.plan.outputs) await this.#earlier(output, signal);
    return Object.fromEntries(this.#written);
  }

  #undeclared(kind: "input" | "output", name: string, declared: { name: string }[]): string {
    const names = declared.map((other) => other.name);
    const hint = suggestNearest(name, names) ?? `declared ${kind}s: ${names.length === 0 ? "none" : names.join(", ")}`;
    return `${kind} "${name}" is not declared by role ${this.#ground.plan.name}; ${hint}`;
  }
}

/** Says that an input's wait_timeout is over, and what was waited for. */
export function overdueMessage(limitMs: number, waiting: Waiting[]): string {
  return `waited ${limitMs / 1000} s for ${waiting.map(({ cell }) => showCell(cell)).join(", ")} (wait_timeout)`;
}

interface Moving {
  settled: Promise<string | undefined>;
  settle(why: string | undefined): void;
}

function makeMoving(): Moving {
  let settle!: Moving["settle"];
  const settled = new Promise<string | undefined>((resolve) => (settle = resolve));
  return { settled, settle };
}

function inputOf(plan: RolePlan, name: string): InputPlan {
  return plan.inputs.find((input) => input.name === name) as InputPlan;
}

function parseGiven(given: Given, type: ValueType): Json {
  if ("text" in given) return parseText(given.text, type);
  const value = "json" in given ? parseText(given.json, "json") : given.value;
  if (conformsTo(value, type)) return value;
  throw new Error(value === null ? "null is not a value" : `not a ${type}`);
}
