import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { openLocalSocket } from "./local-socket.ts";
import type { Answer, Given, RoleSession } from "./role-session.ts";

interface Reply {
  status: number | undefined;
  type: string | undefined;
  body: string;
}

async function openBench(session: { read?: RoleSession["read"]; write?: RoleSession["write"] }, below = ""): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "weft-socket-"));
  mkdirSync(join(folder, below), { recursive: true });
  const socket = await openLocalSocket(join(folder, below), (role) => (role === "app" ? (session as RoleSession) : undefined));
  onTestFinished(async () => {
    await socket[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  return socket.path;
}

function ask(socketPath: string, method: string, path: string, headers: Record<string, string> = {}, body = ""): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode, type: response.headers["content-type"], body }));
    });
    asked.on("error", reject).end(body);
  });
}

const reading = (answer: Answer): { read: RoleSession["read"] } => ({ read: async () => answer });
const plain = { accept: "text/plain" };

test("a value is JSON, or plain text for who asks for it", async () => {
  const path = await openBench(reading({ ok: true, value: "a text" }));
  expect(await ask(path, "GET", "/v1/app/inputs/X")).toMatchObject({ status: 200, type: "application/json", body: '"a text"' });
  expect(await ask(path, "GET", "/v1/app/inputs/X", plain)).toMatchObject({ status: 200, body: "a text" });
});

test("null is no text at all", async () => {
  const path = await openBench(reading({ ok: true, value: null }));
  expect(await ask(path, "GET", "/v1/app/inputs/X")).toMatchObject({ body: "null" });
  expect(await ask(path, "GET", "/v1/app/inputs/X", plain)).toMatchObject({ status: 204, body: "" });
});

test.for([
  { why: "wrong-type", status: 400 },
  { why: "undeclared", status: 404 },
  { why: "conflict", status: 409 },
  { why: "failed", status: 410 },
  { why: "too-large", status: 413 },
  { why: "stopping", status: 503 },
] as const)("$why is answered with $status", async ({ why, status }) => {
  const path = await openBench(reading({ ok: false, why, message: "so it is" }));
  expect(await ask(path, "GET", "/v1/app/inputs/X")).toMatchObject({ status, body: "so it is\n" });
});

test("plain text is written to be parsed, all else as JSON", async () => {
  const writes: [string, Given][] = [];
  const path = await openBench({
    write: async (name, given) => {
      writes.push([name, given]);
      return { ok: true };
    },
  });
  expect(await ask(path, "PUT", "/v1/app/outputs/a%2Fb", { "content-type": "text/plain" }, "1,2")).toMatchObject({
    status: 204,
    body: "",
  });
  await ask(path, "PUT", "/v1/app/outputs/x", { "content-type": "application/json" }, "[1]");
  expect(writes).toEqual([
    ["a/b", { text: "1,2" }],
    ["x", { json: "[1]" }],
  ]);
});

test("a reader that hangs up is noticed", async () => {
  let gone = false;
  const read: RoleSession["read"] = (_, signal) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        gone = true;
        resolve({ ok: false, why: "failed", message: "" });
      });
    });
  const path = await openBench({ read });
  const asked = request({ socketPath: path, path: "/v1/app/inputs/X" }).on("error", () => {});
  asked.end();
  asked.on("socket", (socket) => socket.on("connect", () => setImmediate(() => asked.destroy())));
  await vi.waitUntil(() => gone);
});

test("what is no address, no role and no verb is said to be so", async () => {
  const path = await openBench(reading({ ok: true, value: 1 }));
  expect(await ask(path, "GET", "/v1/app/else/X")).toMatchObject({ status: 404 });
  expect(await ask(path, "GET", "/v1/other/inputs/X")).toMatchObject({
    status: 404,
    body: "role other is not running on this vm\n",
  });
  expect(await ask(path, "PUT", "/v1/app/inputs/X")).toMatchObject({ status: 405 });
});

test("only its owner may use it, and a path that is too long is replaced by a short one", async () => {
  const path = await openBench({}, "deep/".repeat(30));
  expect(Buffer.byteLength(path)).toBeLessThanOrEqual(100);
  expect(existsSync(path)).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
