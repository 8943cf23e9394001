// ZooKeeper's binary format ("jute": big-endian, length before text) and the messages of it that weft uses. Pure; no sockets.
// Source: zookeeper.jute of Apache ZooKeeper, and ZooDefs.OpCode.

/** Operation codes. */
export const operations = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  ping: 11,
  getChildren: 8,
  check: 13,
  multi: 14,
  create2: 15,
  createContainer: 19,
  auth: 100,
  addWatch: 106,
  closeSession: -11,
} as const;

/** Transaction ids of frames that no request asked for, or that are no requests. */
export const specialXids = { event: -1, ping: -2, auth: -4 } as const;

// The mode of addWatch that covers everything below a path and is not used up by an event.
const persistentRecursive = 1;

const allPermissions = 31;
const createFlags = { persistent: 0, ephemeral: 1, container: 4 } as const;

// What is said first is the length; more than this is not ZooKeeper.
const maxFrameBytes = 256 * 1024 * 1024;

/** Any version of a node's data. */
export const anyVersion = -1;

/** Who may use a node: everybody, or only the identities of the session that makes it. */
export type Access = "everybody" | "creator";

/** The part of a node's statistics that we use. Zxids fit a number until a leader was elected two million times. */
export interface Stat {
  createdZxid: number;
  modifiedZxid: number;
  version: number;
  /** The session, in hex, with which an ephemeral node ends; zeros for others. */
  owner: string;
}

export interface Reader {
  int(): number;
  flag(): boolean;
  /** A zxid. */
  long(): number;
  raw(size: number): Buffer;
  /** Absent counts as empty. */
  bytes(): Buffer;
  text(): string;
  stat(): Stat;
}

/** Reads the fields of a frame one after another. Throws RangeError where the frame ends too soon. */
export function makeReader(frame: Buffer): Reader {
  let offset = 0;
  const reader: Reader = {
    int: () => frame.readInt32BE((offset += 4) - 4),
    flag: () => frame.readInt8((offset += 1) - 1) !== 0,
    long: () => Number(frame.readBigInt64BE((offset += 8) - 8)),
    raw(size) {
      offset += size;
      if (offset > frame.length) throw new RangeError("the frame ends inside a field");
      return frame.subarray(offset - size, offset);
    },
    bytes: () => reader.raw(Math.max(0, reader.int())),
    text: () => reader.bytes().toString(),
    stat() {
      const createdZxid = reader.long();
      const modifiedZxid = reader.long();
      reader.raw(16);
      const version = reader.int();
      reader.raw(8);
      const owner = reader.raw(8).toString("hex");
      reader.raw(16);
      return { createdZxid, modifiedZxid, version, owner };
    },
  };
  return reader;
}

export function int(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(4);
  buffer.writeInt32BE(value);
  return buffer;
}

export function long(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(8);
  buffer.writeBigInt64BE(BigInt(value));
  return buffer;
}

export function flag(value: boolean): Buffer {
  return Buffer.from([value ? 1 : 0]);
}

export function bytes(value: Buffer): Buffer {
  return Buffer.concat([int(value.length), value]);
}

export function text(value: string): Buffer {
  return bytes(Buffer.from(value));
}

/** Puts the length before a message. */
export function frame(...parts: Buffer[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([int(size), ...parts]);
}

/** The body of create, create2 and createContainer. */
export function createBody(path: string, value: Buffer, kind: keyof typeof createFlags, access: Access): Buffer {
  const [scheme, id] = access === "creator" ? ["auth", ""] : ["world", "anyone"];
  const rule = [int(1), int(allPermissions), text(scheme), text(id)];
  return Buffer.concat([text(path), bytes(value), ...rule, int(createFlags[kind])]);
}

export function setDataBody(path: string, value: Buffer, version: number): Buffer {
  return Buffer.concat([text(path), bytes(value), int(version)]);
}

export function deleteBody(path: string, version: number): Buffer {
  return Buffer.concat([text(path), int(version)]);
}

/** The body of check, which is for multi only. */
export function checkBody(path: string, version: number): Buffer {
  return Buffer.concat([text(path), int(version)]);
}

/** The body of exists, getData and getChildren; `watch` leaves a one-shot watch. */
export function readBody(path: string, watch: boolean): Buffer {
  return Buffer.concat([text(path), flag(watch)]);
}

export function addWatchBody(path: string): Buffer {
  return Buffer.concat([text(path), int(persistentRecursive)]);
}

export function multiBody(parts: { operation: number; body: Buffer }[]): Buffer {
  const header = (operation: number, done: boolean): Buffer => Buffer.concat([int(operation), flag(done), int(-1)]);
  return Buffer.concat([...parts.flatMap(({ operation, body }) => [header(operation, false), body]), header(-1, true)]);
}

/** Reads the answer to a multi: the error of the operation that stopped it, 0 for none, with the statistics of the last create2. */
export function readMulti(reader: Reader): { error: number; stat: Stat | undefined } {
  // What the operations report that were not the cause.
  const bystander = -2;
  let error = 0;
  let stat: Stat | undefined;
  for (;;) {
    const operation = reader.int();
    const done = reader.flag();
    reader.int();
    if (done) return { error, stat };
    if (operation === -1) {
      const own = reader.int();
      if (own !== 0 && own !== bystander) error = own;
    } else if (operation === operations.create2) {
      reader.text();
      stat = reader.stat();
    } else if (operation === operations.create) reader.text();
    else if (operation === operations.setData) reader.stat();
  }
}

/** A session as the server knows it; all zero asks for a new one. */
export interface SessionTicket {
  id: Buffer;
  password: Buffer;
}

export const newSession: SessionTicket = { id: Buffer.alloc(8), password: Buffer.alloc(16) };

/** The first frame of a connection. Read-only servers are refused. */
export function connectFrame(lastZxid: number, timeoutMs: number, { id, password }: SessionTicket): Buffer {
  const protocolVersion = 0;
  return frame(int(protocolVersion), long(lastZxid), int(timeoutMs), id, bytes(password), flag(false));
}

/** The server's answer to it; a timeout of 0 means that the session has expired. */
export function readConnected(reader: Reader): { timeoutMs: number; ticket: SessionTicket } {
  reader.int();
  const timeoutMs = reader.int();
  return { timeoutMs, ticket: { id: Buffer.from(reader.raw(8)), password: Buffer.from(reader.bytes()) } };
}

/** Returns a function that takes what arrives and calls `onFrame` with each whole message. Throws RangeError for what is no ZooKeeper. */
export function splitFrames(onFrame: (message: Buffer) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted = 4;
  return (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    // Joined only when a message is whole, so that a large one is copied once.
    if (size < wanted) return;
    let rest = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    for (;;) {
      if (rest.length < 4) break;
      const length = rest.readInt32BE();
      if (length < 0 || length > maxFrameBytes) throw new RangeError("no length of a frame");
      if (rest.length < 4 + length) break;
      const message = rest.subarray(4, 4 + length);
      rest = rest.subarray(4 + length);
      onFrame(message);
    }
    chunks = [rest];
    size = rest.length;
    wanted = rest.length < 4 ? 4 : 4 + rest.readInt32BE();
  };
}
