// One ZooKeeper session, kept up over one connection at a time: finds a member of the ensemble, resumes or (when it has expired) begins the
// session, and gives up a connection on which nothing is heard, since a half-open one never says so.
import { once } from "node:events";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls, type SecureContextOptions } from "node:tls";
import { Failure, messageOf } from "../../model/failure.ts";
import { describeCertificateError, errorCodes, ZookeeperError } from "./zookeeper-failures.ts";
import {
  bytes,
  connectFrame,
  frame,
  int,
  makeReader,
  newSession,
  operations,
  type Reader,
  readConnected,
  specialXids,
  splitFrames,
  text,
} from "./zookeeper-wire.ts";

// Presence must vanish within 10 s of the death of its process; servers round up to whole ticks, of 2 s by default.
const wantedTimeoutMs = 6000;

// Pauses between rounds over all members: the first is short, since an election is over at once.
const firstPauseMs = 20;
const longestPauseMs = 1000;

// Xid, zxid and error.
const answerHeaderBytes = 16;

export interface SessionOptions {
  members: { host: string; port: number }[];
  tls: SecureContextOptions | undefined;
  credentials: { user: string; password: string } | undefined;
  /** Called on each new connection, before anything that waits is sent. Watches of earlier connections are gone. */
  onConnected(): void;
  /** Something about the node `path` has changed, as a watch tells. */
  onEvent(path: string): void;
}

interface Request {
  operation: number;
  body: Buffer;
  read: (reader: Reader, zxid: number) => unknown;
  /** May be sent again on another connection when the answer to the first did not come. */
  repeatable: boolean;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Begins with the constructor and ends with `close`. */
export class ZookeeperSession {
  /** Resolves with the first connection; rejects when none can ever be had, or with what `close` was given. */
  readonly connected: Promise<void>;
  readonly #options: SessionOptions;
  #ticket = newSession;
  #timeoutMs = wantedTimeoutMs;
  #lastZxid = 0;
  #memberIndex: number;
  /** Since a server last answered. */
  #attempts = 0;
  /** The connection, once the server has answered. */
  #ready: Socket | undefined;
  #socket: Socket | undefined;
  #xid = 0;
  /** By xid, in the order sent, which is the order of the answers. */
  readonly #sent = new Map<number, Request>();
  #waiting: Request[] = [];
  readonly #problems = new Map<string, string>();
  #refusal: Failure | undefined;
  #pauseTimer: ReturnType<typeof setTimeout> | undefined;
  #patienceTimer: ReturnType<typeof setInterval> | undefined;
  #closed: Failure | undefined;
  #resolveConnected!: () => void;
  #rejectConnected!: (failure: Failure) => void;

  constructor(options: SessionOptions) {
    this.#options = options;
    // Clients spread over the members.
    this.#memberIndex = Math.floor(Math.random() * options.members.length);
    this.connected = new Promise((resolve, reject) => {
      this.#resolveConnected = resolve;
      this.#rejectConnected = reject;
    });
    this.connected.catch(() => undefined);
    this.#awaitConnection();
    this.#connect();
  }

  /**
   * Sends a request, at once or with the next connection, and returns what `read` makes of the answer and its zxid (of a write: its
   * own). Rejects with ZookeeperError for an error of the server, with a Failure `retry` when no member has served us for 6 s, or the
   * connection was lost before the answer to a request that is not `repeatable`.
   */
  request<T>(operation: number, body: Buffer, read: (reader: Reader, zxid: number) => T, repeatable: boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed);
      const request = { operation, body, read, repeatable, resolve: resolve as (result: unknown) => void, reject };
      if (this.#ready === undefined) this.#waiting.push(request);
      else this.#send(this.#ready, request);
    });
  }

  /** The server's name for this session; ephemeral nodes of it have it as their owner. */
  get id(): string {
    return this.#ticket.id.toString("hex");
  }

  /** Why there is no connection, member by member. */
  describeAbsence(): Failure {
    if (this.#refusal !== undefined) return this.#refusal;
    const problems = [...this.#problems].map(([member, problem]) => `${member} ${problem}`).join("; ");
    const leaderless = [...this.#problems.values()].some((problem) => problem === noService);
    const advice = leaderless
      ? "the members that run have no quorum (or are read-only): start the others, and see their logs"
      : "check the addresses in the coordinator's URL, and that ZooKeeper runs (Debian: apt-get install zookeeper)";
    const code = leaderless ? "no-quorum" : "unreachable";
    return new Failure("retry", code, `no ZooKeeper server serves us: ${problems || "still connecting"}; ${advice}`);
  }

  /** Ends the session, and with it what is ephemeral; everything under way, and every later request, fails with `failure`. */
  async close(failure: Failure): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#closed = failure;
    clearTimeout(this.#pauseTimer);
    clearInterval(this.#patienceTimer);
    this.#rejectConnected(failure);
    this.#rejectAll([...this.#waiting.splice(0), ...this.#sent.values()], failure);
    this.#sent.clear();
    const socket = this.#socket;
    if (this.#ready === undefined || socket === undefined) return void socket?.destroy();
    // The server closes the connection when the session has ended; one that does not answer ends it by its timeout.
    const timer = setTimeout(() => socket.destroy(), this.#timeoutMs / 2);
    const gone = once(socket, "close");
    socket.write(frame(int(++this.#xid), int(operations.closeSession)));
    await gone;
    clearTimeout(timer);
  }

  #connect(): void {
    const { members, tls } = this.#options;
    const member = members[this.#memberIndex % members.length] as { host: string; port: number };
    const name = `${member.host}:${member.port}`;
    const socket = tls === undefined ? connectPlain(member) : connectTls({ ...tls, ...member });
    this.#socket = socket;
    let opened = false;
    let problem = "closed the connection";
    let heardMs = performance.now();
    socket.setNoDelay(true);
    socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      opened = true;
      socket.write(connectFrame(this.#lastZxid, wantedTimeoutMs, this.#ticket));
    });
    const connectTimeoutMs = Math.max(1000, (wantedTimeoutMs * 2) / 3 / members.length);
    let timer: ReturnType<typeof setTimeout> = setTimeout(() => socket.destroy(new Error("does not answer")), connectTimeoutMs);

    const split = splitFrames((message) => {
      if (this.#closed !== undefined) return;
      if (this.#ready === socket) return this.#take(message);
      clearTimeout(timer);
      if (!this.#begin(socket, message)) return;
      this.#problems.delete(name);
      // Silence is noticed within two thirds of the session's time-out, so that the last third is left to resume it elsewhere.
      timer = setInterval(() => {
        if (performance.now() - heardMs > this.#timeoutMs / 2) socket.destroy(new Error("has fallen silent"));
        else socket.write(frame(int(specialXids.ping), int(operations.ping)));
      }, this.#timeoutMs / 6);
    });
    socket.on("data", (chunk: Buffer) => {
      heardMs = performance.now();
      try {
        split(chunk);
      } catch (error) {
        // Whatever cannot be read is not ZooKeeper's.
        if (!(error instanceof RangeError)) throw error;
        socket.destroy(new Error("is no ZooKeeper server"));
      }
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      problem = error.code === undefined ? messageOf(error) : `cannot be reached (${error.message || error.code})`;
      const untrusted = describeCertificateError(name, error);
      if (untrusted !== undefined) this.#refuse(untrusted);
    });
    socket.on("close", (hadError: boolean) => {
      clearTimeout(timer);
      this.#problems.set(name, opened && !hadError && this.#ready !== socket ? noService : problem);
      this.#lose(socket);
    });
  }

  // The answer to our connect request. Returns whether the session stands.
  #begin(socket: Socket, message: Buffer): boolean {
    const { timeoutMs, ticket } = readConnected(makeReader(message));
    if (timeoutMs <= 0) {
      // Expired: the server closes the connection, and the next one asks for a new session.
      this.#ticket = newSession;
      this.#memberIndex -= 1;
      socket.destroy();
      return false;
    }
    this.#ticket = ticket;
    this.#timeoutMs = timeoutMs;
    this.#refusal = undefined;
    this.#ready = socket;
    clearInterval(this.#patienceTimer);
    const { credentials } = this.#options;
    if (credentials !== undefined) {
      const secret = bytes(Buffer.from(`${credentials.user}:${credentials.password}`));
      socket.write(frame(int(specialXids.auth), int(operations.auth), int(0), text("digest"), secret));
    }
    this.#options.onConnected();
    for (const request of this.#waiting.splice(0)) this.#send(socket, request);
    this.#resolveConnected();
    return true;
  }

  #send(socket: Socket, request: Request): void {
    this.#xid = (this.#xid + 1) % 0x7fffffff;
    this.#sent.set(this.#xid, request);
    // All requests of one turn of the event loop go in one packet.
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket.write(frame(int(this.#xid), int(request.operation), request.body));
  }

  #take(message: Buffer): void {
    const reader = makeReader(message);
    const xid = reader.int();
    const zxid = reader.long();
    const error = reader.int();
    if (zxid > this.#lastZxid) this.#lastZxid = zxid;
    this.#attempts = 0;
    if (xid === specialXids.ping) return;
    if (xid === specialXids.auth) {
      if (error === errorCodes.authFailed)
        this.#refuse(new Failure("give-up", "unauthorized", "ZooKeeper refuses the user and password of the coordinator's URL"));
      return;
    }
    if (xid === specialXids.event) {
      // The type of the event and the state of the session, which we know from elsewhere or need not.
      reader.raw(8);
      const path = reader.text();
      if (path !== "") this.#options.onEvent(path);
      return;
    }
    const request = this.#sent.get(xid);
    if (request === undefined) return;
    // A multi that has failed says in its body why.
    const hasBody = error === 0 || (request.operation === operations.multi && message.length > answerHeaderBytes);
    const result = hasBody ? request.read(reader, zxid) : new ZookeeperError(error);
    this.#sent.delete(xid);
    if (result instanceof ZookeeperError) request.reject(result);
    else request.resolve(result);
  }

  #lose(socket: Socket): void {
    if (this.#socket !== socket || this.#closed !== undefined) return;
    if (this.#ready === socket) this.#awaitConnection();
    this.#ready = undefined;
    const lost = [...this.#sent.values()];
    this.#sent.clear();
    this.#waiting = [...lost.filter((request) => request.repeatable), ...this.#waiting];
    this.#rejectAll(
      lost.filter((request) => !request.repeatable),
      new Failure("retry", "unreachable", "the connection to ZooKeeper was lost before the answer to a write came"),
    );
    this.#memberIndex += 1;
    const round = Math.floor(this.#attempts / this.#options.members.length);
    this.#attempts += 1;
    const pauseMs = Math.min(firstPauseMs * 2 ** round, longestPauseMs);
    // Spread, so that all clients of a member that went away do not come back at the same instant.
    this.#pauseTimer = setTimeout(() => this.#connect(), pauseMs * (0.5 + Math.random() / 2));
  }

  // What waits for a connection does not wait for ever.
  #awaitConnection(): void {
    this.#patienceTimer = setInterval(() => this.#rejectAll(this.#waiting.splice(0), this.describeAbsence()), wantedTimeoutMs);
  }

  // Another attempt may be let in, after somebody has mended it; who opens the coordinator is told at once.
  #refuse(failure: Failure): void {
    this.#refusal = failure;
    this.#rejectConnected(failure);
    this.#rejectAll(this.#waiting.splice(0), failure);
  }

  #rejectAll(requests: Request[], failure: Failure): void {
    for (const request of requests) request.reject(failure);
  }
}

const noService = "closed the connection before the session began";
