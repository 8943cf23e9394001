// What an agent has of its vm, whatever the generation: folders, journal, the environment of tools, secrets to mask, processes started.
import { join } from "node:path";
import { messageOf } from "../model/failure.ts";
import type { Json, JsonMap } from "../model/json.ts";
import type { Digest } from "./basis.ts";
import type { Journal } from "./journal.ts";
import { maskSecrets, secretTexts } from "./mask.ts";
import { endLeftRunning, findAttempts, identifyGroup, isSameProcess, type ProcessGroup } from "./process-groups.ts";
import { endGroup } from "./spawn.ts";

/** Takes one line of the agent's own log. */
export type Log = (message: string, details?: JsonMap) => void;

export interface VmParts {
  /** The vm's id, `db` or `app[2]`. */
  name: string;
  stack: string;
  sealKey: string | undefined;
  stateDir: string;
  /** Which vm of that name this is. */
  instance: string;
  /** The address that we were told to use. */
  localAddress: string | undefined;
  journal: Journal;
  digest: Digest;
  log: Log;
  /** Aborted when the agent stops. */
  signal: AbortSignal;
}

export class Vm {
  readonly name: string;
  readonly stack: string;
  readonly sealKey: string | undefined;
  readonly stateDir: string;
  readonly instance: string;
  readonly localAddress: string | undefined;
  readonly journal: Journal;
  readonly digest: Digest;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Of tools. */
  env: Record<string, string | undefined> = {};
  readonly #secrets = new Set<string>();
  readonly #attempts = new Set<Promise<unknown>>();
  readonly #groups: ProcessGroup[] = [];

  constructor(parts: VmParts) {
    this.name = parts.name;
    this.stack = parts.stack;
    this.sealKey = parts.sealKey;
    this.stateDir = parts.stateDir;
    this.instance = parts.instance;
    this.localAddress = parts.localAddress;
    this.journal = parts.journal;
    this.digest = parts.digest;
    this.log = parts.log;
    this.signal = parts.signal;
  }

  /** Masks a secret value in everything that is told from here on. */
  learnSecret(value: Json): void {
    for (const text of secretTexts(value)) this.#secrets.add(text);
  }

  mask(text: string): string {
    return maskSecrets(text, this.#secrets);
  }

  /** A process of a role has been started. */
  noteStarted(role: string, attempt: number, pid: number): void {
    const group = identifyGroup(pid);
    this.#groups.push(group);
    this.journal.append({ type: "started", role, attempt, ...group, atMs: Date.now() });
  }

  /** An attempt that `idle` waits for. */
  track(attempt: Promise<unknown>): void {
    this.#attempts.add(attempt);
    void attempt.finally(() => this.#attempts.delete(attempt));
  }

  /** Resolves when no attempt is under way any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#attempts);
  }

  /** Ends what an earlier life of this agent started and did not see the end of: it would run beside its next attempt. */
  async endUnfinished(): Promise<void> {
    // One that began in the moment before the agent was killed is not in the journal yet.
    for (const { role, attempt, pid } of findAttempts(join(this.stateDir, "attempts")))
      if (attempt > (this.journal.memory.roles[role]?.attempt ?? 0)) this.noteStarted(role, attempt, pid);
    const alive = this.journal.memory.unfinished.filter(isSameProcess);
    for (const { role, group } of alive) this.log("ending what an earlier agent left under way", { role, group });
    await Promise.all(alive.map(({ group }) => endGroup(group)));
  }

  /** Ends what ended roles have left running. */
  async endLeftRunning(): Promise<void> {
    await endLeftRunning(this.#groups);
  }

  /** Follows what nobody waits for; a failure of it is logged, unless `signal` is aborted. Never rejects. */
  async background(what: string, work: Promise<unknown>, signal: AbortSignal): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!signal.aborted) this.log(`${what}: ${this.mask(messageOf(error))}`);
    }
  }
}
