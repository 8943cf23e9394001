import { expect, test } from "vitest";
import { compileText, vm } from "../../tests/support/compile-text.ts";
import type { Flow } from "../model/flow.ts";
import { predict } from "./predict.ts";

test("roles run side by side, and the longest way decides", () => {
  const flow = flowOf(
    vm("db", "[{name: mysql, run: x, outputs: {port: {type: number}}}, {name: backup, run: x}]") +
      vm("web", "[{name: install, run: x}, {name: app, run: x, inputs: {PORT: {get_attr: [db, port]}}}]"),
  );
  const profiles = { "db.mysql": ms(30), "db.backup": ms(5), "web.install": ms(20), "web.app": ms(10) };
  expect(predict(flow, profiles)).toEqual({
    makespanMs: 40,
    criticalPath: ["db.mysql", "web.app"],
    roles: [
      { id: "db.mysql", startMs: 0, endMs: 30 },
      { id: "db.backup", startMs: 30, endMs: 35 },
      { id: "web.install", startMs: 0, endMs: 20 },
      { id: "web.app", startMs: 30, endMs: 40 },
    ],
  });
});

test("roles that run one at a time hold each other up, and the first listed goes first", () => {
  const server = (name: string): string => `  ${name}: {type: OS::Nova::Server, properties: {image: i, flavor: f}}\n`;
  const deployment = (name: string, vm: string, inputs: string): string =>
    `  ${name}: {type: OS::Heat::SoftwareDeployment, properties: {config: {get_resource: c}, server: {get_resource: ${vm}}, input_values: ${inputs}}}\n`;
  const flow = flowOf(
    `${server("a")}${server("b")}  c: {type: OS::Heat::SoftwareConfig, properties: {group: script, outputs: [{name: x}], config: y}}\n` +
      deployment("last", "a", "{x: {get_attr: [other, x]}}") +
      deployment("first", "a", "{}") +
      deployment("second", "a", "{}") +
      deployment("other", "b", "{}"),
  );
  const profiles = { "a.last": ms(5), "a.first": ms(10), "a.second": ms(20), "b.other": ms(7) };
  expect(predict(flow, profiles)).toEqual({
    makespanMs: 35,
    criticalPath: ["a.first", "a.last", "a.second"],
    roles: [
      { id: "a.last", startMs: 10, endMs: 15 },
      { id: "a.first", startMs: 0, endMs: 10 },
      { id: "a.second", startMs: 15, endMs: 35 },
      { id: "b.other", startMs: 0, endMs: 7 },
    ],
  });
});

test("an output that is published on writing lets its reader go on before the writer ends", () => {
  const flow = flowOf(
    vm("db", "[{name: mysql, run: x, outputs: {port: {type: number, publish: on_write}}}]") +
      vm("web", "[{name: app, run: x, inputs: {PORT: {get_attr: [db, port]}}}]"),
  );
  const written = { durationMs: 30, marks: [{ kind: "write" as const, cell: "db.mysql.port", activeMs: 5 }] };
  expect(predict(flow, { "db.mysql": written, "web.app": ms(10) }).roles[1]).toEqual({ id: "web.app", startMs: 5, endMs: 15 });
  expect(predict(flow, { "db.mysql": ms(30), "web.app": ms(10) }).roles[1]?.startMs).toBe(30);
});

test("a lazy read blocks where it is read, and its waiting is no running time", () => {
  const flow = flowOf(
    vm("db", "[{name: mysql, run: x, outputs: {port: {type: number}}}]") +
      vm("web", "[{name: app, run: x, inputs: {PORT: {value: {get_attr: [db, port]}, when: lazy}}}]"),
  );
  const late = { durationMs: 10, marks: [{ kind: "read" as const, cell: "db.mysql.port", activeMs: 8 }] };
  expect(predict(flow, { "db.mysql": ms(30), "web.app": late })).toMatchObject({
    makespanMs: 32,
    criticalPath: ["db.mysql", "web.app"],
    roles: [{}, { startMs: 0, endMs: 32 }],
  });
});

test("the first of a group is enough for `of: any`, two are for `of: 2`", () => {
  const serve = "[{name: serve, run: x, outputs: {url: {type: string}}}]";
  const reader = (of: string): string =>
    vm("app", serve, { count: "3" }) +
    vm("web", `[{name: app, run: x, inputs: {URLS: {get_output: [app, serve, url], of: ${of}}}}]`);
  const profiles = { "app[0].serve": ms(30), "app[1].serve": ms(10), "app[2].serve": ms(20), "web.app": ms(1) };
  const startFor = (of: string): number | undefined => predict(flowOf(reader(of)), profiles).roles.at(-1)?.startMs;
  expect([startFor("any"), startFor("2"), startFor("all")]).toEqual([10, 20, 30]);
});

test("the critical path may come back to a role that it has left", () => {
  const flow = flowOf(
    vm(
      "a",
      "[{name: r, run: x, inputs: {B: {value: {get_attr: [b, pong]}, when: lazy}}, outputs: {ping: {type: string, publish: on_write, before: [B]}}}]",
    ) + vm("b", "[{name: s, run: x, inputs: {A: {get_attr: [a, ping]}}, outputs: {pong: {type: string}}}]"),
  );
  const marks = [
    { kind: "write" as const, cell: "a.r.ping", activeMs: 5 },
    { kind: "read" as const, cell: "b.s.pong", activeMs: 6 },
  ];
  expect(predict(flow, { "a.r": { durationMs: 10, marks }, "b.s": ms(20) })).toMatchObject({
    makespanMs: 29,
    criticalPath: ["a.r", "b.s", "a.r"],
  });
});

test("an empty flow takes no time", () => {
  expect(predict({ roles: [], edges: [] }, {})).toEqual({ makespanMs: 0, criticalPath: [], roles: [] });
});

function ms(durationMs: number): { durationMs: number } {
  return { durationMs };
}

function flowOf(resources: string): Flow {
  const { flow, report } = compileText(`resources:\n${resources}`);
  if (flow === undefined || report.hasErrors) throw new Error(JSON.stringify(report.diagnostics));
  return flow;
}

test("of a group whose size is not known, as many members as are wanted are there when its one role is", () => {
  const flow: Flow = {
    roles: ["g[*].work", "r.use"].map((id) => ({
      id,
      vm: id.split(".")[0] as string,
      order: "listed",
      role: "x",
      tool: "script",
      span,
      outputs: [],
    })),
    edges: [
      {
        from: "g[*].work",
        to: "r.use",
        kind: "value",
        settles: "end",
        gates: "start",
        gather: { key: "g.work.n@2", of: 2 },
        span,
      },
    ],
  };
  expect(predict(flow, { "g[*].work": ms(10), "r.use": ms(5) }).makespanMs).toBe(15);
});

const span = { file: "stack.yaml", line: 1, column: 1, length: 1 };
