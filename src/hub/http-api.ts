// The hub for curl: cells, the status document and the event stream over plain HTTP, with JSON bodies.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestBody } from "../coordinator/backends/hub-frames.ts";
import { type Dataflow, openDataflow } from "../coordinator/dataflow.ts";
import { cellKey, type Scope, scopePrefix } from "../coordinator/keys.ts";
import { type CellRecord, parseCellId, roleId, showCell } from "../model/cell.ts";
import { Failure } from "../model/failure.ts";
import { type Identity, isAllowed } from "./authorize.ts";
import { describeStack, streamEvents } from "./events.ts";
import type { HubCore } from "./hub-core.ts";
import { readLog, streamLog } from "./logs.ts";
import { sendBackup } from "./backup.ts";
import { answerOperator } from "./operator-api.ts";
import { retryRole } from "./retry-role.ts";
import { readClaim, readTarget, readValue, readWaitSeconds, Refusal } from "./http-request.ts";

// How long an answer may take that waits for nobody but the coordinator.
const patienceMs = 10_000;

interface Answer {
  status: number;
  body: unknown;
}

/** Answers a request; never rejects for what the caller or the coordinator does. */
export async function answerRequest(core: HubCore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  try {
    const answer = await route(core, request, response, closed.signal);
    if (answer !== undefined) sendJson(response, answer);
  } catch (error) {
    // Nobody is there to be told.
    if (closed.signal.aborted || request.errored !== null) return;
    // Too late for an answer: cut off, so that the caller does not take a part for the whole.
    if (response.headersSent) return void response.destroy();
    const { status, message, hint } = toRefusal(error);
    if (status === 503 || status === 429) response.setHeader("retry-after", "1");
    sendJson(response, { status, body: { error: message, ...(hint === undefined ? {} : { hint }) } });
  }
}

// Returns undefined where the response is a stream that is over.
async function route(
  core: HubCore,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const { path } = readTarget(request);
  if (path.length === 1 && path[0] === "healthz") return { status: 200, body: { ok: true } };
  if (path.length === 2 && path[0] === "agent") {
    await core.programs.send(path[1] ?? "", request, response);
    return undefined;
  }
  if (path.length === 2 && path[0] === "v1" && path[1] === "backup") {
    await sendBackup(core, request, response);
    return undefined;
  }
  if (path.length === 1 && path[0] === "metrics" && core.metrics !== undefined) {
    await core.metrics(request, response);
    return undefined;
  }
  const [version, stacks, stack] = path;
  if (version !== "v1" || stacks !== "stacks" || stack === undefined || stack === "") throw notFound();
  const identity = await core.admit(readClaim(request, stack));
  const leave = core.throttle.enter(identity);
  try {
    core.throttle.take(identity);
    return await serve(core, identity, request, response, signal);
  } finally {
    leave();
  }
}

async function serve(
  core: HubCore,
  identity: Identity,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const { path, query } = readTarget(request);
  const { stack } = identity;
  const [, , , what, cell] = path;
  const asked = query.get("generation") ?? (identity.kind === "vm" ? identity.epoch : undefined);
  if (what === "cells" && cell !== undefined && path.length === 5) {
    const scope = { stack, generation: asked ?? (await newestGeneration(core, stack)) };
    if (request.method === "GET") {
      demandRight(identity, cell, { verb: "read", key: cellKey(scope, cell) });
      return getCell(openDataflow(core.coordinator, scope), cell, readWaitSeconds(query), signal);
    }
    if (request.method === "PUT") {
      demandRight(identity, cell, { verb: "write", key: cellKey(scope, cell), value: "", expected: "absent" });
      const record = makeRecord(identity, cell, await readValue(request));
      return putCell(openDataflow(core.coordinator, scope), cell, record, signal);
    }
    throw new Refusal(405, "a cell takes GET and PUT");
  }
  if (what === "retries" && cell !== undefined && path.length === 5) {
    if (identity.kind !== "operator") throw new Refusal(403, `only the operator of ${stack} may retry`);
    if (request.method !== "POST") throw new Refusal(405, "a retry takes POST");
    const scope = { stack, generation: asked ?? (await newestGeneration(core, stack)) };
    return { status: 200, body: { retries: await retryRole(core.coordinator, scope, cell) } };
  }
  if (identity.kind !== "operator") throw new Refusal(403, `only the operator of ${stack} may see its ${what ?? "generations"}`);
  if (what === "logs" && cell !== undefined && path.length === 5) {
    if (request.method !== "GET") throw new Refusal(405, "a log takes GET");
    const scope = { stack, generation: asked ?? (await newestGeneration(core, stack)) };
    if (!query.has("follow")) return { status: 200, body: await readLog(core, scope, cell) };
    await streamLog(core, scope, cell, response, signal);
    return undefined;
  }
  if ((what !== "status" && what !== "events") || path.length !== 4) {
    const answer = await answerOperator(core, stack, request.method, path.slice(3));
    if (answer === undefined) throw notFound();
    return answer;
  }
  if (request.method !== "GET") throw new Refusal(405, `${what} takes GET`);
  if (what === "events") {
    await streamEvents(core, stack, asked, response, signal);
    return undefined;
  }
  const scope: Scope = { stack, generation: asked ?? (await newestGeneration(core, stack)) };
  return { status: 200, body: describeStack(scope, await core.coordinator.list(scopePrefix(scope))) };
}

async function getCell(dataflow: Dataflow, cell: string, waitSeconds: number, signal: AbortSignal): Promise<Answer> {
  const timeout = AbortSignal.timeout(waitSeconds > 0 ? waitSeconds * 1000 : patienceMs);
  const until = AbortSignal.any([signal, timeout]);
  const pending: Answer = { status: 202, body: { state: "pending" } };
  try {
    const record = waitSeconds > 0 ? await dataflow.settled(cell, until) : await dataflow.peek(cell, until);
    return record === undefined ? pending : { status: 200, body: record };
  } catch (error) {
    if (waitSeconds > 0 && timeout.aborted) return pending;
    throw error;
  }
}

async function putCell(dataflow: Dataflow, cell: string, record: CellRecord, signal: AbortSignal): Promise<Answer> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const outcome = await dataflow.publish(cell, record, until);
  return { status: outcome === "written" ? 201 : 200, body: record };
}

function makeRecord(identity: Identity, cell: string, value: Awaited<ReturnType<typeof readValue>>): CellRecord {
  const parts = parseCellId(cell);
  if (parts === undefined) throw new Refusal(400, `${cell} is no cell`, "a cell is named VM.ROLE.OUTPUT");
  const by = identity.kind === "operator" ? "operator" : roleId(parts.vm, parts.role);
  return { state: "value", value, by, attempt: 1, atMs: Date.now() };
}

function demandRight(identity: Identity, cell: string, request: RequestBody): void {
  if (isAllowed(identity, request)) return;
  const who = identity.kind === "vm" ? `vm ${identity.vm}` : "the operator";
  const hint = "declare it in the template: rights follow from inputs and outputs";
  throw new Refusal(403, `${who} may not ${request.verb} ${showCell(cell)}`, hint);
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

function notFound(): Refusal {
  return new Refusal(
    404,
    "there is nothing here",
    "try /healthz or /v1/stacks/STACK/{cells/CELL,retries/ROLE,logs/ROLE,status,events,generations}",
  );
}

const statusOfCode: Record<string, number> = {
  unauthorized: 401,
  forbidden: 403,
  superseded: 403,
  conflict: 409,
  "too-large": 413,
  "too-many": 429,
};

function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof Failure) {
    return new Refusal(statusOfCode[error.code] ?? (error.reaction === "retry" ? 503 : 500), error.message);
  }
  // Our patience has ended.
  if (error instanceof DOMException) return new Refusal(503, "the coordinator cannot be reached just now");
  // A fault of ours in one request must not end the hub under all the others.
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return new Refusal(500, "a fault in the hub; its log has the details");
}

function sendJson(response: ServerResponse, { status, body }: Answer): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(text);
}
