// The client's side of a WebSocket (RFC 6455), as far as agents and hubs use it: texts, pings, no extensions. Small, since it travels to every vm.
import { createHash, randomBytes } from "node:crypto";
import { type ClientRequestArgs, type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { Socket } from "node:net";
import { FrameReader, makeFrame, opcodes } from "./hub-socket-frames.ts";

export interface SocketOptions {
  /** Until the server has answered. */
  handshakeTimeoutMs: number;
  localAddress?: string;
  createConnection?: ClientRequestArgs["createConnection"];
}

/** What happens to a socket: `onOpen` once, or `onError`; `onClose` always last, and once. */
export interface SocketHandlers {
  /** The address from which the server is reached. */
  onOpen(localAddress: string | undefined): void;
  onText(text: string): void;
  /** Something has come, of whatever kind. */
  onHeard(): void;
  onError(message: string): void;
  onClose(): void;
}

// RFC 6455, 1.3.
const acceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export class HubSocket {
  readonly #handlers: SocketHandlers;
  readonly #reader = new FrameReader();
  #socket: Socket | undefined;
  #abandon: (why?: Error) => void;
  #isClosed = false;

  /** Connects to an `http:` or `https:` URL. */
  constructor(url: string, options: SocketOptions, handlers: SocketHandlers) {
    this.#handlers = handlers;
    const key = randomBytes(16).toString("base64");
    const { handshakeTimeoutMs, localAddress, createConnection } = options;
    const headers = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-key": key, "sec-websocket-version": "13" };
    const request = (url.startsWith("https:") ? requestTls : requestPlain)(url, {
      headers,
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(createConnection === undefined ? {} : { createConnection }),
    });
    const timer = setTimeout(() => request.destroy(new Error("no answer to the opening handshake")), handshakeTimeoutMs);
    this.#abandon = (why) => void request.destroy(why);
    request.once("response", ({ statusCode }) => request.destroy(new Error(`unexpected answer: HTTP ${statusCode}`)));
    request.on("error", ({ message }) => {
      handlers.onError(message);
      this.#close();
    });
    request.once("close", () => this.#socket ?? this.#close());
    request.once("upgrade", (response: IncomingMessage, socket: Socket, head: Buffer) => {
      clearTimeout(timer);
      const accepted = createHash("sha1").update(`${key}${acceptSuffix}`).digest("base64");
      if (response.headers["sec-websocket-accept"] !== accepted) {
        socket.destroy();
        handlers.onError("the server does not speak WebSocket");
        return this.#close();
      }
      this.#open(socket, head);
    });
    request.once("close", () => clearTimeout(timer));
    request.end();
  }

  #open(socket: Socket, head: Buffer): void {
    this.#socket = socket;
    this.#abandon = (why) => void socket.destroy(why);
    socket.setTimeout(0).setNoDelay(true);
    socket.on("error", ({ message }) => this.#handlers.onError(message));
    socket.on("end", () => socket.destroy());
    socket.on("close", () => this.#close());
    this.#handlers.onOpen(socket.localAddress?.replace(/^::ffff:/, ""));
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    if (head.length > 0) this.#take(head);
  }

  #take(chunk: Buffer): void {
    this.#handlers.onHeard();
    try {
      for (const { opcode, payload } of this.#reader.read(chunk)) {
        if (this.#isClosed) return;
        if (opcode === opcodes.text) this.#handlers.onText(payload.toString());
        else if (opcode === opcodes.ping) this.#socket?.write(makeFrame(opcodes.pong, payload));
        else if (opcode === opcodes.close) {
          this.#socket?.end(makeFrame(opcodes.close, payload.subarray(0, 2)));
          this.terminate();
        }
      }
    } catch (error) {
      this.#abandon(error as Error);
    }
  }

  send(text: string): void {
    this.#socket?.write(makeFrame(opcodes.text, Buffer.from(text)));
  }

  ping(): void {
    this.#socket?.write(makeFrame(opcodes.ping, Buffer.alloc(0)));
  }

  /** Ends it at once. */
  terminate(): void {
    this.#abandon();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handlers.onClose();
  }
}
