// What the programs of one attempt read and write, whatever carries it: declared names, types, waiting, promises, conflicts.
import type { Dataflow } from "../coordinator/dataflow.ts";
import { suggestNearest } from "../diagnostics/nearest.ts";
import { type CellRecord, conformsTo, maxValueBytes, parseText, roleId, showCell } from "../model/cell.ts";
import { Failure, messageOf } from "../model/failure.ts";
import { type Json, sameJson } from "../model/json.ts";
import type { Mark, Waiting } from "../model/status.ts";
import type { ValueType } from "../model/role.ts";
import type { InputPlan, OutputPlan, RolePlan } from "../model/vm-plan.ts";
import { linkAbort } from "./abort.ts";
import type { ActiveClock } from "./active-clock.ts";
import type { Cells } from "./cells.ts";

/** The answer to a read or a write; a read that succeeded has a value. */
export type Answer = { ok: true; value?: Json } | { ok: false; why: Refusal; message: string };
export type Refusal = "undeclared" | "wrong-type" | "too-large" | "conflict" | "failed" | "stopping";

/** What a program writes: a text to be read by the declared type, JSON text, or a value. */
export type Given = { text: string } | { json: string } | { value: Json };

export interface SessionParts {
  vm: string;
  plan: RolePlan;
  attempt: number;
  cells: Cells;
  dataflow: Dataflow;
  clock: ActiveClock;
  /** Reads and writes so far, shared by the attempts of a role. */
  marks: Mark[];
  /** Aborted when the agent stops. */
  signal: AbortSignal;
  /** Keeps a value that was written at once and stays on this vm. */
  keep: (output: OutputPlan, value: Json) => void;
  /** A secret value is known from here on. */
  learnSecret: (value: Json) => void;
  /** What blocks the role's programs has changed. */
  onWaiting: (waiting: Waiting[]) => void;
}

/** The reads and writes of one attempt. Reads are answered after its end too, for programs that it left running. */
export class RoleSession {
  /** Why the attempt has failed whatever its exit status: a write that was refused, a promise that was broken. */
  refusal: { message: string; final: boolean } | undefined;
  /** The newest read that could not be met. */
  failedRead: { message: string; origin?: string } | undefined;
  readonly #parts: SessionParts;
  readonly #written = new Map<string, Json>();
  readonly #waiting = new Map<object, Waiting[]>();
  #writes: Promise<unknown> = Promise.resolve();
  #ended = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Reads an input, blocking until it is there, or one of the role's own outputs. `signal`: the reader has gone. */
  async read(name: string, signal: AbortSignal): Promise<Answer> {
    const { plan } = this.#parts;
    const input = plan.inputs.find((other) => other.name === name);
    if (input !== undefined) return this.#readInput(input, signal);
    const output = plan.outputs.find((other) => other.name === name);
    if (output === undefined) return { ok: false, why: "undeclared", message: this.#undeclared("input", name, plan.inputs) };
    const value = await this.#earlier(output, signal);
    return value === undefined ? { ok: false, why: "failed", message: `output ${name} is not written yet` } : { ok: true, value };
  }

  async #readInput(input: InputPlan, gone: AbortSignal): Promise<Answer> {
    const { plan, cells, clock, marks, signal } = this.#parts;
    for (const output of plan.outputs.filter(({ before }) => before.includes(input.name))) {
      if ((await this.#earlier(output, gone)) !== undefined) continue;
      const message = `input ${input.name} was read before output ${output.name} was written, against the promise of its "before"`;
      return this.#deny("failed", message, true);
    }
    const atMs = clock.activeMs();
    const resume = clock.pause();
    const { controller, unlink } = linkAbort([gone, signal]);
    const timer = input.waitTimeoutMs === undefined ? undefined : setTimeout(() => controller.abort(), input.waitTimeoutMs);
    const read = {};
    let waited: Waiting[] = [];
    try {
      const resolution = await cells.resolveInput(input, {
        signal: controller.signal,
        onWaiting: (waiting) => {
          if (waiting.length > 0) waited = waiting;
          this.#wait(read, waiting);
        },
      });
      if (resolution.state === "failed") return this.#failRead(input, resolution.error, resolution.origin);
      for (const cell of resolution.cells) marks.push({ kind: "read", cell, activeMs: atMs });
      if (input.secret) this.#parts.learnSecret(resolution.value);
      return { ok: true, value: resolution.value };
    } catch (error) {
      if (signal.aborted) return { ok: false, why: "stopping", message: "the agent is stopping" };
      if (gone.aborted) return { ok: false, why: "failed", message: "the reader has gone" };
      if (controller.signal.aborted) return this.#failRead(input, overdueMessage(input.waitTimeoutMs ?? 0, waited));
      throw error;
    } finally {
      clearTimeout(timer);
      unlink();
      this.#wait(read, []);
      resume();
    }
  }

  #failRead(input: InputPlan, error: string, origin?: string): Answer {
    const message = `input ${input.name}: ${error}`;
    this.failedRead = { message, ...(origin === undefined ? {} : { origin }) };
    return { ok: false, why: "failed", message };
  }

  #wait(read: object, waiting: Waiting[]): void {
    if (waiting.length === 0 && !this.#waiting.delete(read)) return;
    if (waiting.length > 0) this.#waiting.set(read, waiting);
    this.#parts.onWaiting([...this.#waiting.values()].flat());
  }

  /** Writes an output: published at once, or held until the role has succeeded. A refusal fails the attempt. */
  async write(name: string, given: Given): Promise<Answer> {
    const { plan } = this.#parts;
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
    const write = this.#writes.then(() => this.#writeAtOnce(output, value));
    this.#writes = write.catch(() => {});
    return write;
  }

  /** Tells whether every secret output has been written: before, nobody knows what would have to be masked. */
  hasWrittenSecrets(): boolean {
    return this.#parts.plan.outputs.every(({ secret, name }) => !secret || this.#written.has(name));
  }

  /** Masks a secret value from here on. */
  learnSecret(value: Json): void {
    this.#parts.learnSecret(value);
  }

  /** Refuses a value that is larger than any coordinator holds. */
  refuseTooLarge(name: string): Answer {
    return this.#deny("too-large", `output ${name}: larger than ${maxValueBytes} bytes of JSON`);
  }

  async #writeAtOnce(output: OutputPlan, value: Json): Promise<Answer> {
    const { vm, plan, attempt, cells, dataflow, signal } = this.#parts;
    const known = cells.peek(output.cell);
    const earlier = known?.state === "value" ? known.value : undefined;
    if (earlier !== undefined && !sameJson(earlier, value)) return this.#conflict(output);
    const record: CellRecord = { state: "value", value, by: roleId(vm, plan.name), attempt, atMs: Date.now() };
    try {
      if (output.published) await dataflow.publish(output.cell, record, signal);
      else if (earlier === undefined) this.#parts.keep(output, value);
    } catch (error) {
      if (signal.aborted) return { ok: false, why: "stopping", message: "the agent is stopping" };
      if (error instanceof Failure && error.reaction === "conflict") return this.#conflict(output);
      return this.#deny("failed", `output ${output.name}: ${messageOf(error)}`);
    }
    cells.settle(output.cell, record);
    this.#remember(output, value);
    return { ok: true };
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
    const { attempt, cells, dataflow } = this.#parts;
    const written = this.#written.get(output.name);
    if (written !== undefined || output.publish === "on_success") return written;
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
    const { plan, signal } = this.#parts;
    for (const output of plan.outputs) await this.#earlier(output, signal);
    return Object.fromEntries(this.#written);
  }

  #undeclared(kind: "input" | "output", name: string, declared: { name: string }[]): string {
    const names = declared.map((other) => other.name);
    const hint = suggestNearest(name, names) ?? `declared ${kind}s: ${names.length === 0 ? "none" : names.join(", ")}`;
    return `${kind} "${name}" is not declared by role ${this.#parts.plan.name}; ${hint}`;
  }
}

/** Says that an input's wait_timeout is over, and what was waited for. */
export function overdueMessage(limitMs: number, waiting: Waiting[]): string {
  return `waited ${limitMs / 1000} s for ${waiting.map(({ cell }) => showCell(cell)).join(", ")} (wait_timeout)`;
}

function parseGiven(given: Given, type: ValueType): Json {
  if ("text" in given) return parseText(given.text, type);
  const value = "json" in given ? parseText(given.json, "json") : given.value;
  if (conformsTo(value, type)) return value;
  throw new Error(value === null ? "null is not a value" : `not a ${type}`);
}
