// Reading HTTP requests: who asks, for what, with which value. What is wrong with them is thrown as a Refusal.
import type { IncomingMessage } from "node:http";
import type { Hello } from "../coordinator/backends/hub-frames.ts";
import { maxValueBytes } from "../model/cell.ts";
import type { Json } from "../model/json.ts";
import { parseObject, readRights } from "./parse-frames.ts";

// An answer comes before proxies and people lose patience; the caller asks again.
const longestWaitSeconds = 3600;

/** An answer other than success: an HTTP status, why, and what to do about it. */
export class Refusal extends Error {
  readonly status: number;
  readonly hint: string | undefined;

  constructor(status: number, message: string, hint?: string) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** The path's parts and the query of a request. */
export function readTarget(request: IncomingMessage): { path: string[]; query: URLSearchParams } {
  const [path = "", query] = (request.url ?? "").split("?", 2);
  try {
    return { path: path.slice(1).split("/").map(decodeURIComponent), query: new URLSearchParams(query) };
  } catch {
    throw new Refusal(400, "the path is not percent-encoded UTF-8");
  }
}

/** Reads the token of a request, not checked yet. */
export function readToken(request: IncomingMessage): string {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) throw new Refusal(401, "there is no token", "send the header Authorization: Bearer TOKEN");
  return token;
}

/** Reads who claims to be asking, not checked yet. Header texts arrive as Latin-1; what clients send is UTF-8. */
export function readClaim(request: IncomingMessage, stack: string): Omit<Hello, "v"> {
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return typeof value === "string" ? Buffer.from(value, "latin1").toString() : undefined;
  };
  const token = readToken(request);
  const id = header("x-weft-vm");
  if (id === undefined) return { stack, token };
  const generation = header("x-weft-generation");
  const tag = header("x-weft-tag");
  const rights = readRights(parseObject(header("x-weft-rights") ?? ""));
  if (generation === undefined || tag === undefined || rights === undefined) {
    const headers = "X-Weft-Generation, X-Weft-Rights (JSON) and X-Weft-Tag";
    throw new Refusal(401, "a vm must prove its rights", `send ${headers} with X-Weft-Vm`);
  }
  const instance = header("x-weft-instance");
  return { stack, token, vm: { id, generation, rights, tag, ...(instance === undefined ? {} : { instance }) } };
}

/** Reads `wait=SECONDS`; 0 where it is not given. */
export function readWaitSeconds(query: URLSearchParams): number {
  const text = query.get("wait") ?? "0";
  const seconds = Number(text);
  if (text.trim() === "" || !(seconds >= 0)) throw new Refusal(400, `wait=${text} is no number of seconds`);
  return Math.min(seconds, longestWaitSeconds);
}

/** Reads the body as a cell's value. A body that is too large is read to its end, so that the caller hears the answer. */
export async function readValue(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes <= maxValueBytes) chunks.push(chunk);
  }
  if (sizeBytes > maxValueBytes) throw new Refusal(413, `a value is at most ${maxValueBytes} bytes of JSON`);
  const value = parseJson(Buffer.concat(chunks).toString());
  if (value === null) throw new Refusal(400, "null is not a value");
  return value;
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Refusal(400, "the body is not valid JSON", 'a text needs its quotes: "text"');
  }
}
