// GET /agent/NAME: the programs that vms fetch when they boot. No token: they are no secret, and each vm holds them to a digest of its own.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { Refusal } from "./http-request.ts";

/** A file that vms may fetch, by the name under which they do. */
export type Programs = Readonly<Record<string, string>>;

/** Sends programs; each file's digest is made once, at the first request for it. */
export class ProgramServer {
  readonly #programs: Programs;
  readonly #digests = new Map<string, Promise<string>>();

  constructor(programs: Programs) {
    this.#programs = programs;
  }

  /** Answers a request; the response is over then. Throws a Refusal before anything is sent. */
  async send(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = Object.hasOwn(this.#programs, name) ? this.#programs[name] : undefined;
    if (path === undefined) {
      const known = Object.keys(this.#programs).join(", ");
      throw new Refusal(404, `this hub has no program ${name}`, known === "" ? "it has none at all" : `it has ${known}`);
    }
    if (request.method !== "GET" && request.method !== "HEAD") throw new Refusal(405, "a program takes GET");
    const digest = await this.#digestOf(path);
    const tag = `"${digest}"`;
    const { size } = await stat(path);
    const headers = {
      etag: tag,
      "accept-ranges": "bytes",
      "cache-control": "no-cache",
      "content-type": "application/octet-stream",
    };
    if (request.headers["if-none-match"] === tag) return void response.writeHead(304, headers).end();
    const start = readStart(request.headers, tag);
    if (start >= size && start > 0) {
      response.writeHead(416, { ...headers, "content-range": `bytes */${size}` }).end();
      return;
    }
    const part = start === 0 ? {} : { "content-range": `bytes ${start}-${size - 1}/${size}` };
    response.writeHead(start === 0 ? 200 : 206, { ...headers, ...part, "content-length": size - start });
    if (request.method === "HEAD") return void response.end();
    await pipeline(createReadStream(path, { start }), response);
  }

  #digestOf(path: string): Promise<string> {
    const known = this.#digests.get(path) ?? digestFile(path);
    known.catch(() => this.#digests.delete(path));
    this.#digests.set(path, known);
    return known;
  }
}

// A vm whose connection was cut asks for the rest: `bytes=N-`. Any other range gets the whole, which is allowed.
function readStart({ range, "if-range": condition }: IncomingMessage["headers"], tag: string): number {
  const start = /^bytes=(\d+)-$/.exec(range ?? "")?.[1];
  return start === undefined || (condition !== undefined && condition !== tag) ? 0 : Number(start);
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest("hex");
}
