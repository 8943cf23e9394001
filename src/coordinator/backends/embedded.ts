// The durable coordinator of one process: node:sqlite in a directory, every batch one fsynced transaction. The only file that knows SQLite.
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { Failure, messageOf } from "../../model/failure.ts";
import type { Backend, Coordinator, Entry } from "../coordinator.ts";
import { type Disk, openLocalStore } from "../local-store.ts";

/** Grows when another weft could misread this one's file. */
const formatVersion = 2;

// No revision is given twice, even after a removal and a restart: each start begins above what earlier ones had reserved. Counting every
// write on the disk would cost a page a commit.
const reservedAtOnce = 1e9;

// In the order of writing: what one commit writes lies side by side, on a few pages instead of one for each entry. Where a key's entry
// is needs no index, since all keys are in memory anyway.
const newTables = `
  create table if not exists entries (revision integer primary key, key text not null, value text not null, sum integer not null);
  create table if not exists counter (id integer primary key check (id = 1), reserved integer not null);
  insert or ignore into counter values (1, 0);
  pragma user_version = ${formatVersion}`;

// One page of the smallest size that SQLite knows.
const smallestFileBytes = 512;

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
    const file = join(directory, "weft.sqlite");
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    // SQLite would begin anew in it.
    if (size !== undefined && size < smallestFileBytes) throw damaged(directory, `weft.sqlite has ${size} bytes`);
    if (size === undefined) createFile(directory, file);
    return new DatabaseSync(file, { timeout: lockWaitMs });
  });
  try {
    return prepareDisk(directory, database);
  } catch (error) {
    database.close();
    throw error;
  }
}

// Whole or not at all: a process that is killed while it makes its first file leaves none that looks damaged.
function createFile(directory: string, file: string): void {
  const fresh = `${file}.new-${process.pid}`;
  rmSync(fresh, { force: true });
  const database = new DatabaseSync(fresh);
  try {
    database.exec(`pragma synchronous = full; begin exclusive; ${newTables}; commit`);
  } finally {
    database.close();
  }
  try {
    linkSync(fresh, file);
  } catch (error) {
    // Another process was first: which of us may use it, its lock decides.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
  const folder = openSync(directory, "r");
  fsyncSync(folder);
  closeSync(folder);
}

function prepareDisk(directory: string, database: DatabaseSync): Disk {
  return attempt(directory, () => {
    // Exclusive mode holds the file's lock from the first transaction until this process ends, however it ends.
    database.exec("pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full; begin exclusive");
    const { user_version: version } = database.prepare("pragma user_version").get() as { user_version: number };
    if (version === 0) throw damaged(directory, "weft.sqlite has no tables");
    if (version !== formatVersion) {
      throw new Failure("give-up", "other-format", `${directory} was written by another weft: use that one, or a new directory`);
    }
    database.exec("commit");
    const insert = database.prepare("insert into entries values (?, ?, ?, ?)");
    const remove = database.prepare("delete from entries where revision = ?");
    const revisions = new Map<string, number>();
    const reserve = database.prepare("update counter set reserved = ?");
    let reserved = 0;
    return {
      load: () =>
        attempt(directory, () => {
          const entries = readWhole(directory, database);
          for (const { key, revision } of entries) revisions.set(key, revision);
          if (revisions.size < entries.length) throw damaged(directory, "a key is there twice");
          const revision = (reserved = readReserved(directory, database, entries));
          reserve.run((reserved += reservedAtOnce));
          return { entries, revision };
        }),
      commit: (changes, revision) =>
        attempt(directory, () => {
          const moved = new Map<string, number | undefined>();
          database.exec("begin");
          try {
            for (const { key, entry, durable } of changes) {
              const before = moved.has(key) ? moved.get(key) : revisions.get(key);
              if (before !== undefined) remove.run(before);
              const kept = durable ? entry : undefined;
              if (kept !== undefined) insert.run(kept.revision, key, kept.value, sumOf(kept));
              moved.set(key, kept?.revision);
            }
            if (revision > reserved) reserve.run((reserved += reservedAtOnce));
            database.exec("commit");
          } catch (error) {
            // Some errors (a full disk) have rolled back already.
            if (database.isTransaction) database.exec("rollback");
            throw error;
          }
          for (const [key, now] of moved) {
            if (now === undefined) revisions.delete(key);
            else revisions.set(key, now);
          }
        }),
      // Holds up the hub while it copies: some milliseconds a megabyte.
      backup: (file) => attempt(dirname(file), () => void database.prepare("vacuum into ?").run(file)),
      close: () => database.close(),
    };
  });
}

// SQLite has checksums in its log alone: a bit that flips in the file itself would be believed.
function readWhole(directory: string, database: DatabaseSync): Entry[] {
  const { integrity_check: found } = database.prepare("pragma integrity_check(1)").get() as { integrity_check: string };
  if (found !== "ok") throw damaged(directory, found);
  const rows = database.prepare("select key, value, revision, sum from entries").all() as unknown as (Entry & { sum: number })[];
  return rows.map(({ key, value, revision, sum }) => {
    const entry = { key, value, revision };
    if (sum !== sumOf(entry)) throw damaged(directory, `the entry ${key} is not as it was written`);
    return entry;
  });
}

function sumOf({ key, value, revision }: Entry): number {
  return crc32(`${key}\0${value}\0${revision}`);
}

function readReserved(directory: string, database: DatabaseSync, entries: Entry[]): number {
  const { reserved } = (database.prepare("select reserved from counter").get() ?? {}) as { reserved?: number };
  const newest = entries.reduce((highest, { revision }) => Math.max(highest, revision), 0);
  if (reserved !== undefined && reserved >= newest && reserved % reservedAtOnce === 0) return reserved;
  throw damaged(directory, "the count of its writes is wrong");
}

function damaged(directory: string, what: string, options?: ErrorOptions): Failure {
  const hint = "put back a copy of it, or use a new directory";
  return new Failure("give-up", "damaged", `the directory ${directory} is damaged (${what}): ${hint}`, options);
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
    case 1: // ERROR: our statements do not fit its tables
    case 11: // CORRUPT
    case 26: // NOTADB
      return damaged(directory, messageOf(error), cause);
    case 3: // PERM
    case 8: // READONLY
    case 14: // CANTOPEN
      return new Failure("give-up", "disk", `${what} cannot be written: ${writableHint}`, cause);
    default:
      return new Failure("give-up", "disk", `${what}: ${messageOf(error)}: check the disk and start again`, cause);
  }
}
