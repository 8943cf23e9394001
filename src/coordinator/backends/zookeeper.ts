// The coordinator in a ZooKeeper ensemble, 3.6 and newer by one persistent recursive watch, 3.4 and 3.5 by one-shot watches.
// An entry is a node, its revision the zxid of the node's last change; presence is an ephemeral node.
import { Failure } from "../../model/failure.ts";
import type { Backend, Coordinator, Entry, WriteResult } from "../coordinator.ts";
import { compareKeys } from "../entry-table.ts";
import { checkLimits } from "../limits.ts";
import { retrying, untilAborted } from "../retrying.ts";
import { describeError, errorCodes, hasCode } from "./zookeeper-failures.ts";
import { makeMirror } from "./zookeeper-mirror.ts";
import { ZookeeperNodes } from "./zookeeper-nodes.ts";
import { directoryOf, keyOf, nodeOf } from "./zookeeper-paths.ts";
import { joinPresence } from "./zookeeper-presence.ts";
import { ZookeeperSession } from "./zookeeper-session.ts";
import { parseZookeeperUrl, zookeeperExample } from "./zookeeper-url.ts";

// Servers drop a connection on which more than jute.maxbuffer comes at once, by default a byte less than 1 MiB, path and access list included.
const maxValueBytes = 1_000_000;

const openTimeoutMs = 10_000;

/** A ZooKeeper coordinator; `oneShot` leaves out what only 3.6 and newer have, as for an older server. */
export async function openZookeeper(url: string, signal?: AbortSignal, oneShot = false): Promise<Coordinator> {
  const { root, ...where } = parseZookeeperUrl(url);
  const session = new ZookeeperSession({ ...where, onConnected, onEvent });
  const nodes = new ZookeeperNodes(session, where.credentials === undefined ? "everybody" : "creator");
  nodes.basic = oneShot;
  const ended = new AbortController();
  const mirror = makeMirror({
    read: (key) => readKey(key),
    begin: (key, watching) => guard(() => readKey(key, watching)),
    list: (prefix, watching) => guard(() => list(prefix, watching)),
  });

  function onConnected(): void {
    if (!nodes.basic) {
      nodes.watchBelow(root).catch((error: unknown) => {
        // Without an answer the connection is lost, and the next one begins again.
        if (!hasCode(error, errorCodes.unimplemented)) return;
        nodes.basic = true;
        mirror.refresh(true);
      });
    }
    mirror.refresh(nodes.basic);
  }

  function onEvent(path: string): void {
    if (nodes.basic) return mirror.relist((text) => covers(text, path));
    const key = keyOf(root, path);
    if (key !== undefined) mirror.touch(key);
  }

  function covers(text: string, path: string): boolean {
    if (text !== "" && !text.endsWith("/")) return path === nodeOf(root, text);
    const directory = directoryOf(root, text);
    return path === directory || path.startsWith(`${directory}/`);
  }

  async function readKey(key: string, watching = false): Promise<Entry | undefined> {
    return toEntry(key, await nodes.read(nodeOf(root, key), watching));
  }

  async function list(prefix: string, watching = false): Promise<Entry[]> {
    const directory = directoryOf(root, prefix.slice(0, prefix.lastIndexOf("/") + 1));
    const entries = await listDirectory(directory, watching);
    return entries.filter((entry) => entry.key.startsWith(prefix)).sort(compareKeys);
  }

  // One server may be behind the others. Both are sent together, and carried out in order.
  async function upToDate<T>(read: () => Promise<T>): Promise<T> {
    const [, result] = await guard(() => Promise.all([nodes.catchUp(root), read()]));
    return result;
  }

  async function listDirectory(directory: string, watching: boolean): Promise<Entry[]> {
    const names = await nodes.listNames(directory, watching);
    const listed = names.map(async (name) => {
      const path = `${directory}/${name}`;
      if (name.endsWith(":")) return listDirectory(path, watching);
      const key = keyOf(root, path);
      const entry = key === undefined ? undefined : toEntry(key, await nodes.read(path, watching));
      return entry === undefined ? [] : [entry];
    });
    return (await Promise.all(listed)).flat();
  }

  async function write(key: string, value: string, expected: number | "absent" | "any"): Promise<WriteResult> {
    const path = nodeOf(root, key);
    const bytes = Buffer.from(value);
    for (;;) {
      if (expected === "absent") {
        const revision = await nodes.create(path, bytes, "persistent");
        return revision === undefined ? { written: false, current: await readKey(key) } : { written: true, revision };
      }
      if (expected === "any") {
        const revision = (await nodes.setData(path, bytes)) ?? (await nodes.create(path, bytes, "persistent"));
        if (revision !== undefined) return { written: true, revision };
        continue;
      }
      const node = await nodes.read(path);
      if (node === undefined || node.stat.modifiedZxid !== expected) {
        // Unless the server is behind and has not seen that revision yet.
        const current = await upToDate(() => readKey(key));
        if (current?.revision !== expected) return { written: false, current };
        continue;
      }
      const revision = await nodes.setData(path, bytes, node.stat.version);
      if (revision !== undefined) return { written: true, revision };
    }
  }

  function guard<T>(run: () => Promise<T>): Promise<T> {
    return run().catch((error: unknown) => {
      throw describeError(error, root);
    });
  }

  await connect(session, signal, () => guard(() => nodes.prepareRoot(root)));

  const coordinator: Coordinator = {
    read: (key) => upToDate(() => readKey(key)),
    list: (prefix) => upToDate(() => list(prefix)),
    write: async (key, value, expected) => {
      checkSize(key, value);
      return guard(() => write(key, value, expected));
    },
    remove: (key) => guard(() => nodes.remove(nodeOf(root, key))),
    async watch(prefix, observer, watchSignal) {
      ended.signal.throwIfAborted();
      await untilAborted(mirror.watch(prefix, observer, watchSignal), watchSignal);
    },
    async join(key, value, joinSignal) {
      checkSize(key, value);
      await guard(() => joinPresence({ nodes, mirror, root, key, value, retrying: retryUntilClosed }, joinSignal));
    },
    async [Symbol.asyncDispose]() {
      const failure = new Failure("give-up", "closed", "the coordinator is closed");
      ended.abort(failure);
      await session.close(failure);
    },
  };
  return coordinator;

  function retryUntilClosed<T>(run: () => Promise<T>): Promise<T> {
    return retrying(() => guard(run), ended.signal);
  }
}

async function connect(session: ZookeeperSession, signal: AbortSignal | undefined, prepare: () => Promise<void>): Promise<void> {
  const opening = new AbortController();
  const timer = setTimeout(() => opening.abort(session.describeAbsence()), openTimeoutMs);
  const stop = (): void => opening.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    await untilAborted(session.connected, opening.signal);
    await untilAborted(prepare(), opening.signal);
  } catch (error) {
    await session.close(new Failure("give-up", "closed", "the coordinator could not be opened"));
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

function toEntry(key: string, node: { value: string; stat: { modifiedZxid: number } } | undefined): Entry | undefined {
  return node === undefined ? undefined : { key, value: node.value, revision: node.stat.modifiedZxid };
}

function checkSize(key: string, value: string): void {
  checkLimits(key, value);
  if (Buffer.byteLength(value) <= maxValueBytes) return;
  throw new Failure("give-up", "too-large", `the entry ${key} is larger than the ${maxValueBytes} bytes that ZooKeeper takes`);
}

export const zookeeper = {
  scheme: "zookeeper",
  example: zookeeperExample,
  gaps: {
    "a value of 1 MiB is stored and watched whole":
      "ZooKeeper drops a connection on which more than jute.maxbuffer comes at once, by default a byte less than 1 MiB",
    "a watcher sees every one of many quick writes to one key":
      "ZooKeeper's events carry no value: of writes to one key that follow each other at once, a watcher sees the last",
  },
  open: (url, signal) => openZookeeper(url, signal),
} satisfies Backend;
