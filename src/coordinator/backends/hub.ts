// A coordinator that is reached through a hub: the same verbs over one WebSocket, kept up across lost connections.
import { Failure } from "../../model/failure.ts";
import type { Backend, Coordinator, Entry, WriteResult } from "../coordinator.ts";
import { HubConnection, type HubConnectionOptions } from "./hub-connection.ts";

// How long a command waits for a hub; agents wait without limit.
const openTimeoutMs = 5000;

/**
 * Verbs wait while no hub can be reached, and what was under way is sent again. A write that expects a revision is not: when its
 * answer was lost it fails with `retry`. A remove that is sent again may answer false for what it removed itself.
 */
export interface HubClient extends Coordinator {
  /** The local address of the newest connection. */
  address(): string | undefined;
  /** Of a vm: the epoch whose keys it may use. */
  epoch: string | undefined;
  /** Resolves when the client has ended for good: refused by a hub, or closed. Watches see nothing from then on. */
  ended: Promise<Failure>;
}

/** Connects, and keeps connected until `signal` is aborted. Waits for the first welcome; fails `give-up` when a hub refuses. */
export async function openHubClient(options: HubConnectionOptions, signal?: AbortSignal): Promise<HubClient> {
  signal?.throwIfAborted();
  const connection = new HubConnection(options);
  const close = (): void => connection.end(new Failure("give-up", "closed", "the connection to the hub is closed"));
  signal?.addEventListener("abort", close, { once: true });
  void connection.ended.then(() => signal?.removeEventListener("abort", close));
  await connection.welcomed;
  return {
    address: () => connection.localAddress,
    epoch: connection.epoch,
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

/** A hub as an operator's coordinator: the keys of one stack. The token is the URL's password or the variable WEFT_TOKEN. */
export const hub = {
  scheme: "http",
  example: "http://:TOKEN@HOST:PORT/STACK",
  gaps: {},
  async open(url: string, signal?: AbortSignal) {
    const { protocol, host, password, pathname, searchParams } = parseUrl(url);
    const fingerprint = searchParams.get("fingerprint");
    const stack = decodeURIComponent(pathname.slice(1));
    const token = password === "" ? process.env["WEFT_TOKEN"] : decodeURIComponent(password);
    if (stack === "") throw new Failure("give-up", "bad-url", `${url} names no stack: ${hub.example}`);
    if (token === undefined) throw new Failure("give-up", "unauthorized", "set WEFT_TOKEN to the token of the stack's operator");
    const opening = new AbortController();
    let why = "";
    const complain = (text: string): void => void (why = `: ${text}`);
    const abort = (): void => opening.abort();
    const timer = setTimeout(abort, openTimeoutMs);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await openHubClient(
        {
          urls: [`${protocol}//${host}`],
          credentials: { kind: "operator", stack, token },
          complain,
          ...(fingerprint === null ? {} : { fingerprint }),
        },
        opening.signal,
      );
    } catch (error) {
      signal?.throwIfAborted();
      if (!opening.signal.aborted) throw error;
      throw new Failure("retry", "unreachable", `no hub answers at ${protocol}//${host}${why}`, { cause: error });
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
