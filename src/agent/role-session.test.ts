import { expect, onTestFinished, test, vi } from "vitest";
import { memory } from "../coordinator/backends/memory.ts";
import { type Dataflow, openDataflow } from "../coordinator/dataflow.ts";
import type { CellRecord } from "../model/cell.ts";
import { Failure } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import type { Waiting } from "../model/status.ts";
import type { InputPlan, OutputPlan, RolePlan, VmPlan } from "../model/vm-plan.ts";
import { ActiveClock } from "./active-clock.ts";
import { Cells } from "./cells.ts";
import { makeDigest } from "./basis.ts";
import { type Ground, RoleSession, type SessionParts } from "./role-session.ts";

const here = new AbortController().signal;

function output(name: string, more: Partial<OutputPlan> = {}): OutputPlan {
  const rest = {
    secret: false,
    optional: false,
    publish: "on_success" as const,
    before: [],
    errorOutput: false,
    published: true,
  };
  return { name, cell: `web.app.${name}`, type: "string", ...rest, ...more };
}

function input(name: string, more: Partial<InputPlan> = {}): InputPlan {
  const value = { kind: "read" as const, read: { kind: "cell" as const, cell: `db.mysql.${name}` }, path: [] };
  return { name, value, when: "lazy", secret: false, ...more };
}

interface Bench {
  session: RoleSession;
  dataflow: Dataflow;
  cells: Cells;
  stop: AbortController;
  waiting: Waiting[][];
  kept: Json[];
  secrets: Json[];
}

async function openBench(inputs: InputPlan[], outputs: OutputPlan[], more: Partial<SessionParts & Ground> = {}): Promise<Bench> {
  const dataflow = openDataflow(await memory.open(), { stack: "s", generation: "g" });
  const run = { kind: "value" as const, value: "" };
  const rest = {
    tool: "script",
    run,
    options: {},
    after: [],
    onError: "fail" as const,
    onDelete: false,
    publishEnd: false,
    on: "all" as const,
  };
  const plan: RolePlan = { name: "app", inputs, outputs, ...rest };
  const vm: VmPlan = {
    format: 1,
    vm: "web",
    order: "listed",
    roles: [plan],
    facts: [],
    rights: { read: [], write: [], choose: [] },
  };
  const cells = new Cells(vm, {}, dataflow);
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const bench = { dataflow, cells, stop, waiting: [] as Waiting[][], kept: [] as Json[], secrets: [] as Json[] };
  const ground: Ground = {
    plan,
    cells,
    dataflow: more.dataflow ?? dataflow,
    signal: stop.signal,
    keep: (_, value) => void bench.kept.push(value),
    onWaiting: (waiting) => void bench.waiting.push(waiting),
    sendLog: async () => {},
  };
  const session = new RoleSession({
    vm: "web",
    attempt: 1,
    ground,
    clock: new ActiveClock(),
    marks: [],
    signal: stop.signal,
    learnSecret: (value) => void bench.secrets.push(value),
    digest: makeDigest("key"),
    ...more,
  });
  return { ...bench, session };
}

const valueOf = (value: Json): CellRecord => ({ state: "value", value, by: "db.mysql", attempt: 1, atMs: 0 });

test("what is held until success can be replaced, and is read back", async () => {
  const { session, dataflow } = await openBench([], [output("url")]);
  await session.write("url", { text: "one" });
  await session.write("url", { text: "two" });
  expect(await session.read("url", here)).toEqual({ ok: true, value: "two" });
  expect(await session.finish()).toEqual({ url: "two" });
  expect(await dataflow.peek("web.app.url")).toBeUndefined();
});

test("what is written at once is there for all before the write is answered", async () => {
  const { session, dataflow } = await openBench([], [output("url", { publish: "on_write" })]);
  expect(await session.write("url", { text: "one" })).toEqual({ ok: true });
  expect(await dataflow.peek("web.app.url")).toMatchObject({ state: "value", value: "one", by: "web.app" });
  expect(await session.write("url", { text: "one" })).toEqual({ ok: true });
  expect(await session.write("url", { text: "two" })).toMatchObject({ ok: false, why: "conflict" });
  expect(session.refusal).toMatchObject({ final: true });
});

test("of two writes at the same time one is the first", async () => {
  const { session } = await openBench([], [output("url", { publish: "on_write" })]);
  const answers = await Promise.all([session.write("url", { text: "one" }), session.write("url", { text: "two" })]);
  expect(answers).toMatchObject([{ ok: true }, { ok: false, why: "conflict" }]);
});

test("what stays on the vm is journalled once, and not published", async () => {
  const { session, dataflow, kept } = await openBench([], [output("url", { publish: "on_write", published: false })]);
  await session.write("url", { text: "one" });
  await session.write("url", { text: "one" });
  expect(kept).toEqual(["one"]);
  expect(await dataflow.peek("web.app.url")).toBeUndefined();
});

test("a later attempt reads back what an earlier life has published", async () => {
  const { session, dataflow } = await openBench([], [output("url", { publish: "on_write" })], { attempt: 2 });
  await dataflow.publish("web.app.url", valueOf("earlier"));
  expect(await session.read("url", here)).toEqual({ ok: true, value: "earlier" });
  expect(await session.finish()).toEqual({ url: "earlier" });
});

test("an own output that is not written yet is refused, not waited for", async () => {
  const { session } = await openBench([], [output("url")]);
  expect(await session.read("url", here)).toMatchObject({ ok: false, why: "failed", message: "output url is not written yet" });
});

test.for([
  { what: "an unknown output", name: "ulr", given: { text: "x" }, why: "undeclared", message: 'did you mean "url"?' },
  {
    what: "a text that is no number",
    name: "port",
    given: { text: "http" },
    why: "wrong-type",
    message: "output port: not a number",
  },
  {
    what: "a value of another type",
    name: "port",
    given: { value: "1" },
    why: "wrong-type",
    message: "output port: not a number",
  },
  {
    what: "a body that is no JSON",
    name: "port",
    given: { json: "{" },
    why: "wrong-type",
    message: "output port: not valid JSON",
  },
  { what: "null", name: "port", given: { json: "null" }, why: "wrong-type", message: "output port: null is not a value" },
  {
    what: "a value that is too large",
    name: "url",
    given: { text: "x".repeat(256 * 1024) },
    why: "too-large",
    message: "larger than 262144",
  },
] as const)("$what is refused, which fails the attempt", async ({ name, given, why, message }) => {
  const { session } = await openBench([], [output("url"), output("port", { type: "number" })]);
  expect(await session.write(name, given)).toMatchObject({ ok: false, why, message: expect.stringContaining(message) });
  expect(session.refusal?.message).toContain(message);
});

test("an input that is not declared is not waited for", async () => {
  const { session } = await openBench([input("password")], []);
  expect(await session.read("pasword", here)).toMatchObject({
    why: "undeclared",
    message: expect.stringContaining('did you mean "password"?'),
  });
  expect(await session.read("x", here)).toMatchObject({ message: expect.stringContaining("declared inputs: password") });
});

test("a blocked read shows what it waits for until it is answered", async () => {
  const { session, dataflow, waiting } = await openBench([input("port")], []);
  const read = session.read("port", here);
  await vi.waitUntil(() => waiting.length > 0);
  expect(waiting.at(-1)).toMatchObject([{ cell: "db.mysql.port" }]);
  await dataflow.publish("db.mysql.port", valueOf(3306));
  expect(await read).toEqual({ ok: true, value: 3306 });
  expect(waiting.at(-1)).toEqual([]);
});

test("a reader that goes away frees its wait", async () => {
  const { session, waiting } = await openBench([input("port")], []);
  const gone = new AbortController();
  const read = session.read("port", gone.signal);
  await vi.waitUntil(() => waiting.length > 0);
  gone.abort();
  expect(await read).toMatchObject({ ok: false });
  expect(waiting.at(-1)).toEqual([]);
  expect(session.failedRead).toBeUndefined();
});

test("an agent that stops answers its readers", async () => {
  const { session, stop, waiting } = await openBench([input("port")], []);
  const read = session.read("port", here);
  await vi.waitUntil(() => waiting.length > 0);
  stop.abort();
  expect(await read).toMatchObject({ ok: false, why: "stopping" });
});

test("a lazy read has a limit of its own", async () => {
  const { session } = await openBench([input("port", { waitTimeoutMs: 1, default: 1 })], []);
  const message = "input port: waited 0.001 s for db.mysql.port (wait_timeout)";
  expect(await session.read("port", here)).toEqual({ ok: false, why: "failed", message });
  expect(session.failedRead).toEqual({ message });
});

test("an upstream failure is refused with its origin, unless there is a default", async () => {
  const { session, dataflow } = await openBench([input("port"), { ...input("port"), name: "with_default", default: 3306 }], []);
  await dataflow.publish("db.mysql.port", { state: "failed", error: "exit 1", origin: "db.mysql", by: "db.mysql", atMs: 0 });
  expect(await session.read("with_default", here)).toEqual({ ok: true, value: 3306 });
  expect(await session.read("port", here)).toMatchObject({ why: "failed", message: "input port: db.mysql failed: exit 1" });
  expect(session.failedRead).toMatchObject({ origin: "db.mysql" });
});

test('a read against the promise of "before" is refused and fails the attempt', async () => {
  const outputs = [output("url", { publish: "on_write", before: ["peer"] })];
  const first = await openBench([input("peer")], outputs);
  expect(await first.session.read("peer", here)).toMatchObject({ ok: false, why: "failed" });
  expect(first.session.refusal?.message).toContain("input peer was read before output url was written");

  const second = await openBench([input("peer")], outputs);
  await second.dataflow.publish("db.mysql.peer", valueOf("10.0.0.2"));
  await second.session.write("url", { text: "http://web" });
  expect(await second.session.read("peer", here)).toEqual({ ok: true, value: "10.0.0.2" });
});

test("after the end reads are answered and writes are not", async () => {
  const { session, dataflow } = await openBench([input("port")], [output("url")]);
  await session.finish();
  await dataflow.publish("db.mysql.port", valueOf(3306));
  expect(await session.read("port", here)).toEqual({ ok: true, value: 3306 });
  expect(await session.write("url", { text: "x" })).toMatchObject({ ok: false, message: "role app has ended" });
});

test("secret values are made known as they are read and written", async () => {
  const { session, dataflow, secrets } = await openBench([input("key", { secret: true })], [output("token", { secret: true })]);
  await dataflow.publish("db.mysql.key", valueOf("k-1"));
  await session.read("key", here);
  await session.write("token", { text: "t-1" });
  expect(secrets).toEqual(["k-1", "t-1"]);
});

test("what a coordinator refuses for good is a refused write", async () => {
  const bench = await openBench([], [output("url", { publish: "on_write" })]);
  const forbidden = new Failure("give-up", "forbidden", "web may not write web.app.url");
  vi.spyOn(bench.dataflow, "publish").mockRejectedValue(forbidden);
  expect(await bench.session.write("url", { text: "x" })).toMatchObject({
    why: "failed",
    message: "output url: web may not write web.app.url",
  });
});
