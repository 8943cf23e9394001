// The agent's Unix socket: HTTP by which the programs of roles read and write. GET blocks, PUT writes.
import { createHash } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { showValue } from "../model/cell.ts";
import { messageOf } from "../model/failure.ts";
import type { Answer, Refusal, RoleSession } from "./role-session.ts";

/** What answers the programs of a role. */
export type Answering = Pick<RoleSession, "read" | "write" | "refuseTooLarge">;

// Longest path of a Unix socket, with some room: 104 bytes on macOS, 108 on Linux.
const maxPathBytes = 100;
// The text of a value may be longer than the value: white space, escapes.
const maxBodyBytes = 2 * 1024 * 1024;

const statusOf: Record<Refusal, number> = {
  "wrong-type": 400,
  undeclared: 404,
  conflict: 409,
  failed: 410,
  "too-large": 413,
  stopping: 503,
};

export interface LocalSocket extends AsyncDisposable {
  path: string;
}

/** Opens the socket in `folder`, or under a short path where that one is too long. `sessionOf` finds the session of a role. */
export async function openLocalSocket(folder: string, sessionOf: (role: string) => Answering | undefined): Promise<LocalSocket> {
  const path = socketPath(folder);
  rmSync(path, { force: true });
  const server = createServer((request, response) => {
    respond(request, response, sessionOf).catch((error: unknown) => send(response, 500, `${messageOf(error)}\n`));
  });
  // A blocked read may last for hours.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return {
    path,
    async [Symbol.asyncDispose]() {
      // Answers just given get their turn to be sent.
      await new Promise((resolve) => setImmediate(resolve));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Tells whether an agent answers on the socket in `folder`: a second one beside it would run every role twice. */
export function isServed(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath(folder));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function socketPath(folder: string): string {
  const path = join(folder, "agent.sock");
  if (Buffer.byteLength(path) <= maxPathBytes) return path;
  return join(tmpdir(), `weft-${createHash("sha256").update(path).digest("hex").slice(0, 16)}.sock`);
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  sessionOf: (role: string) => Answering | undefined,
): Promise<void> {
  const target = parseTarget(request.url ?? "");
  if (target === undefined) return send(response, 404, "known are /v1/ROLE/inputs/NAME and /v1/ROLE/outputs/NAME\n");
  const session = sessionOf(target.role);
  if (session === undefined) return send(response, 404, `role ${target.role} is not running on this vm\n`);
  const plain = (header: string | undefined): boolean => header?.startsWith("text/plain") === true;

  if (request.method === "GET") {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const answer = await session.read(target.name, gone.signal);
    return sendAnswer(response, answer, plain(request.headers.accept));
  }
  if (request.method === "PUT" && target.kind === "outputs") {
    const body = await readBody(request);
    if (body === undefined) return sendAnswer(response, session.refuseTooLarge(target.name), true);
    const given = plain(request.headers["content-type"]) ? { text: body } : { json: body };
    return sendAnswer(response, await session.write(target.name, given), true);
  }
  send(response, 405, "GET an input or an output, PUT an output\n");
}

function parseTarget(url: string): { role: string; kind: "inputs" | "outputs"; name: string } | undefined {
  const [, role, kind, name] = /^\/v1\/([^/]+)\/(inputs|outputs)\/([^/]+)$/.exec(url) ?? [];
  if (role === undefined || name === undefined) return undefined;
  try {
    return { role: decodeURIComponent(role), kind: kind as "inputs" | "outputs", name: decodeURIComponent(name) };
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Read to its end even when too large: then the answer is read too.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBodyBytes) chunks.push(chunk);
  }
  return size <= maxBodyBytes ? Buffer.concat(chunks).toString("utf8") : undefined;
}

function sendAnswer(response: ServerResponse, answer: Answer, plain: boolean): void {
  if (!answer.ok) return send(response, statusOf[answer.why], `${answer.message}\n`);
  // As a text, no value is no text: an empty one is a value.
  if (answer.value === undefined || (plain && answer.value === null)) return send(response, 204, "");
  if (plain) return send(response, 200, showValue(answer.value));
  send(response, 200, JSON.stringify(answer.value), "application/json");
}

function send(response: ServerResponse, status: number, body: string, type = "text/plain; charset=utf-8"): void {
  const length = status === 204 ? {} : { "content-length": Buffer.byteLength(body) };
  response.writeHead(status, { "content-type": type, ...length, connection: "close" });
  response.end(body);
}
