// Presence in ZooKeeper: an ephemeral node, made again whenever it is gone (with an expired session, or removed), until it is left or taken over.
import type { Entry } from "../coordinator.ts";
import type { Mirror } from "./zookeeper-mirror.ts";
import type { ZookeeperNodes } from "./zookeeper-nodes.ts";
import { nodeOf } from "./zookeeper-paths.ts";

export interface PresenceOptions {
  nodes: ZookeeperNodes;
  mirror: Mirror;
  root: string;
  key: string;
  value: string;
  /** Tries again while ZooKeeper is away, until the coordinator is closed. */
  retrying: <T>(run: () => Promise<T>) => Promise<T>;
}

/** Joins, and resolves when the node is there. What stands in its place is taken over. */
export async function joinPresence(options: PresenceOptions, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { nodes, mirror, key, retrying } = options;
  const path = nodeOf(options.root, key);
  const value = Buffer.from(options.value);
  const watching = new AbortController();
  // The zxid of our node, undefined when somebody else has taken it over.
  let placed: Promise<number | undefined> = takeOver();
  await placed;

  const leave = (): void => {
    watching.abort();
    // Closing the coordinator ends the session, and so the node.
    retrying(removeOwn).catch(() => undefined);
  };
  if (signal.aborted) return leave();
  signal.addEventListener("abort", leave, { once: true });
  const observer = {
    snapshot: ([entry]: Entry[]) => void see(entry),
    change: (_key: string, entry: Entry | undefined) => void see(entry),
  };
  // Who watches is told of what happens from here on, and of what has happened since.
  retrying(() => mirror.watch(key, observer, watching.signal)).catch(() => undefined);

  async function takeOver(): Promise<number> {
    for (;;) {
      const zxid = (await nodes.create(path, value, "ephemeral")) ?? (await nodes.replace(path, value));
      if (zxid !== undefined) return zxid;
    }
  }

  // Makes the node again, unless somebody else was faster. It may be there already: the answer to an earlier attempt was lost then.
  async function placeAgain(): Promise<number | undefined> {
    const zxid = await nodes.create(path, value, "ephemeral");
    if (zxid !== undefined) return zxid;
    const node = await nodes.read(path);
    return node === undefined ? placeAgain() : node.stat.owner === nodes.sessionId ? node.stat.createdZxid : undefined;
  }

  async function see(entry: Entry | undefined): Promise<void> {
    const own = await placed;
    if (watching.signal.aborted) return;
    if (entry === undefined) {
      placed = retrying(placeAgain).catch(() => undefined);
      // Left while it was being made.
      await placed;
      if (signal.aborted) leave();
    } else if (own === undefined || entry.revision > own) watching.abort();
  }

  async function removeOwn(): Promise<void> {
    const own = await placed;
    const node = await nodes.read(path);
    if (node !== undefined && node.stat.createdZxid === own) await nodes.remove(path);
  }
}
