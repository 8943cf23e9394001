// The HTTP server in front of a coordinator that vms talk to. Wires its doors to one port and keeps no state of its own.
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server as Socket } from "node:net";
import { WebSocketServer } from "ws";
import type { Coordinator } from "../coordinator/coordinator.ts";
import { openFanout } from "../coordinator/fanout.ts";
import { maxEntryBytes } from "../coordinator/limits.ts";
import { Failure, messageOf } from "../model/failure.ts";
import { serveAgent } from "./agent-socket.ts";
import { answerRequest } from "./http-api.ts";
import { makeHubCore } from "./hub-core.ts";
import { makePageSender } from "./page.ts";
import type { Programs } from "./serve-programs.ts";
import type { TlsFiles } from "./self-signed.ts";
import { defaultLimits, type HubLimits, makeThrottle } from "./throttle.ts";

export interface HubOptions {
  /** Port 0 takes a free one; or a socket that listens already. */
  listen: { host: string; port: number } | Socket;
  /** Stays open when the hub closes. */
  coordinator: Coordinator;
  /** Certificate and key (PEM) for TLS; plain HTTP without. */
  tls?: TlsFiles;
  /** The key that tokens and tags are made over. */
  tokenKey: string;
  /** What one token may ask for; defaults in throttle.ts. */
  limits?: Partial<HubLimits>;
  /** When a new generation of a stack comes, all but this many of its newest are removed; without, none. */
  keepGenerations?: number;
  /** Serve /metrics. */
  metrics?: boolean;
  /** The file of the page that people see at `/`; without, there is none. */
  page?: string;
  /** Writes a copy of the coordinator's store to a new file, where it can. */
  backup?: (file: string) => Promise<void>;
  /** Programs that vms may fetch without a token: `agent.cjs`, `node-linux-x64`. */
  programs?: Programs;
  /** Closes the hub when aborted. */
  signal?: AbortSignal;
}

export interface Hub extends AsyncDisposable {
  url: string;
  port: number;
  /** Ends all connections; what was acknowledged is in the coordinator. */
  close(): Promise<void>;
}

// A vm over plain HTTP sends its rights in a header.
const maxHeaderBytes = 256 * 1024;

// JSON may write one byte as six (\u0001).
const maxFrameBytes = 6 * maxEntryBytes + 64 * 1024;

/** Opens a hub. Fails `give-up` with code `listen` when the address cannot be had, `tls` for a bad certificate. */
export async function openHub(options: HubOptions): Promise<Hub> {
  const { listen, tokenKey, signal } = options;
  signal?.throwIfAborted();
  const coordinator = openFanout(options.coordinator);
  const core = makeHubCore({
    coordinator,
    tokenKey,
    throttle: makeThrottle({ ...defaultLimits, ...options.limits }),
    keepGenerations: options.keepGenerations,
    backup: options.backup,
    programs: options.programs,
  });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: maxFrameBytes });
  if (options.metrics === true) {
    const { makeMetrics } = await import("./metrics.ts");
    core.metrics = makeMetrics(core, { connections: () => sockets.clients.size });
  }
  const sendPage = options.page === undefined ? undefined : makePageSender(options.page);
  const server = makeServer(options.tls, (request, response) => {
    if (sendPage?.(request, response) !== true) void answerRequest(core, request, response);
  });
  server.on("upgrade", (request, socket, head) => {
    // A caller that hangs up must not take the hub along.
    socket.on("error", () => {});
    if (request.url !== "/v1/connect")
      return socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    sockets.handleUpgrade(request, socket, head, (agent) => serveAgent(agent, core));
  });
  await listenOn(server, listen);

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= closeAll();
    return closed;
  };
  async function closeAll(): Promise<void> {
    for (const agent of sockets.clients) agent.terminate();
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await stopped;
    await coordinator[Symbol.asyncDispose]();
  }
  signal?.addEventListener("abort", () => void close(), { once: true });
  const { address, port } = server.address() as AddressInfo;
  const named = "host" in listen ? listen.host : address;
  const host = named.includes(":") ? `[${named}]` : named;
  return { url: `${options.tls === undefined ? "http" : "https"}://${host}:${port}`, port, close, [Symbol.asyncDispose]: close };
}

function listenOn(server: Server, listen: HubOptions["listen"]): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      const where = "host" in listen ? `${listen.host}:${listen.port}` : "its socket";
      reject(new Failure("give-up", "listen", `the hub cannot listen on ${where}: ${messageOf(error)}`, { cause: error }));
    });
    if ("host" in listen) server.listen(listen.port, listen.host, resolve);
    else server.listen(listen, resolve);
  });
}

function makeServer(tls: TlsFiles | undefined, listener: RequestListener): Server {
  const options = { maxHeaderSize: maxHeaderBytes, noDelay: true };
  if (tls === undefined) return createServer(options, listener);
  try {
    return createTlsServer({ ...options, cert: tls.cert, key: tls.key }, listener);
  } catch (error) {
    const message = `the certificate and key cannot be used: ${messageOf(error)}`;
    throw new Failure("give-up", "tls", message, { cause: error });
  }
}
