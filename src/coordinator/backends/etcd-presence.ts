// Keys that live as long as this process: all under one lease, which is kept alive, and made again with its keys when it is lost.
import { Failure } from "../../model/failure.ts";
import { pause, untilAborted } from "../retrying.ts";
import type { EtcdConnection } from "./etcd-connection.ts";
import {
  deleteIfRequest,
  grantRequest,
  leaseRequest,
  paths,
  putIfRequest,
  putRequest,
  readEntry,
  readLease,
  readLeaseSeconds,
  readPutIf,
  readStoreRevision,
} from "./etcd-requests.ts";

// Others see a dead process's keys go within the presence time-out of 10 s: this, and etcd's own delay.
const leaseSeconds = 8;
const keepAliveIntervalMs = 2000;
// So short that another member can be asked while the lease still lives.
const keepAliveTimeoutMs = 2500;
const revokeTimeoutMs = 1000;
const retryPauseMs = 200;

interface Member {
  key: string;
  value: string;
  /** Of our own put; undefined before the first. */
  revision: number | undefined;
}

/** The keys of one coordinator that are joined. Its life ends with `end`. */
export class EtcdPresence {
  readonly #connection: EtcdConnection;
  readonly #members = new Set<Member>();
  #lease: Promise<number> | undefined;
  #keeping: ReturnType<typeof setInterval> | undefined;

  constructor(connection: EtcdConnection) {
    this.#connection = connection;
  }

  /** Puts `key` (as it is stored) and keeps it there until `signal` is aborted. */
  async join(key: string, value: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const member: Member = { key, value, revision: undefined };
    this.#members.add(member);
    signal.addEventListener("abort", () => void this.#leave(member), { once: true });
    try {
      await untilAborted(this.#establish(member), signal);
    } catch (error) {
      this.#members.delete(member);
      throw error;
    }
  }

  /** Takes all keys away. */
  async end(): Promise<void> {
    clearInterval(this.#keeping);
    this.#members.clear();
    if (this.#lease === undefined || this.#connection.ended.aborted) return;
    const revoke = async (lease: Promise<number>): Promise<void> => {
      const how = { again: true, timeoutMs: revokeTimeoutMs };
      await this.#connection.ask(paths.revoke, leaseRequest(await lease), how);
    };
    // Where the cluster is away the lease runs out by itself.
    await untilAborted(revoke(this.#lease), AbortSignal.timeout(revokeTimeoutMs)).catch(() => undefined);
  }

  // Goes on until the outcome is known, even when the member has left meanwhile: else its key might stay.
  async #establish(member: Member): Promise<void> {
    await this.#persist(() => this.#put(member));
    if (!this.#members.has(member)) await this.#remove(member);
  }

  async #put(member: Member): Promise<void> {
    const held = this.#holdLease();
    const lease = await held;
    const { key, value, revision } = member;
    try {
      if (revision === undefined) {
        const answer = await this.#connection.ask(paths.put, putRequest(key, value, lease), { again: true });
        member.revision = readStoreRevision(answer);
        return;
      }
      // After a lost lease: what somebody else has put there meanwhile stays.
      const answer = await this.#connection.ask(paths.txn, putIfRequest(key, value, "absent", lease), { again: true });
      const result = readPutIf(answer);
      if ("revision" in result) member.revision = result.revision;
      else if (result.pair !== undefined && readLease(result.pair) === lease)
        member.revision = readEntry(result.pair, "").revision;
    } catch (error) {
      if (error instanceof Failure && error.code === "no-lease") this.#loseLease(held);
      throw error;
    }
  }

  async #leave(member: Member): Promise<void> {
    if (!this.#members.delete(member) || member.revision === undefined) return;
    await this.#remove(member);
  }

  // Only our own put: who has joined over it stays.
  async #remove({ key, revision }: Member): Promise<void> {
    const request = deleteIfRequest(key, revision as number);
    const remove = () => this.#connection.ask(paths.txn, request, { again: true });
    // When the coordinator is closed meanwhile the lease takes the key away.
    await this.#persist(remove).catch(() => undefined);
  }

  // As `retrying`, which would hang a listener on the one signal for each of thousands of members.
  async #persist(action: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await action();
        return;
      } catch (error) {
        if (!(error instanceof Failure) || error.reaction !== "retry") throw error;
      }
      await pause(retryPauseMs, this.#connection.ended);
    }
  }

  #holdLease(): Promise<number> {
    if (this.#lease === undefined) {
      this.#lease = this.#grant();
      this.#lease.catch(() => (this.#lease = undefined));
      this.#keeping ??= setInterval(() => void this.#keepAlive(), keepAliveIntervalMs);
    }
    return this.#lease;
  }

  // The id is chosen here: small enough for a number, and too random to meet another's.
  async #grant(): Promise<number> {
    const lease = 1 + Math.floor(Math.random() * 2 ** 52);
    await this.#connection.ask(paths.grant, grantRequest(lease, leaseSeconds), { again: false });
    return lease;
  }

  async #keepAlive(): Promise<void> {
    const held = this.#lease;
    if (held === undefined) return;
    try {
      const request = leaseRequest(await held);
      const how = { again: false, timeoutMs: keepAliveTimeoutMs };
      if (readLeaseSeconds(await this.#connection.ask(paths.keepAlive, request, how)) > 0) return;
    } catch {
      // Asked again at the next turn.
      return;
    }
    this.#loseLease(held);
  }

  // What was joined under it is gone too, or goes soon.
  #loseLease(held: Promise<number>): void {
    if (this.#lease !== held) return;
    this.#lease = undefined;
    for (const member of this.#members) if (member.revision !== undefined) void this.#establish(member).catch(() => undefined);
  }
}
