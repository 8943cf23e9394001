// The agent's view of cells: those of its own vm are settled here, others come through the dataflow. Knows what is awaited.
import { createHash } from "node:crypto";
import type { Dataflow } from "../coordinator/dataflow.ts";
import type { Gathered } from "../coordinator/gather.ts";
import { chooseBranches, evaluateExpr, type Lookup } from "../functions/evaluate.ts";
import { asCondition } from "../functions/heat-functions.ts";
import { type CellRecord, factCell, parseCellId, roleId, showCell } from "../model/cell.ts";
import { cellsOf, choiceKeyOf, type Expr, type Read, readsOf } from "../model/expression.ts";
import { messageOf } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import type { Waiting } from "../model/status.ts";
import type { AfterPlan, InputPlan, VmPlan } from "../model/vm-plan.ts";
import { linkAbort } from "./abort.ts";
import { endCellOf, runsOnOne } from "../progress/progress-cells.ts";

/** What an expression came to. `cells` are those that it reads. */
export type Resolution = { state: "value"; value: Json; cells: string[] } | Unresolved;

/** Why there is no value; without `origin` it is the reader's own fault. */
export interface Unresolved {
  state: "failed";
  error: string;
  origin?: string;
}

/** How one waits: until `signal` is aborted, telling `onWaiting` what is still awaited. */
export interface WaitOptions {
  signal: AbortSignal;
  onWaiting?: (waiting: Waiting[]) => void;
}

/** The cells that one vm's agent reads and settles. */
export class Cells {
  readonly #dataflow: Dataflow;
  readonly #values: Record<string, Json>;
  readonly #local: Set<string>;
  readonly #records = new Map<string, CellRecord>();
  readonly #isRetried: (failure: string) => boolean;
  readonly #waiters = new Map<string, Set<(record: CellRecord) => void>>();

  /** `plan` is the member's own; `values` are the slots that Heat has filled; `isRetried` tells of which failures the operator wants no more. */
  constructor(
    plan: VmPlan,
    values: Record<string, Json>,
    dataflow: Dataflow,
    isRetried: (failure: string) => boolean = () => false,
  ) {
    this.#isRetried = isRetried;
    this.#dataflow = dataflow;
    this.#values = values;
    this.#local = localCells(plan);
  }

  /** Settles a cell for the readers of this vm. The first record stands; tells whether this was it. */
  settle(cell: string, record: CellRecord): boolean {
    if (this.#records.has(cell)) return false;
    this.#records.set(cell, record);
    for (const resolve of this.#waiters.get(cell) ?? []) resolve(record);
    this.#waiters.delete(cell);
    return true;
  }

  /** Forgets the failures that the operator has retried: their cells are pending again. */
  forgetRetried(): void {
    for (const [cell, record] of this.#records) if (this.#isOver(record)) this.#records.delete(cell);
  }

  #isOver(record: CellRecord): boolean {
    return record.state === "failed" && this.#isRetried(record.origin);
  }

  /** What this agent knows of a cell. */
  peek(cell: string): CellRecord | undefined {
    return this.#records.get(cell);
  }

  /** Waits until a cell is settled, here or elsewhere. */
  async settled(cell: string, signal: AbortSignal): Promise<CellRecord> {
    signal.throwIfAborted();
    const known = this.#records.get(cell);
    if (known !== undefined) return known;
    if (this.#local.has(cell)) return this.#settledHere(cell, signal);
    for (;;) {
      const record = await this.#dataflow.settled(cell, signal);
      // Settled before the retry, heard of after it.
      if (this.#isOver(record)) continue;
      this.settle(cell, record);
      return record;
    }
  }

  #settledHere(cell: string, signal: AbortSignal): Promise<CellRecord> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(cell) ?? new Set();
      this.#waiters.set(cell, waiters);
      const stop = (): void => {
        waiters.delete(take);
        reject(signal.reason as Error);
      };
      const take = (record: CellRecord): void => {
        signal.removeEventListener("abort", stop);
        resolve(record);
      };
      waiters.add(take);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  /** Waits for all that an input reads and gives its value, or its default where a cell is absent or failed. */
  async resolveInput(input: InputPlan, options: WaitOptions): Promise<Resolution> {
    return this.#resolve(input.value, input.default, options);
  }

  /** Waits for all that `expr` reads and evaluates it; what is absent counts as null. */
  async resolve(expr: Expr, options: WaitOptions): Promise<Resolution> {
    return this.#resolve(expr, undefined, options);
  }

  /** Waits until all that a role comes after has ended well. */
  async resolveAfters(afters: AfterPlan[], options: WaitOptions): Promise<Resolution> {
    const items = afters.map(({ cells }): Expr => {
      if (cells.kind === "cell") return { kind: "read", read: cells, path: [] };
      return { kind: "read", read: { ...cells, output: "@end", of: "all" }, path: [] };
    });
    return this.#resolve({ kind: "list", items }, undefined, options);
  }

  async #resolve(expr: Expr, standIn: Json | undefined, { signal, onWaiting }: WaitOptions): Promise<Resolution> {
    const found = new Map<Read, Json>();
    const cells: string[] = [];
    const awaiting = new Map<string, Waiting>();
    // Aborted when one read has failed: the others are of no interest any more.
    const { controller, unlink } = linkAbort([signal]);
    const either = controller.signal;
    let absent = false;
    const begin = (cell: string): void => {
      cells.push(cell);
      if (!this.#records.has(cell)) awaiting.set(cell, { cell, sinceMs: Date.now() });
    };
    const finish = (cell: string): void => {
      if (awaiting.delete(cell) && !either.aborted) onWaiting?.([...awaiting.values()]);
    };

    const readCell = async (cell: string): Promise<Json> => {
      begin(cell);
      const record = await this.settled(cell, either);
      finish(cell);
      if (record.state === "failed") throw new ReadFailed(`${record.by} failed: ${record.error}`, record.origin);
      if (record.state === "absent") absent = true;
      return record.state === "value" ? record.value : null;
    };
    const readGroup = async (read: Extract<Read, { kind: "gather" }>): Promise<Json> => {
      const members = cellsOf(read, evaluateExpr(read.size, this.#lookup));
      for (const cell of members) {
        begin(cell);
        this.settled(cell, either).then(() => finish(cell), ignore);
      }
      const gathered = await this.#dataflow.gather(members, read.of, choiceKeyOf(read), either);
      members.forEach(finish);
      return valueOf(read, gathered);
    };

    try {
      // Nobody waits for a branch that does not hold, or for a vm that is not there.
      const chosen = chooseBranches(expr, this.#lookup);
      const [present, missing] = partition(readsOf(chosen), (read) => this.#isPresent(read));
      for (const read of missing) found.set(read, null);
      absent = missing.length > 0;
      const reads = present.map(async (read) => {
        found.set(read, await (read.kind === "cell" ? readCell(read.cell) : readGroup(read)));
      });
      if (awaiting.size > 0) onWaiting?.([...awaiting.values()]);
      await Promise.all(reads);
      if (absent && standIn !== undefined) return { state: "value", value: standIn, cells };
      const value = evaluateExpr(chosen, { ...this.#lookup, read: (read) => found.get(read) ?? null });
      return { state: "value", value, cells };
    } catch (error) {
      signal.throwIfAborted();
      if (standIn !== undefined && error instanceof ReadFailed) return { state: "value", value: standIn, cells };
      const origin = error instanceof ReadFailed ? error.origin : undefined;
      return { state: "failed", error: messageOf(error), ...(origin === undefined ? {} : { origin }) };
    } finally {
      unlink();
      controller.abort();
      onWaiting?.([]);
    }
  }

  #isPresent(read: Read): boolean {
    return read.present === undefined || asCondition(evaluateExpr(read.present, this.#lookup));
  }

  /** What can be known without waiting. */
  readonly #lookup: Lookup = {
    slot: (slot) => this.#slot(slot),
    read: () => {
      throw new Error("a size or a condition depends on a run-time value");
    },
    digest: (algorithm, bytes) => createHash(algorithm).update(bytes).digest("hex"),
  };

  #slot(slot: string): Json {
    const value = this.#values[slot];
    if (value === undefined) throw new Error(`Heat has given no value for ${slot}`);
    return value;
  }
}

class ReadFailed extends Error {
  readonly origin: string | undefined;
  constructor(message: string, origin: string | undefined) {
    super(message);
    this.origin = origin;
  }
}

function valueOf(read: Extract<Read, { kind: "gather" }>, gathered: Gathered): Json {
  if (gathered.state === "failed") {
    const role = gathered.cell === undefined ? roleId(read.group + (read.inside ?? ""), read.role) : roleOf(gathered.cell);
    throw new ReadFailed(`${role} failed: ${gathered.error}`, gathered.origin);
  }
  const values = gathered.members.map(({ record }) => (record.state === "value" ? record.value : null));
  return read.of === "any" ? (values[0] ?? null) : values;
}

function roleOf(cell: string): string {
  const parts = parseCellId(cell);
  return parts === undefined ? showCell(cell) : roleId(parts.vm, parts.role);
}

// What this agent settles by itself. The cells of a role that runs on one member of a group are not among them, unless nobody
// else reads them: another member may be the one that writes them.
function localCells(plan: VmPlan): Set<string> {
  const local = new Set([factCell(plan.vm, "first_address"), factCell(plan.vm, "name")]);
  for (const role of plan.roles) {
    const elsewhere = runsOnOne(role);
    for (const output of role.outputs) if (!elsewhere || !output.published) local.add(output.cell);
    if (!elsewhere || !role.publishEnd) local.add(endCellOf(plan, role));
  }
  return local;
}

function partition<T>(items: T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}

const ignore = (): void => {};
