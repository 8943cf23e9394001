// etcd's messages as functions: every field number stands here and nowhere else. https://etcd.io/docs/v3.4/dev-guide/api_reference_v3/
import type { Entry, Expected } from "../coordinator.ts";
import { encodeMessage, type Field, type Message, readMessage, readMessages, readNumber, readText } from "./etcd-protobuf.ts";

export const paths = {
  range: "/etcdserverpb.KV/Range",
  put: "/etcdserverpb.KV/Put",
  txn: "/etcdserverpb.KV/Txn",
  deleteRange: "/etcdserverpb.KV/DeleteRange",
  watch: "/etcdserverpb.Watch/Watch",
  grant: "/etcdserverpb.Lease/LeaseGrant",
  keepAlive: "/etcdserverpb.Lease/LeaseKeepAlive",
  revoke: "/etcdserverpb.Lease/LeaseRevoke",
} as const;

const equal = 0;
const target = { create: 1, mod: 2 } as const;

/** The end of the range of all keys that begin with `prefix`: no UTF-8 text has the byte 255. */
export function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) as number) + 1;
  return end;
}

export function rangeRequest(
  key: string | Uint8Array,
  options: { end?: Uint8Array; limit?: number; revision?: number } = {},
): Buffer {
  const { end, limit = 0, revision = 0 } = options;
  return encodeMessage([1, key], ...(end === undefined ? [] : [[2, end] as Field]), [3, limit], [4, revision]);
}

/** `store` is the revision of the whole store that the answer shows. */
export function readRange(answer: Message): { pairs: Message[]; more: boolean; store: number } {
  return { pairs: readMessages(answer, 2), more: readNumber(answer, 3) !== 0, store: readStoreRevision(answer) };
}

export function putRequest(key: string, value: string, lease = 0): Buffer {
  return encodeMessage([1, key], [2, value], [3, lease]);
}

export function deleteRequest(key: string): Buffer {
  return encodeMessage([1, key]);
}

export function readDeleted(answer: Message): number {
  return readNumber(answer, 2);
}

/** Puts if what is `expected` holds, else reads what stands there. */
export function putIfRequest(key: string, value: string, expected: Exclude<Expected, "any">, lease = 0): Buffer {
  const put = encodeMessage([2, putRequest(key, value, lease)]);
  return encodeMessage([1, compare(key, expected)], [2, put], [3, encodeMessage([1, rangeRequest(key)])]);
}

export function deleteIfRequest(key: string, revision: number): Buffer {
  return encodeMessage([1, compare(key, revision)], [2, encodeMessage([3, deleteRequest(key)])]);
}

/** Reads the answer to a conditional put: the key's new revision, or the pair that stands there. */
export function readPutIf(answer: Message): { revision: number } | { pair: Message | undefined } {
  if (readNumber(answer, 2) !== 0) return { revision: readStoreRevision(answer) };
  return { pair: readMessages(readMessage(readMessage(answer, 3), 1), 2)[0] };
}

function compare(key: string, expected: Exclude<Expected, "any">): Buffer {
  const what: Field[] =
    expected === "absent"
      ? [
          [2, target.create],
          [5, 0],
        ]
      : [
          [2, target.mod],
          [6, expected],
        ];
  return encodeMessage([1, equal], [3, key], ...what);
}

/** The revision of the whole store, from an answer's header; after a write it is the written key's. */
export function readStoreRevision(answer: Message): number {
  return readNumber(readMessage(answer, 1), 3);
}

/** A stored pair as the entry that it is below `root`. */
export function readEntry(pair: Message, root: string): Entry {
  return { key: readText(pair, 1).slice(root.length), value: readText(pair, 5), revision: readNumber(pair, 3) };
}

/** The lease that a pair stands under; 0: none. */
export function readLease(pair: Message): number {
  return readNumber(pair, 6);
}

/** The key of a pair as it is stored, for the range that begins after it. */
export function keyAfter(pair: Message): Buffer {
  return Buffer.concat([pair.get(1)?.[0] as Buffer, Buffer.from([0])]);
}

/** Watches all keys that begin with `root`, from the write after `revision` on. */
export function watchRequest(root: string, revision: number): Buffer {
  return encodeMessage([1, encodeMessage([1, root], [2, prefixEnd(root)], [3, revision + 1])]);
}

export interface WatchAnswer {
  created: boolean;
  /** Why the watch has ended; undefined while it stands. */
  canceled: string | undefined;
  /** The oldest revision that is still known, where that is why. */
  compacted: number;
  store: number;
  /** A deleted key has a pair without value. */
  events: { isDelete: boolean; pair: Message }[];
}

export function readWatch(answer: Message): WatchAnswer {
  return {
    created: readNumber(answer, 3) !== 0,
    canceled: readNumber(answer, 4) === 0 ? undefined : readText(answer, 6),
    compacted: readNumber(answer, 5),
    store: readStoreRevision(answer),
    events: readMessages(answer, 11).map((event) => ({ isDelete: readNumber(event, 1) === 1, pair: readMessage(event, 2) })),
  };
}

export function grantRequest(lease: number, seconds: number): Buffer {
  return encodeMessage([1, seconds], [2, lease]);
}

/** The request to keep a lease alive, and to revoke it. */
export function leaseRequest(lease: number): Buffer {
  return encodeMessage([1, lease]);
}

/** The seconds that a lease has still to live; 0 when it is gone. */
export function readLeaseSeconds(answer: Message): number {
  return readNumber(answer, 3);
}
