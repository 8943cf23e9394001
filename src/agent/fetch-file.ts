// Fetches a file that a role's options name by URL and digest, checks it, and unpacks it where it is an archive.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { constants, gunzipSync } from "node:zlib";
import { messageOf } from "../model/failure.ts";
import { linkAbort } from "./abort.ts";
import { findCommand } from "./find-command.ts";

export interface Download {
  url: string;
  /** In lower case. */
  sha256: string;
}

// A server that sends nothing for so long will not go on.
const silenceMs = 60_000;
const headBytes = 4096;

/** Fetches into `folder`. Rejects, saying what is wrong, when the file cannot be had, has another digest, or cannot be unpacked. */
export async function fetchFile({ url, sha256 }: Download, folder: string, signal: AbortSignal): Promise<void> {
  mkdirSync(join(folder, "file"));
  const path = pathOf(folder, url);
  const digest = await receive(url, path, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new Error(`cannot fetch ${url}: ${explain(error)}`);
  });
  if (digest !== sha256) throw new Error(`${url} is not the file that is meant: its SHA-256 is ${digest}, not ${sha256}`);
  const kind = archiveKind(path);
  if (kind === undefined) return;
  const into = join(folder, "unpacked");
  mkdirSync(into);
  const [command, ...args] = unpackCommand(kind, path, into, url);
  await promisify(execFile)(command, args, { signal }).catch((error: Error & { stderr?: string }) => {
    signal.throwIfAborted();
    throw new Error(`cannot unpack ${url}: ${error.stderr?.trim() || error.message}`);
  });
  rmSync(join(folder, "file"), { recursive: true });
}

/** Returns the path of what fetchFile has put into `folder`: the archive's contents, or the file. */
export function locateDownload(folder: string, url: string): string {
  const unpacked = join(folder, "unpacked");
  return existsSync(unpacked) ? unpacked : pathOf(folder, url);
}

function pathOf(folder: string, url: string): string {
  return join(folder, "file", basename(new URL(url).pathname) || "file");
}

async function receive(url: string, path: string, outer: AbortSignal): Promise<string> {
  const { controller, unlink } = linkAbort([outer]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(new Error(`silent for ${silenceMs / 1000} s`)), silenceMs);
  };
  const file = openSync(path, "w", 0o644);
  try {
    listen();
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok) throw new Error(`the server says ${response.status} ${response.statusText}`.trimEnd());
    const hash = createHash("sha256");
    for await (const chunk of response.body ?? []) {
      listen();
      hash.update(chunk);
      for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done);
    }
    return hash.digest("hex");
  } finally {
    clearTimeout(timer);
    closeSync(file);
    unlink();
  }
}

// What fetch throws says "fetch failed"; the reason is its cause.
function explain(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return messageOf(cause);
}

// By its first bytes: addresses say little (https://.../download).
function archiveKind(path: string): "tar" | "zip" | undefined {
  const head = Buffer.alloc(headBytes);
  const file = openSync(path, "r");
  const size = readSync(file, head, 0, headBytes, 0);
  closeSync(file);
  if (head.readUInt32BE(0) === 0x504b0304) return "zip";
  const isGzip = head.readUInt16BE(0) === 0x1f8b;
  const plain = isGzip ? startOf(head.subarray(0, size)) : head;
  return plain.toString("latin1", 257, 262) === "ustar" ? "tar" : undefined;
}

function startOf(gzip: Buffer): Buffer {
  try {
    return gunzipSync(gzip, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

function unpackCommand(kind: "tar" | "zip", path: string, into: string, url: string): [string, ...string[]] {
  const has = (command: string): boolean => findCommand(command, process.env["PATH"]) !== undefined;
  if (kind === "tar" && has("tar")) return ["tar", "--extract", "--no-same-owner", "--file", path, "--directory", into];
  if (kind === "zip" && has("unzip")) return ["unzip", "-q", path, "-d", into];
  if (kind === "zip" && has("python3")) return ["python3", "-m", "zipfile", "-e", path, into];
  throw new Error(`cannot unpack ${url}: ${kind === "tar" ? "tar is" : "neither unzip nor python3 is"} installed`);
}
