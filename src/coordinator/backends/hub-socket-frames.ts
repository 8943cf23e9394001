// Frames of a WebSocket (RFC 6455, 5), as a client makes and reads them. Pure but for the masks, which must be unforeseeable.
import { randomBytes } from "node:crypto";

export const opcodes = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 } as const;

/** A whole message, or a control frame. */
export interface Frame {
  opcode: number;
  payload: Buffer;
}

// A hub sends snapshots of what one watch sees; more than this is no hub of ours.
const maxMessageBytes = 100 * 1024 * 1024;

/** Returns a client's frame: whole, and masked. */
export function makeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.alloc(2 + extended + 4 + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  const mask = randomBytes(4);
  mask.copy(frame, 2 + extended);
  const start = 2 + extended + 4;
  for (let index = 0; index < length; index++) frame[start + index] = (payload[index] as number) ^ (mask[index & 3] as number);
  return frame;
}

/** Puts frames together out of what arrives. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;
  /** With fewer bytes there is no need to look. */
  #needed = 2;
  #parts: Buffer[] = [];

  /** Takes bytes and gives what is whole by now. Throws an Error for what a server must not send. */
  *read(chunk: Buffer): Generator<Frame> {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= this.#needed) {
      const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
      const header = readHeader(bytes);
      this.#needed = typeof header === "number" ? header : header.end;
      if (typeof header === "number" || bytes.length < header.end) {
        this.#chunks = [bytes];
        continue;
      }
      const rest = bytes.subarray(header.end);
      this.#chunks = [rest];
      this.#size = rest.length;
      this.#needed = 2;
      const frame = this.#join(header, bytes.subarray(header.start, header.end));
      if (frame !== undefined) yield frame;
    }
  }

  // Control frames may stand between the parts of a message.
  #join({ opcode, isFinal }: Header, payload: Buffer): Frame | undefined {
    if (opcode >= opcodes.close) return { opcode, payload };
    if (opcode === opcodes.text ? this.#parts.length > 0 : opcode !== opcodes.continuation || this.#parts.length === 0)
      throw new Error(`the server sends a frame of kind ${opcode} out of turn`);
    this.#parts.push(payload);
    if (!isFinal) return undefined;
    const whole = this.#parts.length === 1 ? payload : Buffer.concat(this.#parts);
    this.#parts = [];
    return { opcode: opcodes.text, payload: whole };
  }
}

interface Header {
  opcode: number;
  isFinal: boolean;
  /** Where the payload starts and ends. */
  start: number;
  end: number;
}

// Returns how many bytes it needs where there are too few.
function readHeader(bytes: Buffer): Header | number {
  const [first, second] = bytes as unknown as [number, number];
  if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new Error("the server sends a frame that it must not");
  const short = second & 0x7f;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start) return start;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > maxMessageBytes) throw new Error(`the server sends ${length} bytes at once`);
  return { opcode: first & 0x0f, isFinal: (first & 0x80) !== 0, start, end: start + length };
}
