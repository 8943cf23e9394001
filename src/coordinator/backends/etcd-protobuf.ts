// The part of protocol buffers that etcd's messages are made of: varints and length-delimited fields.
// https://protobuf.dev/programming-guides/encoding/

/** A field by its number. Numbers are whole and not negative; what is left out has its type's zero value. */
export type Field = [number: number, value: string | Uint8Array | number];

/** A message taken apart: the values of each field, in order. */
export type Message = ReadonlyMap<number, (Buffer | number)[]>;

export function encodeMessage(...fields: Field[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const [number, value] of fields) {
    if (typeof value === "number") {
      parts.push(encodeVarint(number * 8), encodeVarint(value));
      continue;
    }
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    parts.push(encodeVarint(number * 8 + 2), encodeVarint(bytes.length), bytes);
  }
  return Buffer.concat(parts);
}

/** Takes a message apart. Numbers beyond 2^53, which only ids of members have, lose their last digits. */
export function decodeMessage(bytes: Buffer): Message {
  const message = new Map<number, (Buffer | number)[]>();
  let offset = 0;
  const next = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[offset++];
      if (byte === undefined) throw new Error("a message of etcd ends in the middle of a field");
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  };
  while (offset < bytes.length) {
    const tag = next();
    const number = next();
    const isBytes = tag % 8 === 2;
    const value = isBytes ? bytes.subarray(offset, offset + number) : number;
    if (isBytes) offset += number;
    const field = Math.floor(tag / 8);
    const values = message.get(field);
    if (values === undefined) message.set(field, [value]);
    else values.push(value);
  }
  return message;
}

export function readNumber(message: Message, field: number): number {
  const value = message.get(field)?.[0];
  return typeof value === "number" ? value : 0;
}

export function readText(message: Message, field: number): string {
  const value = message.get(field)?.[0];
  return value === undefined ? "" : value.toString();
}

/** The messages in a repeated field. */
export function readMessages(message: Message, field: number): Message[] {
  return (message.get(field) ?? []).map((value) => decodeMessage(value as Buffer));
}

/** The message in a field; one without fields where it was left out. */
export function readMessage(message: Message, field: number): Message {
  return readMessages(message, field)[0] ?? new Map();
}

function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
