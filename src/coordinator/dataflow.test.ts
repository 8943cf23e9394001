import { expect, test } from "vitest";
import type { CellRecord } from "../model/cell.ts";
import { maxValueBytes } from "../model/cell.ts";
import { Failure } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import type { RoleStatus } from "../model/status.ts";
import type { Coordinator } from "./coordinator.ts";
import { type Dataflow, openDataflow } from "./dataflow.ts";
import { cellKey, roleKey } from "./keys.ts";
import { openLocalStore } from "./local-store.ts";

const scope = { stack: "shop", generation: "g" };
const cells = ["app[0].serve.url", "app[1].serve.url", "app[2].serve.url"];

function value(json: Json, by = "db.mysql"): CellRecord {
  return { state: "value", value: json, by, attempt: 1, atMs: 1 };
}

function failed(by: string): CellRecord {
  return { state: "failed", error: "exit 1", origin: by, by, atMs: 1 };
}

function open(): { coordinator: Coordinator; dataflow: Dataflow } {
  const coordinator = openLocalStore();
  return { coordinator, dataflow: openDataflow(coordinator, scope) };
}

/** A coordinator that counts its watches, and those that are open. */
function countWatches(coordinator: Coordinator): Coordinator & { started: number; running: number } {
  const counting = {
    ...coordinator,
    started: 0,
    running: 0,
    watch(...[prefix, observer, signal]: Parameters<Coordinator["watch"]>) {
      counting.started += 1;
      counting.running += 1;
      signal.addEventListener("abort", () => (counting.running -= 1));
      return coordinator.watch(prefix, observer, signal);
    },
  };
  return counting;
}

test("a read blocks until the cell is settled", async () => {
  const { dataflow } = open();
  const read = dataflow.settled("db.mysql.port");
  expect(await dataflow.peek("db.mysql.port")).toBeUndefined();
  expect(await dataflow.publish("db.mysql.port", value(3306))).toBe("written");
  expect(await read).toEqual(value(3306));
  expect(await dataflow.settled("db.mysql.port")).toEqual(value(3306));
  expect(await dataflow.peek("db.mysql.port")).toEqual(value(3306));
});

test("all who wait for a cell share one watch, which ends with the last of them", async () => {
  const counting = countWatches(openLocalStore());
  const dataflow = openDataflow(counting, scope);
  const controllers = [new AbortController(), new AbortController()];
  const reads = controllers.map((controller) => dataflow.settled("a.r.o", controller.signal));
  expect(counting).toMatchObject({ started: 1, running: 1 });
  controllers[0]?.abort(new Error("cancelled"));
  await expect(reads[0]).rejects.toThrow("cancelled");
  expect(counting.running).toBe(1);
  await dataflow.publish("a.r.o", value(1));
  expect(await reads[1]).toEqual(value(1));
  expect(counting.running).toBe(0);
});

test("a second equal write is the same write, whatever its time and attempt", async () => {
  const { dataflow } = open();
  await dataflow.publish("a.r.o", value({ x: 1, y: [2] }));
  expect(await dataflow.publish("a.r.o", { state: "value", value: { y: [2], x: 1 }, by: "a.r", attempt: 2, atMs: 9 })).toBe(
    "same",
  );
  await dataflow.publish("a.r.failed", failed("a.r"));
  expect(await dataflow.publish("a.r.failed", { ...failed("a.r"), atMs: 5 })).toBe("same");
  await dataflow.publish("a.r.absent", { state: "absent", by: "a.r", atMs: 1 });
  expect(await dataflow.publish("a.r.absent", { state: "absent", by: "a.r", atMs: 2 })).toBe("same");
});

test("a different write is a conflict that names the cell and its writer, never a value", async () => {
  const { dataflow } = open();
  await dataflow.publish("db.mysql.password", value("first-secret"));
  const conflict = await dataflow
    .publish("db.mysql.password", value("second-secret", "web.app"))
    .catch((error: unknown) => error as Failure);
  expect(conflict).toMatchObject({ reaction: "conflict", code: "conflict" });
  expect(String(conflict)).toContain("db.mysql.password");
  expect(String(conflict)).toContain("by db.mysql");
  expect(String(conflict)).not.toContain("secret");
  await expect(dataflow.publish("db.mysql.password", failed("db.mysql"))).rejects.toMatchObject({ code: "conflict" });
  expect(await dataflow.peek("db.mysql.password")).toEqual(value("first-secret"));
});

test("a value may be 256 KiB of JSON and no more", async () => {
  const { dataflow } = open();
  expect(await dataflow.publish("a.r.o", value("x".repeat(maxValueBytes - 2)))).toBe("written");
  await expect(dataflow.publish("a.r.p", value("x".repeat(maxValueBytes - 1)))).rejects.toMatchObject({ code: "too-large" });
});

test("an entry that is no record fails its readers", async () => {
  const { coordinator, dataflow } = open();
  await coordinator.write(cellKey(scope, "a.r.o"), "no JSON", "any");
  await expect(dataflow.settled("a.r.o")).rejects.toMatchObject({ code: "malformed" });
  await expect(dataflow.peek("a.r.o")).rejects.toMatchObject({ code: "malformed" });
});

test("a gather of all waits for every member and keeps their order", async () => {
  const { dataflow } = open();
  const gathered = dataflow.gather(cells, "all", "unused");
  for (const cell of [...cells].reverse()) await dataflow.publish(cell, value(cell));
  expect(await gathered).toEqual({ state: "met", members: cells.map((cell) => ({ cell, record: value(cell) })) });
  expect(await dataflow.gather([], "all", "unused")).toEqual({ state: "met", members: [] });
});

test("a gather of all fails at once with the first failed member, and lets go of the others", async () => {
  const counting = countWatches(openLocalStore());
  const dataflow = openDataflow(counting, scope);
  const gathered = dataflow.gather(cells, "all", "unused");
  await dataflow.publish(cells[1] as string, failed("app[1].serve"));
  expect(await gathered).toEqual({ state: "failed", cell: cells[1], error: "exit 1", origin: "app[1].serve" });
  expect(counting.running).toBe(0);
});

test("a gather of some takes the first that have a value, and every later reader gets the same", async () => {
  const { dataflow } = open();
  const gathered = dataflow.gather(cells, 2, "app.serve.url@2");
  await dataflow.publish(cells[2] as string, value("two"));
  await dataflow.publish(cells[0] as string, value("zero"));
  const met = {
    state: "met",
    members: [
      { cell: cells[0], record: value("zero") },
      { cell: cells[2], record: value("two") },
    ],
  };
  expect(await gathered).toEqual(met);
  await dataflow.publish(cells[1] as string, value("one"));
  expect(await dataflow.gather(cells, 2, "app.serve.url@2")).toEqual(met);
});

test("a gather of the first two names two of three that are all there, or come in one moment", async () => {
  const { dataflow } = open();
  const chosen = async (choice: string): Promise<unknown> => {
    const gathered = await dataflow.gather(cells, 2, choice);
    return gathered.state === "met" && gathered.members.map(({ cell }) => cell);
  };
  const early = chosen("early");
  for (const cell of cells) void dataflow.publish(cell, value(cell, "app.serve"));
  expect(await early).toHaveLength(2);
  expect(await chosen("late")).toHaveLength(2);
});

test("a gather of any that lost the choice waits for the member that won", async () => {
  const { dataflow } = open();
  await dataflow.publish(cells[0] as string, value("zero"));
  await dataflow.choose("app.serve.url@any", "[2]");
  const gathered = dataflow.gather(cells, "any", "app.serve.url@any");
  await dataflow.publish(cells[2] as string, value("two"));
  expect(await gathered).toMatchObject({ state: "met", members: [{ cell: cells[2] }] });
});

test("a gather of some fails when too few members can still have a value", async () => {
  const { dataflow } = open();
  const gathered = dataflow.gather(cells, 2, "app.serve.url@2");
  await dataflow.publish(cells[0] as string, failed("app[0].serve"));
  await dataflow.publish(cells[1] as string, { state: "absent", by: "app[1].serve", atMs: 1 });
  expect(await gathered).toMatchObject({ state: "failed", cell: cells[1], origin: "app[1].serve" });
  expect(await dataflow.gather(cells, 4, "app.serve.url@4")).toEqual({
    state: "failed",
    error: "4 members are needed, there are 3",
  });
});

test.for(["nonsense", "{}", "[]", "[3]", '["0"]x', "null"])("a recorded choice of %j fails its readers", async (choice) => {
  const { dataflow } = open();
  await dataflow.publish(cells[0] as string, value("zero"));
  await dataflow.choose("app.serve.url@any", choice);
  await expect(dataflow.gather(cells, "any", "app.serve.url@any")).rejects.toMatchObject({ code: "malformed" });
});

test("a cancelled gather frees every watch", async () => {
  const counting = countWatches(openLocalStore());
  const controller = new AbortController();
  const gathered = openDataflow(counting, scope).gather(cells, "any", "choice", controller.signal);
  expect(counting.running).toBe(3);
  controller.abort(new Error("cancelled"));
  await expect(gathered).rejects.toThrow("cancelled");
  expect(counting.running).toBe(0);
});

test("of many who choose, all get what one of them proposed", async () => {
  const { dataflow } = open();
  const chosen = await Promise.all(["0", "1", "2", "3"].map((candidate) => dataflow.choose("app", candidate)));
  expect(new Set(chosen).size).toBe(1);
  expect(await dataflow.choose("app", "9")).toBe(chosen[0]);
});

test("the last status reported of a role is the one that stands, even when an earlier write was tried again", async () => {
  const coordinator = openLocalStore();
  let refusals = 1;
  const flaky: Coordinator = {
    ...coordinator,
    write: async (key, text, expected) => {
      if (refusals-- > 0) throw new Failure("retry", "unreachable", "away");
      return coordinator.write(key, text, expected);
    },
  };
  const dataflow = openDataflow(flaky, scope);
  const status: RoleStatus = { id: "db.mysql", state: "waiting", atMs: 1, attempt: 1, waitingFor: [] };
  await Promise.all([
    dataflow.report(status),
    dataflow.report({ ...status, state: "running" }),
    dataflow.report({ ...status, state: "done" }),
  ]);
  expect(JSON.parse((await coordinator.read(roleKey(scope, "db.mysql")))?.value ?? "")).toMatchObject({ state: "done" });
  await dataflow.report({ ...status, state: "failed" });
  expect(JSON.parse((await coordinator.read(roleKey(scope, "db.mysql")))?.value ?? "")).toMatchObject({ state: "failed" });
});

test("a coordinator that is away is asked again, until the caller gives up", async () => {
  let back = false;
  const coordinator = openLocalStore();
  const away: Coordinator = {
    ...coordinator,
    async watch(...args) {
      if (!back) throw new Failure("retry", "unreachable", "away");
      return coordinator.watch(...args);
    },
    read: () => new Promise(() => {}),
  };
  const dataflow = openDataflow(away, scope);
  const read = dataflow.settled("a.r.o");
  back = true;
  await dataflow.publish("a.r.o", value(1));
  expect(await read).toEqual(value(1));
  const controller = new AbortController();
  const peek = dataflow.peek("a.r.o", controller.signal);
  controller.abort(new Error("given up"));
  await expect(peek).rejects.toThrow("given up");
});

test("a refusal reaches every reader of the cell", async () => {
  const refusing: Coordinator = {
    ...openLocalStore(),
    watch: () => Promise.reject(new Failure("give-up", "forbidden", "not yours")),
  };
  const dataflow = openDataflow(refusing, scope);
  const reads = [dataflow.settled("a.r.o"), dataflow.settled("a.r.o")];
  for (const read of reads) await expect(read).rejects.toMatchObject({ code: "forbidden" });
});
