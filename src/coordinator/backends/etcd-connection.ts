// The way to a cluster: a session with one member at a time, the next in turn when it is lost, authenticated where there is a user.
import { Failure } from "../../model/failure.ts";
import { retrying } from "../retrying.ts";
import { encodeMessage, type Message, readText } from "./etcd-protobuf.ts";
import { EtcdSession, type EtcdStream, openSession } from "./etcd-session.ts";
import type { EtcdAddress } from "./etcd-url.ts";

/** How long a request may take, and a caller waits for a member that can be reached. */
const patienceMs = 5000;

/** Its life ends with `end`. */
export class EtcdConnection {
  /** Aborted, with a Failure, by `end`. */
  readonly ended: AbortSignal;
  readonly #address: EtcdAddress;
  readonly #ending = new AbortController();
  #session: EtcdSession | undefined;
  #connecting: Promise<EtcdSession> | undefined;
  #memberIndex = 0;
  #lastFailure: Failure | undefined;

  constructor(address: EtcdAddress) {
    this.#address = address;
    this.ended = this.#ending.signal;
  }

  end(): void {
    const failure = new Failure("give-up", "closed", "the coordinator is closed");
    this.#ending.abort(failure);
    this.#session?.end(failure);
  }

  /**
   * Asks the cluster. While no member can be reached it waits, within limits. A request that was lost under way is sent `again`, if
   * that does no harm; else it fails `retry` and may or may not have been done.
   */
  async ask(path: string, message: Uint8Array, how: { again: boolean; timeoutMs?: number }): Promise<Message> {
    const timeoutMs = how.timeoutMs ?? patienceMs;
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const session = await this.#reach(deadlineMs - performance.now());
      const { token } = session;
      try {
        return await session.ask(path, message, timeoutMs, await token);
      } catch (error) {
        this.ended.throwIfAborted();
        if (!(error instanceof Failure)) throw error;
        const inTime = performance.now() < deadlineMs;
        if (error.code === "stale-token" && inTime) this.#authenticateAgain(session, token);
        else {
          if (error.code === "no-quorum") this.#leave(session, error);
          if (!how.again || error.code !== "unreachable" || !inTime) throw error;
        }
      }
    }
  }

  /** Opens a stream on the session that there is; it ends with the session. */
  async stream(path: string, handlers: Parameters<EtcdSession["stream"]>[2]): Promise<EtcdStream> {
    const session = await this.#reach(patienceMs);
    const { token } = session;
    return session.stream(path, await token, {
      onMessage: handlers.onMessage,
      onEnd: (failure) => {
        if (failure.code === "stale-token") this.#authenticateAgain(session, token);
        if (failure.code === "no-quorum") this.#leave(session, failure);
        handlers.onEnd(failure);
      },
    });
  }

  /** Gets a new token for the user, if there is one. */
  authenticateAgain(): void {
    if (this.#session !== undefined) this.#authenticateAgain(this.#session, this.#session.token);
  }

  async #reach(withinMs: number): Promise<EtcdSession> {
    this.ended.throwIfAborted();
    if (this.#session?.isUsable) return this.#session;
    const patience = AbortSignal.timeout(Math.max(0, Math.ceil(withinMs)));
    try {
      return await retrying(() => this.#connect(), AbortSignal.any([patience, this.ended]));
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw (
        this.#lastFailure ?? new Failure("retry", "unreachable", `etcd at ${this.#address.endpoints.join(", ")} does not answer`)
      );
    }
  }

  // All who wait for a session wait for the same one.
  #connect(): Promise<EtcdSession> {
    this.#connecting ??= this.#connectInTurn().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connectInTurn(): Promise<EtcdSession> {
    const { endpoints, tls } = this.#address;
    for (let tried = 1; ; tried++) {
      const endpoint = endpoints[this.#memberIndex % endpoints.length] as string;
      try {
        const session = await openSession(endpoint, tls);
        try {
          session.token = this.#authenticate(session);
          await session.token;
          this.ended.throwIfAborted();
        } catch (error) {
          session.end(error as Failure);
          throw error;
        }
        this.#session = session;
        return session;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.#lastFailure = error;
        this.#memberIndex += 1;
        if (error.reaction !== "retry" || tried === endpoints.length) throw error;
      }
    }
  }

  async #authenticate(session: EtcdSession): Promise<string | undefined> {
    const { user } = this.#address;
    if (user === undefined) return undefined;
    const request = encodeMessage([1, user.name], [2, user.password]);
    try {
      return readText(await session.ask("/etcdserverpb.Auth/Authenticate", request, patienceMs), 2);
    } catch (error) {
      if (error instanceof Failure && error.message.includes("authentication is not enabled")) return undefined;
      throw error;
    }
  }

  #authenticateAgain(session: EtcdSession, stale: Promise<string | undefined>): void {
    if (session.token !== stale) return;
    session.token = this.#authenticate(session);
    // Those who ask with it are told.
    session.token.catch(() => undefined);
  }

  // Another member may still belong to the greater part of the cluster.
  #leave(session: EtcdSession, failure: Failure): void {
    if (this.#address.endpoints.length === 1 || !session.isUsable) return;
    this.#memberIndex += 1;
    session.end(failure);
  }
}
