// One WebSocket to one of several hubs, kept up: finds a hub, says hello, and sends again what has no answer yet after each loss.
import { Failure } from "../../model/failure.ts";
import type { Observer } from "../coordinator.ts";
import {
  type Answer,
  type FailureFrame,
  type Greeting,
  type Hello,
  pingIntervalMs,
  protocolVersion,
  type RequestBody,
  type VmClaim,
} from "./hub-frames.ts";
import { HubSocket, type SocketOptions } from "./hub-socket.ts";
import { connectPinned } from "./hub-tls.ts";

// Pauses between attempts to connect: the first is short, since a hub that restarts is back at once.
const firstPauseMs = 20;
const longestPauseMs = 1000;

// How soon a watch or presence is asked for again that a hub could not take up after a reconnect.
const resendPauseMs = 250;

export type HubCredentials =
  | ({ kind: "vm"; stack: string; vm: string; token: string } & Omit<VmClaim, "id" | "epoch">)
  | { kind: "operator"; stack: string; token: string };

export interface HubConnectionOptions {
  /** Base URLs, `http://HOST:PORT` or `https://`; when one is gone the next is tried, in turn. */
  urls: string[];
  credentials: HubCredentials;
  /** The address to connect from. */
  localAddress?: string;
  /** SHA-256 of the one certificate that an `https:` hub may show; without, one whose authority Node knows. */
  fingerprint?: string;
  /** Gets why a hub cannot be reached, each reason once until the next welcome. */
  complain?: (text: string) => void;
}

/** A request without its final answer, or a watch or join that lasts. Sent on every new connection. */
interface Pending {
  text: string;
  /** Whether it was sent on some connection already. */
  sent: boolean;
  /** Sending it twice could do it twice. */
  once: boolean;
  /** Present for watches and joins, which stay after the answer; `standing` after the first. */
  held?: { observer: Observer | undefined; standing: boolean };
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Its life ends with `end`, or when a hub refuses. */
export class HubConnection {
  readonly welcomed: Promise<void>;
  readonly ended: Promise<Failure>;
  localAddress: string | undefined;
  /** Named by the first welcome of a vm; the same from then on. */
  epoch: string | undefined;
  readonly #options: HubConnectionOptions;
  readonly #complaints = new Set<string>();
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #urlIndex = 0;
  /** Since the last welcome. */
  #attempts = 0;
  /** The connection that was welcomed. */
  #ready: HubSocket | undefined;
  #socket: HubSocket | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #failure: Failure | undefined;
  #resolveWelcomed!: () => void;
  #rejectWelcomed!: (failure: Failure) => void;
  #resolveEnded!: (failure: Failure) => void;

  constructor(options: HubConnectionOptions) {
    this.#options = options;
    this.welcomed = new Promise((resolve, reject) => {
      this.#resolveWelcomed = resolve;
      this.#rejectWelcomed = reject;
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#connect();
  }

  /** Ends for good: everything under way fails with `failure`, and so does every later call. */
  end(failure: Failure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    clearTimeout(this.#retryTimer);
    this.#socket?.terminate();
    for (const pending of this.#pending.values()) pending.reject(failure);
    this.#pending.clear();
    this.#rejectWelcomed(failure);
    this.#resolveEnded(failure);
  }

  ask<T>(body: RequestBody): Promise<T> {
    return new Promise((resolve, reject) => {
      const once = body.verb === "write" && typeof body.expected === "number";
      this.#start(body, { once, resolve: resolve as (result: unknown) => void, reject });
    });
  }

  /** Starts a watch or a join, which lasts until `signal` is aborted. */
  async hold(body: RequestBody, observer: Observer | undefined, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    let stop = (): void => {};
    try {
      await new Promise<unknown>((resolve, reject) => {
        const id = this.#start(body, { once: false, held: { observer, standing: false }, resolve, reject });
        stop = (): void => {
          if (!this.#pending.delete(id)) return;
          this.#ready?.send(JSON.stringify({ id, verb: "stop" }));
          reject(signal.reason);
        };
        signal.addEventListener("abort", stop, { once: true });
      });
    } catch (error) {
      signal.removeEventListener("abort", stop);
      throw error;
    }
  }

  #start(body: RequestBody, how: Pick<Pending, "once" | "held" | "resolve" | "reject">): number {
    const id = this.#nextId++;
    if (this.#failure !== undefined) {
      how.reject(this.#failure);
      return id;
    }
    const pending = { ...how, text: JSON.stringify({ id, ...body }), sent: false };
    this.#pending.set(id, pending);
    if (this.#ready !== undefined) send(this.#ready, pending);
    return id;
  }

  #connect(): void {
    const { urls, localAddress, fingerprint } = this.#options;
    const url = urls[this.#urlIndex % urls.length] as string;
    const isPinned = fingerprint !== undefined && url.startsWith("https:");
    let heardMs = performance.now();
    let heartbeat: ReturnType<typeof setInterval> | undefined;
    const socket = new HubSocket(
      `${url.replace(/\/$/, "")}/v1/connect`,
      {
        handshakeTimeoutMs: 2 * pingIntervalMs,
        ...(localAddress === undefined ? {} : { localAddress }),
        ...(isPinned ? { createConnection: connectPinned(fingerprint) as SocketOptions["createConnection"] } : {}),
      },
      {
        onOpen: (address) => {
          this.localAddress = address;
          heardMs = performance.now();
          socket.send(JSON.stringify(makeHello(this.#options.credentials, this.epoch)));
          heartbeat = setInterval(() => {
            if (performance.now() - heardMs > 2 * pingIntervalMs) socket.terminate();
            else socket.ping();
          }, pingIntervalMs);
        },
        onHeard: () => {
          heardMs = performance.now();
        },
        onText: (text) => {
          const frame: unknown = JSON.parse(text);
          if (this.#ready === socket) this.#take(frame as Answer);
          else this.#greet(socket, frame as Greeting);
        },
        onError: (message) => this.#complain(`the hub ${url} cannot be reached: ${message}`),
        onClose: () => {
          clearInterval(heartbeat);
          this.#lose();
        },
      },
    );
    this.#socket = socket;
  }

  #complain(text: string): void {
    if (this.#failure !== undefined || this.#complaints.has(text)) return;
    this.#complaints.add(text);
    this.#options.complain?.(text);
  }

  #greet(socket: HubSocket, greeting: Greeting): void {
    if (this.#failure !== undefined) return;
    if ("refused" in greeting) {
      const { reaction, code, message } = greeting.refused;
      if (reaction !== "retry") this.end(new Failure(reaction, code, message));
      else this.#complain(message);
      return;
    }
    this.#ready = socket;
    this.epoch ??= greeting.epoch;
    this.#attempts = 0;
    this.#complaints.clear();
    this.#resolveWelcomed();
    for (const pending of this.#pending.values()) send(socket, pending);
  }

  #lose(): void {
    this.#ready = undefined;
    if (this.#failure !== undefined) return;
    for (const [id, pending] of this.#pending) {
      if (!pending.once || !pending.sent) continue;
      this.#pending.delete(id);
      pending.reject(new Failure("retry", "unreachable", "the connection to the hub was lost before the answer to a write came"));
    }
    const pauseMs = Math.min(firstPauseMs * 2 ** this.#attempts, longestPauseMs);
    this.#attempts += 1;
    this.#urlIndex += 1;
    // Spread, so that all agents of a hub that went away do not come back at the same instant.
    this.#retryTimer = setTimeout(() => this.#connect(), pauseMs * (0.5 + Math.random() / 2));
  }

  #take(answer: Answer): void {
    const { id } = answer;
    const pending = this.#pending.get(id);
    // Stopped in the meantime.
    if (pending === undefined) return;
    if ("key" in answer) return pending.held?.observer?.change(answer.key, answer.entry ?? undefined);
    if ("failure" in answer) return this.#takeFailure(id, pending, answer.failure);
    if ("snapshot" in answer) pending.held?.observer?.snapshot(answer.snapshot);
    if (pending.held === undefined) this.#pending.delete(id);
    else pending.held.standing = true;
    pending.resolve("result" in answer ? answer.result : undefined);
  }

  #takeFailure(id: number, pending: Pending, { reaction, code, message }: FailureFrame): void {
    if (reaction === "retry" && pending.held?.standing) {
      // Nobody waits for the answer any more, so nobody else could try again. The same id twice is the same watch to a hub.
      setTimeout(() => this.#ready !== undefined && this.#pending.has(id) && send(this.#ready, pending), resendPauseMs);
      return;
    }
    this.#pending.delete(id);
    pending.reject(new Failure(reaction, code, message));
  }
}

function send(socket: HubSocket, pending: Pending): void {
  pending.sent = true;
  socket.send(pending.text);
}

function makeHello(credentials: HubCredentials, epoch: string | undefined): Hello {
  const { stack, token } = credentials;
  if (credentials.kind === "operator") return { v: protocolVersion, stack, token };
  const { kind: _kind, stack: _stack, token: _token, vm: id, ...claim } = credentials;
  return { v: protocolVersion, stack, token, vm: { id, ...claim, ...(epoch === undefined ? {} : { epoch }) } };
}
