import { expect, test } from "vitest";
import { compileText, vm } from "../../tests/support/compile-text.ts";
import { advise, findIdle } from "./advise.ts";
import { type Dependences, predict } from "./predict.ts";

const profiles = { "db.mysql": { durationMs: 1000 }, "web.install": { durationMs: 200 }, "web.app": { durationMs: 800 } };

function flowOf(resources: string): Dependences {
  const { flow } = compileText(`resources:\n${resources}`);
  if (flow === undefined) throw new Error("it does not compile");
  return flow;
}

const flow = flowOf(
  vm("db", "[{name: mysql, run: x, outputs: {port: {type: number}}}]") +
    vm("web", "[{name: install, run: x}, {name: app, run: x, inputs: {PORT: {get_attr: [db, port]}}}]"),
);

test("a read that holds up a role is worth asking for later, and its writer worth splitting", () => {
  const prediction = predict(flow, profiles);
  expect(prediction.makespanMs).toBe(1800);
  expect(advise(flow, profiles, prediction)).toEqual([
    { kind: "read-later", role: "web.app", input: "PORT", from: "db.mysql", gainMs: 800 },
    { kind: "split", role: "db.mysql", gainMs: 500 },
  ]);
});

test("what a role reads while it runs still blocks it when it is tried in another way", () => {
  const lazy = flowOf(
    vm("db", "[{name: mysql, run: x, outputs: {port: {type: number}}}]") +
      vm("dns", "[{name: zone, run: x, outputs: {name: {type: string}}}]") +
      vm(
        "web",
        "[{name: app, run: x, inputs: {PORT: {get_attr: [db, port]}, NAME: {value: {get_attr: [dns, name]}, when: lazy}}}]",
      ),
  );
  const slow = { "db.mysql": { durationMs: 1000 }, "dns.zone": { durationMs: 950 }, "web.app": { durationMs: 800 } };
  expect(advise(lazy, slow, predict(lazy, slow))).toMatchObject([
    { kind: "read-later", role: "web.app", input: "PORT", gainMs: 50 },
    { kind: "split", role: "db.mysql", gainMs: 50 },
  ]);
});

test("what is not on the critical path gets no advice", () => {
  const slow = { ...profiles, "web.install": { durationMs: 5000 } };
  expect(advise(flow, slow, predict(flow, slow))).toEqual([]);
});

test("a vm is idle while none of its roles is under way", () => {
  expect(findIdle(flow, predict(flow, profiles))).toEqual([
    { vm: "db", idleMs: 800 },
    { vm: "web", idleMs: 800 },
  ]);
});
