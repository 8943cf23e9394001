// The hub for curl: cells, the status document and the event stream over plain HTTP, with JSON bodies.
import type { IncomingMessage, ServerResponse } from "node:http";
import { openDataflow } from "../coordinator/dataflow.ts";
import { cellKey, type Scope, scopePrefix } from "../coordinator/keys.ts";
import { type CellRecord, maxValueBytes, parseCellId, roleId, showCell } from "../model/cell.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import { type Identity, isAllowed } from "./authorize.ts";
import { describeStack, streamEvents } from "./events.ts";
import type { HubCore } from "./hub-core.ts";
import { parseObject, readRights } from "./parse-frames.ts";

// How long an answer may take that waits for nobody but the coordinator.
const patienceMs = 10_000;
const longestWaitSeconds = 3600;

/** An answer other than success, with what to do about it. */
class Refusal extends Error {
  readonly status: number;
  readonly hint: string | undefined;

  constructor(status: number, message: string, hint?: string) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** Answers a request; never rejects for what the request or the coordinator do. */
export async function answerRequest(core: HubCore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  const signal = AbortSignal.any([closed.signal, core.signal]);
  try {
    await route(core, request, response, signal);
  } catch (error) {
    if (closed.signal.aborted || request.errored !== null) return;
    const refusal = core.signal.aborted ? new Refusal(503, "the hub is closing") : toRefusal(error);
    if (refusal.status === 503) response.setHeader("retry-after", "1");
    sendJson(response, refusal.status, { error: refusal.message, ...(refusal.hint === undefined ? {} : { hint: refusal.hint }) });
  }
}

async function route(core: HubCore, request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const url = new URL(request.url ?? "/", "http://hub");
  const path = decodePath(url.pathname);
  if (path.length === 1 && path[0] === "healthz") return sendJson(response, 200, { ok: true });
  const [version, stacks, stack, what, cell] = path;
  if (version !== "v1" || stacks !== "stacks" || stack === undefined || stack === "") throw notFound();
  const soon = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const identity = await core.admit(readClaim(request, stack));
  const asked = url.searchParams.get("generation") ?? (identity.kind === "vm" ? identity.generation : undefined);
  if (what === "cells" && cell !== undefined && path.length === 5) {
    const scope = { stack, generation: asked ?? (await newestGeneration(core, stack)) };
    if (request.method === "GET") return getCell(core, identity, scope, cell, readWait(url), response, signal);
    if (request.method === "PUT") return putCell(core, identity, scope, cell, request, response, soon);
    throw new Refusal(405, "a cell takes GET and PUT");
  }
  if ((what !== "status" && what !== "events") || path.length !== 4) throw notFound();
  if (request.method !== "GET") throw new Refusal(405, `${what} takes GET`);
  if (identity.kind !== "operator") throw new Refusal(403, `only the operator of ${stack} may see its ${what}`);
  if (what === "events") return streamEvents(core, stack, asked, response, signal);
  const scope = { stack, generation: asked ?? (await newestGeneration(core, stack)) };
  sendJson(response, 200, describeStack(scope, await core.coordinator.list(scopePrefix(scope))));
}

async function getCell(
  core: HubCore,
  identity: Identity,
  scope: Scope,
  cell: string,
  waitSeconds: number,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  if (!isAllowed(identity, { id: 0, verb: "read", key: cellKey(scope, cell) })) throw forbidden(identity, "read", cell);
  const dataflow = openDataflow(core.coordinator, scope);
  const record = waitSeconds === 0 ? await dataflow.peek(cell, signal) : await waitForCell();
  sendJson(response, record === undefined ? 202 : 200, record ?? { state: "pending" });

  async function waitForCell(): Promise<CellRecord | undefined> {
    const timeout = AbortSignal.timeout(waitSeconds * 1000);
    try {
      return await dataflow.settled(cell, AbortSignal.any([signal, timeout]));
    } catch (error) {
      if (timeout.aborted && !signal.aborted) return undefined;
      throw error;
    }
  }
}

async function putCell(
  core: HubCore,
  identity: Identity,
  scope: Scope,
  cell: string,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const key = cellKey(scope, cell);
  if (!isAllowed(identity, { id: 0, verb: "write", key, value: "", expected: "absent" }))
    throw forbidden(identity, "write", cell);
  const parts = parseCellId(cell);
  if (parts === undefined) throw new Refusal(400, `${cell} is no cell`, "a cell is named VM.ROLE.OUTPUT");
  const value = parseValue(await readBody(request, response));
  const by = identity.kind === "operator" ? "operator" : roleId(parts.vm, parts.role);
  const record: CellRecord = { state: "value", value, by, attempt: 1, atMs: Date.now() };
  const outcome = await openDataflow(core.coordinator, scope).publish(cell, record, signal);
  sendJson(response, outcome === "written" ? 201 : 200, record);
}

async function newestGeneration(core: HubCore, stack: string): Promise<string> {
  const generation = await core.newestGeneration(stack);
  if (generation !== undefined) return generation;
  throw new Refusal(
    404,
    `no vm of stack ${stack} has come yet`,
    "wait for its first agent, or name a generation: ?generation=NAME",
  );
}

// Header texts arrive as Latin-1; what clients send is UTF-8.
function readClaim(request: IncomingMessage, stack: string): Parameters<HubCore["admit"]>[0] {
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return typeof value === "string" ? Buffer.from(value, "latin1").toString() : undefined;
  };
  const token = /^Bearer +(\S+)$/i.exec(header("authorization") ?? "")?.[1];
  if (token === undefined) throw new Refusal(401, "there is no token", "send the header Authorization: Bearer TOKEN");
  const id = header("x-weft-vm");
  if (id === undefined) return { stack, token };
  const generation = header("x-weft-generation");
  const tag = header("x-weft-tag");
  const rights = readRights(parseObject(header("x-weft-rights") ?? ""));
  if (generation === undefined || tag === undefined || rights === undefined) {
    throw new Refusal(
      401,
      "a vm must prove its rights",
      "send X-Weft-Generation, X-Weft-Rights (JSON) and X-Weft-Tag with X-Weft-Vm",
    );
  }
  return { stack, token, vm: { id, generation, rights, tag } };
}

function readWait(url: URL): number {
  const text = url.searchParams.get("wait") ?? "0";
  const seconds = Number(text);
  if (text.trim() === "" || !(seconds >= 0)) throw new Refusal(400, `wait=${text} is no number of seconds`);
  return Math.min(seconds, longestWaitSeconds);
}

async function readBody(request: IncomingMessage, response: ServerResponse): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes <= maxValueBytes) chunks.push(chunk);
  }
  if (sizeBytes <= maxValueBytes) return Buffer.concat(chunks).toString();
  response.setHeader("connection", "close");
  throw new Refusal(413, `a value is at most ${maxValueBytes} bytes of JSON`);
}

function parseValue(text: string): Json {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw new Refusal(400, "the body is not valid JSON", 'a text needs its quotes: "text"');
  }
  if (value === null) throw new Refusal(400, "null is not a value");
  return value;
}

function decodePath(path: string): string[] {
  try {
    return path.slice(1).split("/").map(decodeURIComponent);
  } catch {
    throw new Refusal(400, "the path is not percent-encoded UTF-8");
  }
}

function notFound(): Refusal {
  return new Refusal(404, "there is nothing here", "try /healthz or /v1/stacks/STACK/{cells/CELL,status,events}");
}

function forbidden(identity: Identity, verb: string, cell: string): Refusal {
  const who = identity.kind === "vm" ? `vm ${identity.vm}` : "the operator";
  return new Refusal(
    403,
    `${who} may not ${verb} ${showCell(cell)}`,
    "declare it in the template: rights follow from inputs and outputs",
  );
}

const statusOfCode: Record<string, number> = { unauthorized: 401, forbidden: 403, conflict: 409, "too-large": 413 };

function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof Failure)
    return new Refusal(error.reaction === "retry" ? 503 : (statusOfCode[error.code] ?? 500), error.message);
  if (error instanceof DOMException) return new Refusal(503, "the coordinator cannot be reached just now");
  throw new Error(`unexpected: ${messageOf(error)}`, { cause: error });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(text);
}
