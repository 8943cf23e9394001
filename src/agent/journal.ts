// What an agent must still know after a crash: an append-only file of JSON lines. An entry that matters is on the disk
// before anybody acts on it.
import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../model/json.ts";
import type { Mark } from "../model/status.ts";
import { emptyMemory, remember } from "./journal-memory.ts";
import type { RoleHistory } from "../progress/progress.ts";

const journalFormat = 2;

/** Whose journal it is. */
export interface JournalOwner {
  stack: string;
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

/** What a run of a role was made of, as digests: if all of it is the same again, so is what the role did. */
export interface Basis {
  definition: string;
  /** Of the inputs that it had before its start or has read, by name. */
  inputs: Record<string, string>;
}

/** What begins a generation: the delivery that told of it, its name, and the digest of what else the vm was told. */
export interface Begun {
  delivery: string;
  generation: string;
  inputs: string;
}

/**
 * begun: a generation begins, or another epoch of it; how roles have ended before says nothing any more, what they have done does.
 * epoch: the hub has named it. carried: the role's last success stands in this generation too.
 * started: a process runs; `processStart` tells it from a later one with its number. attempt-failed: it will be tried again.
 * ended: for good. wrote: a value that was written at once and stays on this vm. chosen: by `choice`, a member's index.
 * retried: the operator has retried a role, of any vm, for the `count`th time; what had ended by its failure is open again.
 * answered: whoever sent the delivery knows how it has ended.
 */
export type JournalEntry =
  | ({ type: "begun" } & Begun)
  | { type: "epoch"; epoch: string }
  | { type: "carried"; role: string }
  | { type: "answered"; delivery: string }
  | { type: "retried"; id: string; count: number }
  | { type: "started"; role: string; attempt: number; group: number; processStart?: string; atMs: number }
  | { type: "attempt-failed"; role: string; attempt: number; error: string }
  | {
      type: "ended";
      role: string;
      state: "done" | "failed";
      outputs: Record<string, Json>;
      /** Outputs that stand here sealed. */
      sealed?: string[];
      error?: string;
      origin?: string;
      timing: Timing;
      /** Of a role that has run and is done. */
      basis?: Basis;
    }
  | { type: "wrote"; role: string; output: string; value: Json; sealed?: true }
  | { type: "chosen"; choice: string; index: string };

/** What the journal knew when it was opened. */
export interface Memory {
  /** The generation that the rest is about. */
  begun?: Begun;
  epoch?: string;
  /** Deliveries that need no answer any more. */
  answered: Set<string>;
  roles: Record<string, RoleMemory>;
  /** Processes whose end is not known. */
  unfinished: { role: string; group: number; processStart?: string }[];
  wrote: { role: string; output: string; value: Json }[];
  choices: Record<string, string>;
  retries: Map<string, number>;
}

/** `success`: the newest one, of any generation, unless the role has been started again since. */
export type RoleMemory = RoleHistory & { timing: Timing; success?: Success };

export interface Success {
  basis: Basis;
  outputs: Record<string, Json>;
  timing: Timing;
}

export interface Journal {
  /** Kept up with what is appended. */
  readonly memory: Memory;
  /** Appends an entry. All but `started` are on the disk when this returns. */
  append(entry: JournalEntry): void;
  close(): void;
}

/** How secrets stand in the journal: sealed. */
export interface Guard {
  isSecret: (role: string, output: string) => boolean;
  seal: (role: string, output: string, value: Json) => Json;
  open: (role: string, output: string, sealed: Json) => Json;
}

const openly: Guard = { isSecret: () => false, seal: (_role, _output, value) => value, open: (_role, _output, sealed) => sealed };

/**
 * Opens the journal in `folder`, or begins it. That of another vm or format is set aside under another name. A last line
 * that was torn by a crash is cut off: nobody acted on it.
 */
export function openJournal(folder: string, owner: JournalOwner, guard: Guard = openly): Journal {
  const path = join(folder, "journal.jsonl");
  const head = JSON.stringify({ format: journalFormat, stack: owner.stack, vm: owner.vm });
  const text = readIfThere(path);
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const [first, ...lines] = whole.split("\n").slice(0, -1);
  if (first !== undefined && first !== head) renameSync(path, join(folder, "journal-before.jsonl"));
  const known = first === head;

  const file = openSync(path, "a", 0o600);
  if (known || first === undefined) ftruncateSync(file, Buffer.byteLength(whole));
  if (!known) writeLine(file, head);
  const memory = emptyMemory();
  if (known) for (const line of lines) remember(memory, showEntry(JSON.parse(line) as JournalEntry, guard));
  return {
    memory,
    append(entry) {
      writeLine(file, JSON.stringify(hideEntry(entry, guard)));
      // A process does not outlive the machine, so what the kernel holds is enough for it.
      if (entry.type !== "started") fdatasyncSync(file);
      remember(memory, entry);
    },
    close: () => closeSync(file),
  };
}

function hideEntry(entry: JournalEntry, { isSecret, seal }: Guard): JournalEntry {
  if (entry.type === "wrote") {
    const { role, output, value } = entry;
    return isSecret(role, output) ? { ...entry, value: seal(role, output, value), sealed: true } : entry;
  }
  if (entry.type !== "ended") return entry;
  const sealed = Object.keys(entry.outputs).filter((output) => isSecret(entry.role, output));
  if (sealed.length === 0) return entry;
  const hidden = sealed.map((output) => [output, seal(entry.role, output, entry.outputs[output] as Json)]);
  return { ...entry, outputs: { ...entry.outputs, ...(Object.fromEntries(hidden) as Record<string, Json>) }, sealed };
}

function showEntry(entry: JournalEntry, { open }: Guard): JournalEntry {
  if (entry.type === "wrote") {
    const { sealed, ...shown } = entry;
    return sealed === true ? { ...shown, value: open(entry.role, entry.output, entry.value) } : entry;
  }
  if (entry.type !== "ended" || entry.sealed === undefined) return entry;
  const { sealed, ...shown } = entry;
  const opened = sealed.map((output) => [output, open(entry.role, output, entry.outputs[output] as Json)]);
  return { ...shown, outputs: { ...entry.outputs, ...(Object.fromEntries(opened) as Record<string, Json>) } };
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
