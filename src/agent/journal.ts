// What an agent must still know after a crash: an append-only file of JSON lines. An entry that matters is on the disk
// before anybody acts on it.
import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isRetried } from "../model/cell.ts";
import type { Json } from "../model/json.ts";
import type { Mark } from "../model/status.ts";
import type { RoleHistory } from "./progress.ts";

const journalFormat = 1;

export interface PlanIdentity {
  stack: string;
  generation: string;
  vm: string;
}

/** When a role ran: RoleStatus's fields of the same names. */
export interface Timing {
  startedMs?: number;
  endedMs?: number;
  blockedMs?: number;
  marks?: Mark[];
  blocks?: [fromMs: number, toMs: number][];
}

/**
 * started: a process runs; `processStart` tells it from a later one with its number. attempt-failed: it will be tried again.
 * ended: for good. wrote: a value that was written at once and stays on this vm. chosen: by `choice`, a member's index.
 * retried: the operator has retried a role, of any vm, for the `count`th time; what had ended by its failure is open again.
 */
export type JournalEntry =
  | { type: "retried"; id: string; count: number }
  | { type: "started"; role: string; attempt: number; group: number; processStart?: string; atMs: number }
  | { type: "attempt-failed"; role: string; attempt: number; error: string }
  | {
      type: "ended";
      role: string;
      state: "done" | "failed";
      outputs: Record<string, Json>;
      error?: string;
      origin?: string;
      timing: Timing;
    }
  | { type: "wrote"; role: string; output: string; value: Json }
  | { type: "chosen"; choice: string; index: string };

/** What the journal knew when it was opened. */
export interface Memory {
  roles: Record<string, RoleHistory & { timing: Timing }>;
  /** Processes whose end is not known. */
  unfinished: { role: string; group: number; processStart?: string }[];
  wrote: { role: string; output: string; value: Json }[];
  choices: Record<string, string>;
  retries: Map<string, number>;
}

export interface Journal {
  memory: Memory;
  /** Appends an entry. All but `started` are on the disk when this returns. */
  append(entry: JournalEntry): void;
  close(): void;
}

/** How values stand in the journal: secrets sealed. */
export interface Guard {
  hide: (role: string, output: string, value: Json) => Json;
  show: (role: string, output: string, stored: Json) => Json;
}

const openly: Guard = { hide: (_role, _output, value) => value, show: (_role, _output, stored) => stored };

/**
 * Opens the journal in `folder`, or begins it. That of another plan or format is set aside under another name. A last line
 * that was torn by a crash is cut off: nobody acted on it.
 */
export function openJournal(folder: string, identity: PlanIdentity, guard: Guard = openly): Journal {
  const path = join(folder, "journal.jsonl");
  const head = JSON.stringify({ format: journalFormat, ...identity });
  const text = readIfThere(path);
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const [first, ...lines] = whole.split("\n").slice(0, -1);
  if (first !== undefined && first !== head) renameSync(path, join(folder, `journal-before-${identity.generation}.jsonl`));
  const known = first === head;

  const file = openSync(path, "a", 0o600);
  if (known || first === undefined) ftruncateSync(file, Buffer.byteLength(whole));
  if (!known) writeLine(file, head);
  return {
    memory: remember(known ? lines.map((line) => mapValues(JSON.parse(line) as JournalEntry, guard.show)) : []),
    append(entry) {
      writeLine(file, JSON.stringify(mapValues(entry, guard.hide)));
      // A process does not outlive the machine, so what the kernel holds is enough for it.
      if (entry.type !== "started") fdatasyncSync(file);
    },
    close: () => closeSync(file),
  };
}

function mapValues(entry: JournalEntry, change: Guard["hide"]): JournalEntry {
  if (entry.type === "wrote") return { ...entry, value: change(entry.role, entry.output, entry.value) };
  if (entry.type !== "ended") return entry;
  const outputs = Object.entries(entry.outputs).map(([output, value]) => [output, change(entry.role, output, value)]);
  return { ...entry, outputs: Object.fromEntries(outputs) as Record<string, Json> };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function writeLine(file: number, line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}

function remember(entries: JournalEntry[]): Memory {
  const memory: Memory = { roles: {}, unfinished: [], wrote: [], choices: {}, retries: new Map() };
  const close = (role: string): void => {
    memory.unfinished = memory.unfinished.filter((process) => process.role !== role);
  };
  for (const entry of entries) {
    if (entry.type === "wrote") {
      memory.wrote.push(entry);
      continue;
    }
    if (entry.type === "retried") {
      memory.retries.set(entry.id, entry.count);
      continue;
    }
    if (entry.type === "chosen") {
      memory.choices[entry.choice] = entry.index;
      continue;
    }
    const role = (memory.roles[entry.role] ??= { attempt: 0, failures: 0, timing: {} });
    if (entry.type === "started") {
      role.attempt = entry.attempt;
      role.timing.startedMs ??= entry.atMs;
      close(entry.role);
      memory.unfinished.push(entry);
    } else {
      close(entry.role);
      if (entry.type === "attempt-failed") role.failures += 1;
      else {
        const { state, outputs, error, origin } = entry;
        role.ended = { state, outputs, ...(error === undefined ? {} : { error }), ...(origin === undefined ? {} : { origin }) };
        role.timing = entry.timing;
      }
    }
  }
  for (const role of Object.values(memory.roles)) {
    if (role.ended?.origin === undefined || !isRetried(role.ended.origin, memory.retries)) continue;
    delete role.ended;
    role.failures = 0;
  }
  return memory;
}
