// The durable coordinator of one process: node:sqlite in a directory, every batch one fsynced transaction. The only file that knows SQLite.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure, messageOf } from "../../model/failure.ts";
import type { Backend, Coordinator, Entry } from "../coordinator.ts";
import { type Disk, openLocalStore } from "../local-store.ts";

/** Grows when an older weft could misread a newer one's file. */
const formatVersion = 1;

// No revision is given twice, even after a removal and a restart: each start begins above what earlier ones had reserved. Counting every
// write on the disk would cost a page a commit.
const reservedAtOnce = 1e9;

// How long a start waits for the process before it to let go of the file.
const lockWaitMs = 500;

export const embedded = {
  scheme: "embedded",
  example: "embedded:./weft-data",
  gaps: {},
  async open(url) {
    const directory = url.slice("embedded:".length);
    if (directory === "") throw new Failure("give-up", "bad-url", "embedded: needs a directory, like embedded:./weft-data");
    return openEmbedded(directory);
  },
} satisfies Backend;

/** Opens the store in `directory`, making it if missing. Fails `give-up` with code `in-use` while another process has it open. */
export function openEmbedded(directory: string): Coordinator {
  return openLocalStore(openDisk(directory));
}

function openDisk(directory: string): Disk {
  const database = attempt(directory, () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return new DatabaseSync(join(directory, "weft.sqlite"), { timeout: lockWaitMs });
  });
  try {
    return prepareDisk(directory, database);
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepareDisk(directory: string, database: DatabaseSync): Disk {
  return attempt(directory, () => {
    // Exclusive mode holds the file's lock from the first transaction until this process ends, however it ends.
    database.exec("pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full; begin exclusive");
    const { user_version: version } = database.prepare("pragma user_version").get() as { user_version: number };
    if (version > formatVersion) {
      throw new Failure("give-up", "newer-format", `${directory} was written by a newer weft: use that one, or a new directory`);
    }
    database.exec(`
      create table if not exists entries (key text primary key, value text not null, revision integer not null) without rowid;
      create table if not exists counter (id integer primary key check (id = 1), reserved integer not null);
      insert or ignore into counter values (1, 0);
      pragma user_version = ${formatVersion};
      commit`);
    const put = database.prepare(
      "insert into entries values (?, ?, ?) on conflict (key) do update set value = excluded.value, revision = excluded.revision",
    );
    const remove = database.prepare("delete from entries where key = ?");
    const reserve = database.prepare("update counter set reserved = ?");
    let reserved = (database.prepare("select reserved from counter").get() as { reserved: number }).reserved;
    return {
      load: () =>
        attempt(directory, () => {
          const revision = reserved;
          reserve.run((reserved += reservedAtOnce));
          return { entries: database.prepare("select key, value, revision from entries").all() as unknown as Entry[], revision };
        }),
      commit: (changes, revision) =>
        attempt(directory, () => {
          database.exec("begin");
          try {
            for (const { key, entry, durable } of changes) {
              if (entry !== undefined && durable) put.run(key, entry.value, entry.revision);
              else remove.run(key);
            }
            if (revision > reserved) reserve.run((reserved += reservedAtOnce));
            database.exec("commit");
          } catch (error) {
            // Some errors (a full disk) have rolled back already.
            if (database.isTransaction) database.exec("rollback");
            throw error;
          }
        }),
      // Holds up the hub while it copies: some milliseconds a megabyte.
      backup: (file) => attempt(dirname(file), () => void database.prepare("vacuum into ?").run(file)),
      close: () => database.close(),
    };
  });
}

function attempt<T>(directory: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof Failure ? error : describeDiskError(directory, error);
  }
}

const writableHint = "check its owner and permissions, and that the disk is not read-only";

// SQLite's primary result codes, https://sqlite.org/rescode.html
function describeDiskError(directory: string, error: unknown): Failure {
  const cause = { cause: error };
  const resultCode = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  const what = `the directory ${directory}`;
  const systemCode = (error as { code?: string }).code ?? "";
  // Node says ENOENT for a folder that cannot be made on a read-only disk.
  if (["EACCES", "EPERM", "EROFS", "ENOENT"].includes(systemCode))
    return new Failure("give-up", "disk", `${what} cannot be written: ${writableHint}`, cause);
  if (systemCode === "ENOSPC") return new Failure("retry", "disk-full", `${what}: the disk is full: free some space`, cause);
  switch (resultCode) {
    case 5: // BUSY
    case 6: // LOCKED
      return new Failure("give-up", "in-use", `${what} is in use by another process: end it, or use another directory`, cause);
    case 13: // FULL
      return new Failure("retry", "disk-full", `${what}: the disk is full: free some space`, cause);
    case 11: // CORRUPT
    case 26: // NOTADB
      return new Failure("give-up", "damaged", `${what} is damaged: put back a copy of it, or use a new directory`, cause);
    case 3: // PERM
    case 8: // READONLY
    case 14: // CANTOPEN
      return new Failure("give-up", "disk", `${what} cannot be written: ${writableHint}`, cause);
    default:
      return new Failure("give-up", "disk", `${what}: ${messageOf(error)}: check the disk and start again`, cause);
  }
}
