// A coordinator that is reached through a hub: the same verbs over one WebSocket, kept up across lost connections.
import { WebSocket } from "ws";
import { Failure } from "../../model/failure.ts";
import type { Rights } from "../../model/vm-plan.ts";
import type { Backend, Coordinator, Entry, Observer, WriteResult } from "../coordinator.ts";
import { type Answer, type Greeting, type Hello, pingIntervalMs, protocolVersion, type RequestBody } from "./hub-frames.ts";

// Pauses between attempts to connect: the first is short, since a hub that restarts is back at once.
const firstPauseMs = 20;
const longestPauseMs = 1000;

// How long a command waits for a hub; agents wait without limit.
const openTimeoutMs = 5000;

export type HubCredentials =
  | { kind: "vm"; stack: string; vm: string; generation: string; token: string; rights: Rights; tag: string }
  | { kind: "operator"; stack: string; token: string };

export interface HubClientOptions {
  /** Base URLs, `http://HOST:PORT`; when one is gone the next is tried, in turn. */
  urls: string[];
  credentials: HubCredentials;
  /** The address to connect from. */
  localAddress?: string;
}

/**
 * Verbs wait while no hub can be reached, and what was under way is sent again. A write that expects a revision is not: when its
 * answer was lost it fails with `retry`. A remove that is sent again may answer false for what it removed itself.
 */
export interface HubClient extends Coordinator {
  /** The local address of the newest connection. */
  address(): string | undefined;
  /** Resolves when the client has ended for good: refused by a hub, or closed. Watches see nothing from then on. */
  ended: Promise<Failure>;
}

/** Connects, and keeps connected until `signal` is aborted. Waits for the first welcome; fails `give-up` when a hub refuses. */
export async function openHubClient(options: HubClientOptions, signal?: AbortSignal): Promise<HubClient> {
  signal?.throwIfAborted();
  const connection = new HubConnection(options);
  const close = (): void => connection.end(new Failure("give-up", "closed", "the connection to the hub is closed"));
  signal?.addEventListener("abort", close, { once: true });
  void connection.ended.then(() => signal?.removeEventListener("abort", close));
  await connection.welcomed;
  return {
    address: () => connection.localAddress,
    ended: connection.ended,
    read: async (key) => (await connection.ask<Entry | null>({ verb: "read", key })) ?? undefined,
    list: (prefix) => connection.ask<Entry[]>({ verb: "list", prefix }),
    write: (key, value, expected) => connection.ask<WriteResult>({ verb: "write", key, value, expected }),
    remove: (key) => connection.ask<boolean>({ verb: "remove", key }),
    watch: (prefix, observer, signal) => connection.hold({ verb: "watch", prefix }, observer, signal),
    join: (key, value, signal) => connection.hold({ verb: "join", key, value }, undefined, signal),
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}

/** A request without its final answer, or a watch or join that lasts. Sent on every new connection. */
interface Pending {
  text: string;
  /** Whether it was sent on some connection already. */
  sent: boolean;
  /** Sending it twice could do it twice. */
  once: boolean;
  /** Present for watches and joins, which stay after the answer. */
  held?: { observer: Observer | undefined };
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

class HubConnection {
  readonly welcomed: Promise<void>;
  readonly ended: Promise<Failure>;
  localAddress: string | undefined;
  readonly #options: HubClientOptions;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #urlIndex = 0;
  /** Since the last welcome. */
  #attempts = 0;
  /** The connection that was welcomed. */
  #ready: WebSocket | undefined;
  #socket: WebSocket | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #failure: Failure | undefined;
  #resolveWelcomed!: () => void;
  #rejectWelcomed!: (failure: Failure) => void;
  #resolveEnded!: (failure: Failure) => void;

  constructor(options: HubClientOptions) {
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
        const id = this.#start(body, { once: false, held: { observer }, resolve, reject });
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
    const { urls, localAddress } = this.#options;
    const url = urls[this.#urlIndex % urls.length] as string;
    const socket = new WebSocket(`${url.replace(/\/$/, "").replace(/^http/, "ws")}/v1/connect`, {
      perMessageDeflate: false,
      handshakeTimeout: 2 * pingIntervalMs,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.#socket = socket;
    let heardMs = Date.now();
    const heard = (): void => void (heardMs = Date.now());
    let heartbeat: ReturnType<typeof setInterval> | undefined;
    socket.on("upgrade", (response) => {
      this.localAddress = response.socket.localAddress?.replace(/^::ffff:/, "");
    });
    socket.on("open", () => {
      socket.send(JSON.stringify(makeHello(this.#options.credentials)));
      heartbeat = setInterval(() => {
        if (Date.now() - heardMs > 2 * pingIntervalMs) socket.terminate();
        else socket.ping();
      }, pingIntervalMs);
    });
    socket.on("ping", heard);
    socket.on("pong", heard);
    socket.on("message", (data) => {
      heard();
      const frame: unknown = JSON.parse((data as Buffer).toString());
      if (this.#ready === socket) this.#take(frame as Answer);
      else this.#greet(socket, frame as Greeting);
    });
    // Every error is followed by a close, which is what we act on.
    socket.on("error", () => {});
    socket.on("close", () => {
      clearInterval(heartbeat);
      this.#lose();
    });
  }

  #greet(socket: WebSocket, greeting: Greeting): void {
    if (this.#failure !== undefined) return;
    if ("refused" in greeting) {
      const { reaction, code, message } = greeting.refused;
      if (reaction !== "retry") this.end(new Failure(reaction, code, message));
      return;
    }
    this.#ready = socket;
    this.#attempts = 0;
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
    const pending = this.#pending.get(answer.id);
    // Stopped in the meantime.
    if (pending === undefined) return;
    if ("key" in answer) pending.held?.observer?.change(answer.key, answer.entry ?? undefined);
    else if ("snapshot" in answer) {
      pending.held?.observer?.snapshot(answer.snapshot);
      pending.resolve(undefined);
    } else if ("failure" in answer) {
      const { reaction, code, message } = answer.failure;
      this.#pending.delete(answer.id);
      pending.reject(new Failure(reaction, code, message));
    } else {
      if (pending.held === undefined) this.#pending.delete(answer.id);
      pending.resolve(answer.result);
    }
  }
}

function send(socket: WebSocket, pending: Pending): void {
  pending.sent = true;
  socket.send(pending.text);
}

function makeHello(credentials: HubCredentials): Hello {
  const { stack, token } = credentials;
  if (credentials.kind === "operator") return { v: protocolVersion, stack, token };
  const { vm: id, generation, rights, tag } = credentials;
  return { v: protocolVersion, stack, token, vm: { id, generation, rights, tag } };
}

/** A hub as an operator's coordinator: the keys of one stack. The token is the URL's password or the variable WEFT_TOKEN. */
export const hub = {
  scheme: "http",
  example: "http://:TOKEN@HOST:PORT/STACK",
  gaps: {},
  async open(url: string, signal?: AbortSignal) {
    const { protocol, host, password, pathname } = parseUrl(url);
    const stack = decodeURIComponent(pathname.slice(1));
    const token = password === "" ? process.env["WEFT_TOKEN"] : decodeURIComponent(password);
    if (stack === "") throw new Failure("give-up", "bad-url", `${url} names no stack: ${hub.example}`);
    if (token === undefined) throw new Failure("give-up", "unauthorized", "set WEFT_TOKEN to the token of the stack's operator");
    const opening = new AbortController();
    const abort = (): void => opening.abort();
    const timer = setTimeout(abort, openTimeoutMs);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await openHubClient(
        { urls: [`${protocol}//${host}`], credentials: { kind: "operator", stack, token } },
        opening.signal,
      );
    } catch (error) {
      signal?.throwIfAborted();
      if (!opening.signal.aborted) throw error;
      throw new Failure("retry", "unreachable", `no hub answers at ${protocol}//${host}`, { cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  },
} satisfies Backend;

function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch (error) {
    throw new Failure("give-up", "bad-url", `${url} is no URL of a hub: ${hub.example}`, { cause: error });
  }
}
