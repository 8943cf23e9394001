// A cluster of etcd v3 as the coordinator, by a client of our own: one session, one watch, one lease. The parts are etcd-*.ts.
import { Failure } from "../../model/failure.ts";
import type { Backend, Coordinator } from "../coordinator.ts";
import { compareKeys } from "../entry-table.ts";
import { checkLimits } from "../limits.ts";
import { EtcdConnection } from "./etcd-connection.ts";
import { EtcdPresence } from "./etcd-presence.ts";
import {
  deleteRequest,
  paths,
  putIfRequest,
  putRequest,
  rangeRequest,
  readDeleted,
  readEntry,
  readPutIf,
  readRange,
  readStoreRevision,
} from "./etcd-requests.ts";
import { exampleUrl, parseEtcdUrl } from "./etcd-url.ts";
import { listEntries, shareWatch } from "./etcd-watch.ts";

export const etcd = {
  scheme: "etcd",
  example: exampleUrl,
  gaps: {},
  async open(url: string, signal?: AbortSignal) {
    const { root, ...address } = parseEtcdUrl(url);
    const connection = new EtcdConnection({ root, ...address });
    const stop = (): void => connection.end();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      // Shows at once what is wrong: the address, the password, the user's permission, a missing quorum.
      await connection.ask(paths.range, rangeRequest(root), { again: true });
    } catch (error) {
      connection.end();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    return openStore(connection, root);
  },
} satisfies Backend;

function openStore(connection: EtcdConnection, root: string): Coordinator {
  const presence = new EtcdPresence(connection);
  return {
    async read(key) {
      const { pairs } = readRange(await connection.ask(paths.range, rangeRequest(root + key), { again: true }));
      return pairs[0] === undefined ? undefined : readEntry(pairs[0], root);
    },
    async list(prefix) {
      for (;;) {
        try {
          return (await listEntries(connection, root, root + prefix)).entries.sort(compareKeys);
        } catch (error) {
          // Compacted between two pages.
          if (!(error instanceof Failure) || error.code !== "compacted") throw error;
        }
      }
    },
    async write(key, value, expected) {
      checkLimits(key, value);
      if (expected === "any") {
        const answer = await connection.ask(paths.put, putRequest(root + key, value), { again: false });
        return { written: true, revision: readStoreRevision(answer) };
      }
      const request = putIfRequest(root + key, value, expected);
      const result = readPutIf(await connection.ask(paths.txn, request, { again: false }));
      if ("revision" in result) return { written: true, revision: result.revision };
      return { written: false, current: result.pair === undefined ? undefined : readEntry(result.pair, root) };
    },
    async remove(key) {
      return readDeleted(await connection.ask(paths.deleteRange, deleteRequest(root + key), { again: false })) > 0;
    },
    watch: shareWatch(connection, root),
    async join(key, value, signal) {
      checkLimits(key, value);
      await presence.join(root + key, value, signal);
    },
    async [Symbol.asyncDispose]() {
      await presence.end();
      connection.end();
    },
  };
}
