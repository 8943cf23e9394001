// weft-get and weft-put in each language, against a real socket and a session that says what it was asked.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Json } from "../model/json.ts";
import { findCommand } from "./find-command.ts";
import { type LocalSocket, openLocalSocket } from "./local-socket.ts";
import type { Answer, Given, RoleSession } from "./role-session.ts";
import { curlShim } from "./shims/curl-shim.ts";
import { perlShim } from "./shims/perl-shim.ts";
import { writeShims } from "./shims.ts";

const awkward = `it's "$HOME" \\ {{ x }} %s\n\nzwei Zeilen äöü 织\n`;

interface Called {
  status: number | null;
  output: string;
  errors: string;
}

interface Bench {
  folder: string;
  writes: { name: string; given: Given }[];
  call: (argv: string[], options?: { input?: string; socket?: string }) => Promise<Called>;
}

function openBench(shim: string, answers: Record<string, Answer>): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "weft-shims-"));
  for (const name of ["weft-get", "weft-put"]) writeFileSync(join(folder, name), shim, { mode: 0o755 });
  const writes: Bench["writes"] = [];
  const session = {
    read: async (name: string) => answers[name],
    write: async (name: string, given: Given) => {
      writes.push({ name, given });
      return answers[name];
    },
  } as unknown as RoleSession;
  return openLocalSocket(folder, (role) => (role === "app" ? session : undefined)).then((socket: LocalSocket) => {
    onTestFinished(async () => {
      await socket[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    });
    const call: Bench["call"] = ([name, ...args], options = {}) =>
      new Promise((resolve) => {
        const env = { ...process.env, WEFT_SOCKET: options.socket ?? socket.path, WEFT_ROLE: "app" };
        const child = spawn(join(folder, name as string), args, { env });
        let [output, errors] = ["", ""];
        child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
        child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
        child.stdin.on("error", () => {}).end(options.input ?? "");
        child.on("close", (status) => resolve({ status, output, errors }));
      });
    return { folder, writes, call };
  });
}

const value = (value: Json): Answer => ({ ok: true, value });

describe.each([
  { language: "perl", shim: perlShim },
  { language: "curl", shim: curlShim },
])("in $language", ({ language, shim }) => {
  const present = findCommand(language, process.env["PATH"]) !== undefined;

  test.runIf(present)("weft-get prints strings raw, all else as JSON, and one newline", async () => {
    const { call } = await openBench(shim, { TEXT: value(awkward), LIST: value([1, "a b", null]), EMPTY: value("") });
    expect(await call(["weft-get", "TEXT"])).toEqual({ status: 0, output: `${awkward}\n`, errors: "" });
    expect((await call(["weft-get", "LIST"])).output).toBe('[1,"a b",null]\n');
    expect((await call(["weft-get", "EMPTY"])).output).toBe("\n");
  });

  test.runIf(present)("weft-put takes its argument as it is, and standard input less one final newline", async () => {
    const { call, writes } = await openBench(shim, { url: { ok: true } });
    expect(await call(["weft-put", "url", awkward])).toEqual({ status: 0, output: "", errors: "" });
    await call(["weft-put", "url", "-"], { input: `${awkward}\n` });
    await call(["weft-put", "url", ""]);
    expect(writes.map(({ given }) => given)).toEqual([{ text: awkward }, { text: awkward }, { text: "" }]);
  });

  test.runIf(present)("a value of 200 kB goes through", async () => {
    const large = "0123456789abcdef".repeat(12_800);
    const { call, writes } = await openBench(shim, { url: { ok: true }, TEXT: value(large) });
    await call(["weft-put", "url", "-"], { input: large });
    expect(writes).toEqual([{ name: "url", given: { text: large } }]);
    expect((await call(["weft-get", "TEXT"])).output).toBe(`${large}\n`);
  });

  test.runIf(present)("the exit status says what went wrong, and a message why", async () => {
    const refuse = (why: Extract<Answer, { ok: false }>["why"]): Answer => ({ ok: false, why, message: `says ${why}` });
    const { call, folder } = await openBench(shim, {
      failed: refuse("failed"),
      undeclared: refuse("undeclared"),
      typed: refuse("wrong-type"),
      large: refuse("too-large"),
      taken: refuse("conflict"),
      late: refuse("stopping"),
    });
    expect(await call(["weft-get", "failed"])).toEqual({ status: 1, output: "", errors: "weft-get: says failed\n" });
    expect(await call(["weft-get", "undeclared"])).toMatchObject({ status: 2, errors: "weft-get: says undeclared\n" });
    expect(await call(["weft-put", "typed", "x"])).toEqual({ status: 2, output: "", errors: "weft-put: says wrong-type\n" });
    expect(await call(["weft-put", "large", "x"])).toMatchObject({ status: 2 });
    expect(await call(["weft-put", "taken", "x"])).toMatchObject({ status: 3 });
    expect(await call(["weft-get", "late"])).toMatchObject({ status: 4 });
    expect(await call(["weft-get", "x"], { socket: join(folder, "none") })).toMatchObject({ status: 4, output: "" });
  });

  test.runIf(present)("an agent that goes away in the middle is told apart from an answer", async () => {
    const { call, folder } = await openBench(shim, {});
    const path = join(folder, "cut");
    const server = createServer((socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")).listen(path);
    onTestFinished(() => void server.close());
    expect(await call(["weft-get", "x"], { socket: path })).toMatchObject({ status: 4, output: "" });
  });

  test.runIf(present)("odd names travel, and wrong arguments are answered with the usage", async () => {
    const { call } = await openBench(shim, { "a/b:c d%": value("odd") });
    expect((await call(["weft-get", "a/b:c d%"])).output).toBe("odd\n");
    expect(await call(["weft-get"])).toMatchObject({ status: 2, errors: expect.stringContaining("usage: weft-get NAME") });
    expect(await call(["weft-put", "x"])).toMatchObject({
      status: 2,
      errors: expect.stringContaining("usage: weft-put NAME VALUE"),
    });
    expect(await call(["weft-put", "--help"])).toMatchObject({ status: 0, output: expect.stringContaining("usage: weft-put") });
  });
});

test("without perl and curl both say what is missing", () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-shims-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeShims(folder, "/nowhere");
  const { status, stderr } = spawnSync(join(folder, "weft-put"), ["x", "y"], { encoding: "utf8" });
  expect(status).toBe(4);
  expect(stderr).toContain("needs perl or curl");
});
