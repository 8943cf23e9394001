// gRPC over one HTTP/2 connection to one member of a cluster. A connection is believed only while something comes back on it.
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import { Failure } from "../../model/failure.ts";
import { describeNetworkError, describeRefusal } from "./etcd-failures.ts";
import { decodeMessage, type Message } from "./etcd-protobuf.ts";
import type { EtcdAddress } from "./etcd-url.ts";

/** How long a connection may take until the member has said its first word. */
const connectTimeoutMs = 3000;

// A member answers pings only while a stream is open, and closes a connection that pings more often than every 5 s.
const pingIntervalMs = 5100;
const pingTimeoutMs = 2500;
const checkIntervalMs = 500;

// Bytes that may be under way to us, in one stream and in all: one large entry must not wait for our acknowledgement.
const streamWindowBytes = 4 * 1024 * 1024;
const sessionWindowBytes = 16 * 1024 * 1024;

// Node's limit on what one connection buffers is 10 MB, less than a few writes of large entries side by side.
const maxSessionMegabytes = 1024;

/** A stream that stays open. */
export interface EtcdStream {
  send(message: Uint8Array): void;
  close(): void;
}

/** Its life begins with `openSession` and ends with `end`, or when the connection is lost. */
export class EtcdSession {
  readonly endpoint: string;
  /** What to send as `token`, once the user is authenticated. */
  token: Promise<string | undefined> = Promise.resolve(undefined);
  readonly #session: ClientHttp2Session;
  readonly #checking: ReturnType<typeof setInterval>;
  #failure: Failure | undefined;
  #openStreams = 0;
  #heardMs = performance.now();
  #pingedMs = Number.NEGATIVE_INFINITY;
  #isPinging = false;

  constructor(endpoint: string, session: ClientHttp2Session) {
    this.endpoint = endpoint;
    this.#session = session;
    session.on("error", (error) => this.end(describeNetworkError(error, endpoint)));
    session.on("goaway", () => this.end(new Failure("retry", "unreachable", `etcd at ${endpoint} is going away`)));
    session.on("close", () => this.end(new Failure("retry", "unreachable", `etcd at ${endpoint} has closed the connection`)));
    this.#checking = setInterval(() => this.#check(), checkIntervalMs);
  }

  get isUsable(): boolean {
    return this.#failure === undefined;
  }

  /** Ends the connection: what is under way fails with `failure`. */
  end(failure: Failure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    clearInterval(this.#checking);
    this.#session.destroy();
  }

  /** Sends one message and resolves with the answer. An answer that does not come in time ends a connection that is silent. */
  async ask(path: string, message: Uint8Array, timeoutMs: number, token?: string): Promise<Message> {
    const startedMs = performance.now();
    return new Promise((resolve, reject) => {
      let answer: Message | undefined;
      const stream = this.#open(
        path,
        token === undefined ? {} : { token },
        (bytes) => (answer = decodeMessage(bytes)),
        (failure) => {
          clearTimeout(timer);
          if (failure !== undefined) reject(failure);
          else if (answer !== undefined) resolve(answer);
          else reject(new Failure("retry", "unreachable", `etcd at ${this.endpoint} has sent an empty answer`));
        },
      );
      const timer = setTimeout(() => {
        const failure = new Failure("retry", "unreachable", `etcd at ${this.endpoint} does not answer in time`);
        reject(failure);
        if (this.#heardMs < startedMs) this.end(failure);
        else stream?.close(constants.NGHTTP2_CANCEL);
      }, timeoutMs);
      stream?.end(frame(message));
    });
  }

  /** Opens a stream that stays. `onMessage` gets each message, `onEnd` why there are no more; it is called once. */
  stream(
    path: string,
    token: string | undefined,
    handlers: { onMessage: (message: Message) => void; onEnd: (failure: Failure) => void },
  ): EtcdStream {
    // With this word a member that has lost its leader ends the stream, instead of saying nothing.
    const headers = { hasleader: "true", ...(token === undefined ? {} : { token }) };
    const ended = new Failure("retry", "unreachable", `etcd at ${this.endpoint} has ended the stream`);
    const stream = this.#open(
      path,
      headers,
      (bytes) => handlers.onMessage(decodeMessage(bytes)),
      (failure) => handlers.onEnd(failure ?? ended),
    );
    return {
      send: (message) => void stream?.write(frame(message)),
      close: () => stream?.close(constants.NGHTTP2_CANCEL),
    };
  }

  #open(
    path: string,
    headers: Record<string, string>,
    onMessage: (bytes: Buffer) => void,
    onEnd: (failure: Failure | undefined) => void,
  ): ClientHttp2Stream | undefined {
    if (this.#failure !== undefined) {
      onEnd(this.#failure);
      return undefined;
    }
    const stream = this.#session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    this.#openStreams += 1;
    let status: IncomingHttpHeaders | undefined;
    const note = (received: IncomingHttpHeaders): void => {
      this.#heardMs = performance.now();
      if (received["grpc-status"] !== undefined) status = received;
    };
    stream.on("response", note);
    stream.on("trailers", note);
    const take = readFrames(onMessage);
    stream.on("data", (chunk: Buffer) => {
      this.#heardMs = performance.now();
      take(chunk);
    });
    // Every error is followed by a close, which is what we act on.
    let error: unknown;
    stream.on("error", (thrown) => (error = thrown));
    stream.on("close", () => {
      this.#openStreams -= 1;
      const code = Number(status?.["grpc-status"]);
      if (code === 0) onEnd(undefined);
      else if (status !== undefined) onEnd(describeRefusal(code, readReason(status), this.endpoint));
      else onEnd(this.#failure ?? describeNetworkError(error ?? new Error("the stream was closed"), this.endpoint));
    });
    return stream;
  }

  // TCP may keep a dead connection for minutes: what is silent is asked, and what stays silent is given up.
  #check(): void {
    const nowMs = performance.now();
    if (this.#isPinging) {
      if (nowMs - this.#pingedMs > pingTimeoutMs)
        this.end(new Failure("retry", "unreachable", `etcd at ${this.endpoint} does not answer pings`));
      return;
    }
    if (this.#openStreams === 0 || nowMs - this.#pingedMs < pingIntervalMs) return;
    this.#pingedMs = nowMs;
    this.#isPinging = this.#session.ping((error) => {
      if (error !== null) return;
      this.#isPinging = false;
      this.#heardMs = performance.now();
    });
  }
}

/** Connects to a member and waits for its first word. Fails with what `describeNetworkError` makes of it. */
export async function openSession(endpoint: string, tls: EtcdAddress["tls"]): Promise<EtcdSession> {
  const http2 = connect(endpoint, {
    ...tls,
    settings: { initialWindowSize: streamWindowBytes, enablePush: false },
    maxSessionMemory: maxSessionMegabytes,
  });
  await new Promise<void>((resolve, reject) => {
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      http2.destroy();
      reject(describeNetworkError(error, endpoint));
    };
    const closed = (): void => fail(new Error("it has closed the connection"));
    const timer = setTimeout(() => fail(new Error("it does not answer")), connectTimeoutMs);
    http2.on("error", fail);
    http2.once("close", closed);
    http2.once("remoteSettings", () => {
      clearTimeout(timer);
      http2.off("error", fail).off("close", closed);
      resolve();
    });
    http2.once("connect", () => http2.setLocalWindowSize(sessionWindowBytes));
  });
  return new EtcdSession(endpoint, http2);
}

// gRPC: one byte of flags, four of length, then the message.
function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

// Chunks are kept apart until a message is whole: joining each to the rest would take quadratic time.
function readFrames(onMessage: (bytes: Buffer) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted = 5;
  return (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < wanted) return;
    let buffer = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    for (;;) {
      wanted = buffer.length < 5 ? 5 : 5 + buffer.readUInt32BE(1);
      if (buffer.length < wanted) break;
      onMessage(buffer.subarray(5, wanted));
      buffer = buffer.subarray(wanted);
    }
    chunks = [buffer];
    size = buffer.length;
  };
}

function readReason(status: IncomingHttpHeaders): string {
  const text = String(status["grpc-message"] ?? "no reason given");
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
