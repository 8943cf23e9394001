// ZooKeeper's operations on nodes as weft needs them: what is not there is undefined, directories are made when they are missing.
import { ZookeeperError, errorCodes, hasCode } from "./zookeeper-failures.ts";
import type { ZookeeperSession } from "./zookeeper-session.ts";
import {
  type Access,
  addWatchBody,
  anyVersion,
  checkBody,
  createBody,
  deleteBody,
  multiBody,
  operations,
  readBody,
  type Reader,
  readMulti,
  setDataBody,
  type Stat,
} from "./zookeeper-wire.ts";

export interface NodeState {
  value: string;
  stat: Stat;
}

const nothing = Buffer.alloc(0);

/** The nodes that one session sees. Everything rejects with ZookeeperError, or with the session's Failure. */
export class ZookeeperNodes {
  /** Whether to use only what every server since 3.4 has: those before 3.6 end the session for an unknown operation. */
  basic = false;
  readonly #session: ZookeeperSession;
  readonly #access: Access;

  constructor(session: ZookeeperSession, access: Access) {
    this.#session = session;
    this.#access = access;
  }

  get sessionId(): string {
    return this.#session.id;
  }

  /** Makes `root` and what is above it, and checks that it may be used. */
  async prepareRoot(root: string): Promise<void> {
    if (!(await this.#exists(root, false))) {
      const names = root.slice(1).split("/");
      for (const [index] of names.entries()) {
        const path = `/${names.slice(0, index + 1).join("/")}`;
        await unless(this.#create(path, nothing, "persistent"), errorCodes.nodeExists);
      }
    }
    // Unlike `exists`, this needs the right to read.
    await this.#session.request(operations.getData, readBody(root, false), () => undefined, true);
  }

  /**
   * Lets the server catch up with all that was acknowledged before; what is asked next sees it. An empty transaction, since ZooKeeper's own
   * `sync` does not hold on the leader, which may answer a client of its own before it has carried out what its followers have.
   */
  async catchUp(root: string): Promise<void> {
    const body = multiBody([{ operation: operations.check, body: checkBody(root, anyVersion) }]);
    const { error } = await this.#session.request(operations.multi, body, readMulti, true);
    if (error !== 0) throw new ZookeeperError(error);
  }

  /** With `watching`, leaves a one-shot watch, also where there is no node. */
  async read(path: string, watching = false): Promise<NodeState | undefined> {
    const take = (reader: Reader): NodeState => ({ value: reader.bytes().toString(), stat: reader.stat() });
    for (;;) {
      const request = this.#session.request(operations.getData, readBody(path, watching), take, true);
      const node = await unless(request, errorCodes.noNode);
      if (node !== undefined || !watching || !(await this.#exists(path, true))) return node;
    }
  }

  /** The names of the nodes in `directory`, none where it is not there. With `watching`, leaves a one-shot watch. */
  async listNames(directory: string, watching: boolean): Promise<string[]> {
    const take = (reader: Reader): string[] => Array.from({ length: Math.max(0, reader.int()) }, () => reader.text());
    for (;;) {
      const request = this.#session.request(operations.getChildren, readBody(directory, watching), take, true);
      const names = await unless(request, errorCodes.noNode);
      if (names !== undefined || !watching || !(await this.#exists(directory, true))) return names ?? [];
    }
  }

  /** Watches everything below `root` until the connection ends. */
  watchBelow(root: string): Promise<void> {
    return this.#session.request(operations.addWatch, addWatchBody(root), () => undefined, false);
  }

  /** Makes a node and the directories above it; returns its zxid, undefined when it is there already. */
  async create(path: string, value: Buffer, kind: "persistent" | "ephemeral"): Promise<number | undefined> {
    for (;;) {
      try {
        return await unless(this.#create(path, value, kind), errorCodes.nodeExists);
      } catch (error) {
        if (!hasCode(error, errorCodes.noNode)) throw error;
        await this.#createDirectories(path);
      }
    }
  }

  /** Returns the zxid of the change; undefined when there is no node, or not of this version. */
  async setData(path: string, value: Buffer, version: number = anyVersion): Promise<number | undefined> {
    const take = (reader: Reader): number => reader.stat().modifiedZxid;
    const request = this.#session.request(operations.setData, setDataBody(path, value, version), take, false);
    return unless(unless(request, errorCodes.noNode), errorCodes.badVersion);
  }

  /** Returns whether the node was there. */
  async remove(path: string): Promise<boolean> {
    const request = this.#session.request(operations.delete, deleteBody(path, anyVersion), () => true, false);
    return (await unless(request, errorCodes.noNode)) ?? false;
  }

  /** Puts an ephemeral node of this session in the place of one that is there; returns its zxid, undefined when there is none any more. */
  async replace(path: string, value: Buffer): Promise<number | undefined> {
    const body = multiBody([
      { operation: operations.delete, body: deleteBody(path, anyVersion) },
      {
        operation: this.basic ? operations.create : operations.create2,
        body: createBody(path, value, "ephemeral", this.#access),
      },
    ]);
    const take = (reader: Reader, zxid: number): { error: number; zxid: number } => {
      const { error, stat } = readMulti(reader);
      return { error, zxid: stat?.modifiedZxid ?? zxid };
    };
    const { error, zxid } = await this.#session.request(operations.multi, body, take, false);
    if (error === errorCodes.noNode) return undefined;
    if (error !== 0) throw new ZookeeperError(error);
    return zxid;
  }

  async #exists(path: string, watching: boolean): Promise<boolean> {
    const request = this.#session.request(operations.exists, readBody(path, watching), () => true, true);
    return (await unless(request, errorCodes.noNode)) ?? false;
  }

  #create(path: string, value: Buffer, kind: "persistent" | "ephemeral" | "container"): Promise<number> {
    const operation = this.basic ? operations.create : kind === "container" ? operations.createContainer : operations.create2;
    const ownKind = this.basic && kind === "container" ? "persistent" : kind;
    const repeatable = kind === "container";
    const take = (reader: Reader, zxid: number): number => {
      reader.text();
      // The older answer has no statistics.
      return this.basic ? zxid : reader.stat().modifiedZxid;
    };
    return this.#session.request(operation, createBody(path, value, ownKind, this.#access), take, repeatable);
  }

  // All at once: they are carried out in this order. The server takes away containers that have become empty.
  async #createDirectories(path: string): Promise<void> {
    const names = path.slice(1).split("/");
    const directories = names.slice(0, -1).flatMap((name, index) => {
      return name.endsWith(":") ? [`/${names.slice(0, index + 1).join("/")}`] : [];
    });
    await Promise.all(
      directories.map((directory) => unless(this.#create(directory, nothing, "container"), errorCodes.nodeExists)),
    );
  }
}

// Undefined for the error `code`.
function unless<T>(promise: Promise<T>, code: number): Promise<T | undefined> {
  return promise.catch((error: unknown) => {
    if (hasCode(error, code)) return undefined;
    throw error;
  });
}
