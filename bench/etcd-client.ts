// The shortest way to etcd v3 that there is: gRPC over one HTTP/2 connection, for put and watch only. What we measure ourselves against.
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";

type Field = [number: number, value: string | Uint8Array | number];
type Message = Map<number, (Buffer | number)[]>;

/** A connection to one etcd server. */
export class EtcdClient {
  readonly #session: ClientHttp2Session;

  constructor(url: string) {
    this.#session = connect(url);
    // Each stream reports its own failure.
    this.#session.on("error", () => {});
  }

  /** Puts a value; resolves when etcd has it on disk. */
  async put(key: string, value: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const stream = this.#open("/etcdserverpb.KV/Put");
      readMessages(stream, () => {});
      stream.once("trailers", (trailers) => {
        if (trailers["grpc-status"] === "0") resolve();
        else reject(new Error(`etcd: ${String(trailers["grpc-message"])}`));
      });
      stream.once("error", reject);
      stream.end(frame(encode([1, key], [2, value])));
    });
  }

  /** Watches a key; resolves when the watch stands. `onPut` gets each new value. */
  async watch(key: string, onPut: (value: string) => void): Promise<void> {
    const stream = this.#open("/etcdserverpb.Watch/Watch");
    await new Promise<void>((resolve, reject) => {
      stream.once("error", reject);
      readMessages(stream, (message) => {
        const response = decode(message);
        if (response.has(3)) resolve();
        for (const event of response.get(11) ?? []) {
          const pair = decode(decode(event as Buffer).get(2)?.[0] as Buffer);
          onPut(String(pair.get(5)?.[0] ?? ""));
        }
      });
      stream.write(frame(encode([1, encode([1, key])])));
    });
  }

  close(): void {
    this.#session.destroy();
  }

  #open(path: string): ClientHttp2Stream {
    return this.#session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" });
  }
}

// gRPC: one byte of flags, four of length, then the message.
function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function readMessages(stream: ClientHttp2Stream, onMessage: (message: Buffer) => void): void {
  let buffer: Buffer = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    while (buffer.length >= 5 && buffer.length >= 5 + buffer.readUInt32BE(1)) {
      const end = 5 + buffer.readUInt32BE(1);
      onMessage(buffer.subarray(5, end));
      buffer = buffer.subarray(end);
    }
  });
}

// Protocol buffers: only varints and length-delimited fields occur here.
function encode(...fields: Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === "number") return [varint(number * 8), varint(value)];
      const bytes = Buffer.from(value as string);
      return [varint(number * 8 + 2), varint(bytes.length), bytes];
    }),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function decode(bytes: Buffer): Message {
  const message: Message = new Map();
  let offset = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[offset++] as number;
      value += (byte % 128) * shift;
      if (byte < 128) return value;
    }
  };
  while (offset < bytes.length) {
    const tag = next();
    const isBytes = tag % 8 === 2;
    const size = next();
    const value = isBytes ? bytes.subarray(offset, offset + size) : size;
    if (isBytes) offset += size;
    const number = Math.floor(tag / 8);
    message.set(number, [...(message.get(number) ?? []), value]);
  }
  return message;
}
