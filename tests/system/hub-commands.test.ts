// The commands that look at and act on a running stack, against a hub with an operator's token.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { openDataflow } from "../../src/coordinator/dataflow.ts";
import { openLocalStore } from "../../src/coordinator/local-store.ts";
import { openHub } from "../../src/hub/hub.ts";
import { operatorToken, sha256 } from "../../src/hub/tokens.ts";
import { root } from "./stack-bed.ts";

const tokenKey = "a key for tests only";
const scope = { stack: "shop", generation: "g1" };

async function startStack() {
  const coordinator = openLocalStore();
  const hub = await openHub({ listen: { host: "127.0.0.1", port: 0 }, coordinator, tokenKey });
  onTestFinished(() => hub.close());
  await coordinator.write("shop/generations/g1", "1", "absent");
  const start = (args: string[]) => {
    const access = ["--hub", hub.url, "--stack", "shop"];
    const env = { ...process.env, WEFT_TOKEN: operatorToken(tokenKey, "shop") };
    return spawn(process.execPath, [join(root, "bin/weft.js"), ...args, ...access], { env });
  };
  async function run(args: string[], input = ""): Promise<{ status: number; stdout: string; stderr: string }> {
    const child = start(args);
    child.stdin.end(input);
    const exited = once(child, "close") as Promise<[number]>;
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { status: (await exited)[0], stdout, stderr };
  }
  return { dataflow: openDataflow(coordinator, scope), start, run };
}

test("an operator puts a cell and gets it, once", async () => {
  const { dataflow, run } = await startStack();
  const read = dataflow.settled("db.mysql.port");
  expect(await run(["put", "db.mysql.port", "3306"])).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(await read).toMatchObject({ state: "value", value: 3306, by: "operator" });
  expect(await run(["put", "db.mysql.port", "3306"])).toMatchObject({ status: 0 });
  expect(await run(["put", "db.mysql.port", "3307"])).toMatchObject({ status: 3, stderr: expect.stringContaining("409") });
  expect(await run(["get", "db.mysql.port"])).toEqual({ status: 0, stdout: "3306\n", stderr: "" });
  await run(["put", "db.mysql.name", "--string", "3306"]);
  expect(await run(["get", "db.mysql.name", "--json"])).toMatchObject({ stdout: expect.stringContaining('"value":"3306"') });
  await run(["put", "db.mysql.text", "-"], "two\nlines\n");
  expect(await run(["get", "db.mysql.text"])).toMatchObject({ stdout: "two\nlines\n" });
});

test("a cell without a value is said to be so", async () => {
  const { dataflow, run } = await startStack();
  expect(await run(["get", "db.mysql.port"])).toMatchObject({
    status: 3,
    stdout: "",
    stderr: expect.stringContaining("is pending"),
  });
  await dataflow.publish("db.mysql.port", { state: "failed", error: "exit 1", origin: "db.disk", by: "db.mysql", atMs: 1 });
  expect(await run(["get", "db.mysql.port"])).toMatchObject({ status: 3, stderr: expect.stringContaining("db.disk: exit 1") });
  await dataflow.publish("db.mysql.host", { state: "absent", by: "db.mysql", atMs: 1 });
  expect(await run(["get", "db.mysql.host"])).toMatchObject({ status: 3, stderr: expect.stringContaining("is absent") });
  const sealed = { state: "value", value: "c2VhbGVk", sealed: true, by: "db.mysql", attempt: 1, atMs: 1 } as const;
  await dataflow.publish("db.mysql.password", sealed);
  expect(await run(["get", "db.mysql.password"])).toMatchObject({
    status: 3,
    stdout: "",
    stderr: expect.stringContaining("sealed"),
  });
  const waiting = run(["get", "db.mysql.name", "--wait", "60"]);
  await dataflow.publish("db.mysql.name", { state: "value", value: "x", by: "db.mysql", attempt: 1, atMs: 1 });
  expect(await waiting).toMatchObject({ status: 0, stdout: "x\n" });
});

test("wrong arguments, a wrong token and a hub that is away are told apart", async () => {
  const { run } = await startStack();
  expect(await run(["get", "db"])).toMatchObject({ status: 2, stderr: expect.stringContaining("VM.ROLE.OUTPUT") });
  expect(await run(["put", "db.mysql.port", "null"])).toMatchObject({ status: 2 });
  expect(await run(["get", "db.mysql.port", "--token", "x"])).toMatchObject({
    status: 4,
    stderr: expect.stringContaining("401"),
  });
});

test("the status tells who wrote a cell, when, in which attempt, and the hash of its value", async () => {
  const { dataflow, run } = await startStack();
  await dataflow.publish("db.mysql.conf", { state: "value", value: { b: 1, a: 2 }, by: "db.mysql", attempt: 2, atMs: 7 });
  const { stdout } = await run(["status", "--json"]);
  expect((JSON.parse(stdout) as { cells: object[] }).cells).toEqual([
    { cell: "db.mysql.conf", state: "value", by: "db.mysql", attempt: 2, atMs: 7, sha256: sha256('{"a":2,"b":1}') },
  ]);
});

test("events tell what was and what comes, an object a line, and never a value", async () => {
  const { dataflow, start } = await startStack();
  await dataflow.publish("db.mysql.port", { state: "value", value: "a secret", by: "db.mysql", attempt: 1, atMs: 5 });
  const child = start(["events", "--json"]);
  let seen = "";
  const lines = async (count: number): Promise<void> => {
    while (seen.split("\n").length <= count) await new Promise((resolve) => child.stdout.once("data", resolve));
  };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (seen += chunk));
  await lines(1);
  await dataflow.report({ id: "db.mysql", state: "done", atMs: 6, attempt: 1, waitingFor: [] });
  await lines(2);
  const leave = new AbortController();
  await dataflow.join({ vm: "db", instance: "i", address: "127.0.0.1", startedMs: 1 }, leave.signal);
  leave.abort();
  await lines(4);
  child.kill("SIGINT");
  expect(await once(child, "close")).toEqual([0, null]);
  expect(
    seen
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object),
  ).toMatchObject([
    { type: "cell", cell: "db.mysql.port", state: "value", by: "db.mysql" },
    { type: "role", id: "db.mysql", state: "done" },
    { type: "vm", vm: "db", present: true },
    { type: "vm", vm: "db", present: false },
  ]);
  expect(seen).not.toContain("a secret");
});

test("events for people are lines with a clock", async () => {
  const { dataflow, start } = await startStack();
  await dataflow.report({ id: "db.mysql", state: "failed", error: "exit 1", atMs: 6, attempt: 1, waitingFor: [] });
  const child = start(["events"]);
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  child.kill("SIGTERM");
  await once(child, "close");
  expect(chunk.toString()).toBe("00:00:00.006  db.mysql failed: exit 1\n");
});

test("the log of a role is printed, and followed until it has ended", async () => {
  const { dataflow, start, run } = await startStack();
  expect(await run(["logs", "db.mysql"])).toMatchObject({
    status: 4,
    stderr: expect.stringContaining("there is no log of db.mysql"),
  });
  const log = { id: "db.mysql", attempt: 1, skippedBytes: 0, text: "one\n", ended: false };
  await dataflow.sendLog(log);
  expect(await run(["logs", "db.mysql"])).toEqual({ status: 0, stdout: "one\n", stderr: "" });
  const child = start(["logs", "db.mysql", "-f"]);
  const printed = text(child.stdout);
  await once(child.stdout, "readable");
  await dataflow.sendLog({ ...log, text: "one\ntwo\n", ended: true });
  expect(await once(child, "close")).toEqual([0, null]);
  expect(await printed).toBe("one\ntwo\n");
});

test("generations are listed and removed, but not while an agent is there", async () => {
  const { dataflow, run } = await startStack();
  const leave = new AbortController();
  await dataflow.join({ vm: "db", instance: "i", address: "127.0.0.1", startedMs: 1 }, leave.signal);
  expect(await run(["generations"])).toMatchObject({ stdout: "g1  cells: 0, roles: 0, agents there: db\n" });
  expect(await run(["remove", "--generation", "g1"])).toMatchObject({
    status: 3,
    stderr: expect.stringContaining("agent of db"),
  });
  leave.abort();
  expect(await run(["remove", "--generation", "g1"])).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(await run(["remove", "--generation", "g1"])).toMatchObject({ status: 4, stderr: expect.stringContaining("404") });
  expect(await run(["generations"])).toMatchObject({ status: 0, stdout: "", stderr: expect.stringContaining("keeps nothing") });
});
