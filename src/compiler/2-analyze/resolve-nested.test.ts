import { expect, test } from "vitest";
import { compileText, problemsOf, vm } from "../../../tests/support/compile-text.ts";
import type { Compiled } from "../compile.ts";
import type { Expr } from "../../model/expression.ts";

const version = "heat_template_version: 2018-08-31\n";
const inner = `${version}
parameters:
  word: {type: string, default: none}
  size: {type: number, default: 2}
  key: {type: string, hidden: true, default: x}
conditions: {is_there: {equals: [{get_param: word}, there]}}
resources:
${vm("db", "[{name: mysql, run: x, inputs: {WORD: {get_param: word}, SIZE: {get_param: size}}, outputs: {port: {type: number}, map: {type: json}}}, {name: elect, run: x, on: ON, outputs: {leader: {type: string}}}]")}
${vm("web", "[{name: serve, run: x, outputs: {url: {type: string}}}]", { count: "{get_param: size}" })}
  maybe: {type: OS::Nova::Server, condition: is_there, properties: {image: i, flavor: f}, metadata: {weft: {tool: script, roles: [{name: run, run: x, outputs: {state: {type: string}}}]}}}
outputs:
  port: {value: {get_attr: [db, port]}}
  text: {value: {list_join: [":", [{get_attr: [db, first_address]}, {get_attr: [db, port]}]]}}
  map: {value: {get_attr: [db, map]}}
  urls: {value: {get_attr: [web, url]}}
  leader: {value: {get_attr: [db, leader]}}
  state: {value: {get_attr: [maybe, state]}}
  word: {value: {get_param: word}}
  secret: {value: {list_join: ["", [{get_param: key}, {get_attr: [db, port]}]]}}
`;
const files = { "inner.yaml": inner.replace("on: ON", "on: all"), "member.yaml": inner.replace("on: ON", "on: one") };
const outer = "  outer: {type: inner.yaml, properties: {word: PROPERTY}}\n";
const group =
  "  app: {type: OS::Heat::ResourceGroup, properties: {count: {get_param: n}, resource_def: {type: member.yaml, properties: {word: 'w-%index%'}}}}\n";
const parameters = "parameters: {n: {type: number}, given: {type: string}}\nresources:\n";
const inApp = { size: { kind: "param", name: "n", path: [] }, index: "%index:app%" };

function reading(input: string, property = "there"): Compiled {
  const reader = vm("reader", `[{name: read, run: x, inputs: {IN: ${input}}, outputs: {word: {type: string}}}]`);
  return compileText(parameters + outer.replace("PROPERTY", property) + group + reader, files);
}

function inputOf({ resolved }: Compiled, id: string, name: string): Expr | undefined {
  const roles = resolved?.vms.find((one) => one.id === id)?.roles;
  return roles?.flatMap(({ inputs }) => inputs).find(({ spec }) => spec.name === name)?.value;
}

test.for<[string, Expr]>([
  ["{get_attr: [outer, port]}", read("outer/db.mysql.port")],
  ["{get_attr: [outer, map, a, 1]}", read("outer/db.mysql.map", ["a", 1])],
  ["{get_attr: [outer, resource.db.port]}", read("outer/db.mysql.port")],
  ["{get_attr: [outer, resource.db, port]}", read("outer/db.mysql.port")],
  ["{get_attr: [outer, resource.db.networks]}", { kind: "attr", resource: "outer", path: ["resource.db.networks"] }],
  ["{get_attr: [outer, word]}", { kind: "value", value: "there" }],
  ["{get_attr: [outer, show]}", { kind: "attr", resource: "outer", path: ["show"] }],
  ["{get_output: [outer/db, mysql, port]}", read("outer/db.mysql.port")],
  ["{get_attr: [outer, urls]}", gather("outer/web", "all")],
  ["{get_output: [outer/web, serve, url], of: any}", gather("outer/web", "any")],
  ["{get_attr: [app, port]}", { kind: "each", ...inApp, item: read("app[%index:app%]/db.mysql.port") } as Expr],
  [
    "{get_attr: [app, attributes, port]}",
    { kind: "each", ...inApp, keyed: true, item: read("app[%index:app%]/db.mysql.port") } as Expr,
  ],
  ["{get_attr: [app, resource.3.port]}", read("app[3]/db.mysql.port")],
  ["{get_attr: [app, leader]}", read("app/db.elect.leader")],
  ["{get_attr: [app, refs]}", { kind: "attr", resource: "app", path: ["refs"] }],
  ["{get_output: [app/db, mysql, port]}", { kind: "each", ...inApp, item: read("app[%index:app%]/db.mysql.port") } as Expr],
])("%s", ([input, expected]) => {
  const compiled = reading(input);
  expect(problemsOf(compiled).filter((problem) => !problem.startsWith("not-delivered"))).toEqual([]);
  expect(inputOf(compiled, "reader", "IN")).toEqual(expected);
});

test("`of` counts the members of a group of nested stacks", () => {
  expect(inputOf(reading("{get_output: [app/db, mysql, port], of: 2}"), "reader", "IN")).toMatchObject({
    kind: "read",
    read: { kind: "gather", group: "app", inside: "/db", role: "mysql", output: "port", of: 2 },
  });
});

test("a function of run-time values in an output is evaluated by who reads it", () => {
  expect(inputOf(reading("{get_attr: [outer, text]}"), "reader", "IN")).toMatchObject({
    kind: "call",
    fn: "list_join",
    arg: { items: [{ value: ":" }, { items: [read("outer/db.@vm.first_address"), read("outer/db.mysql.port")] }] },
  });
});

test.for<[string, Expr]>([
  ["there", { kind: "value", value: "there" }],
  ["5", { kind: "value", value: "5" }],
  ["{get_param: given}", { kind: "param", name: "outer/word", path: [] }],
  ["{get_attr: [reader, word]}", read("reader.read.word")],
])("a parameter that is given %s", ([property, expected]) => {
  expect(inputOf(reading("x", property), "outer/db", "WORD")).toEqual(expected);
});

test("what a member of a group is given holds its own number", () => {
  expect(inputOf(reading("x"), "app[*]/db", "WORD")).toEqual({ kind: "value", value: "w-%index:app%" });
});

test("a parameter that is not given is Heat's to know", () => {
  expect(inputOf(reading("x"), "outer/db", "SIZE")).toEqual({ kind: "param", name: "outer/size", path: [] });
});

test("what depends on a condition inside is absent where that is false", () => {
  const value = inputOf(reading("{get_attr: [outer, state]}"), "reader", "IN");
  expect(value).toMatchObject({ read: { present: { arg: { items: [{ kind: "condition", name: "outer/is_there" }, {}, {}] } } } });
});

test("a secret is one on the other side of the border too", () => {
  const compiled = reading("{get_attr: [outer, secret]}");
  const role = compiled.resolved?.vms.find(({ id }) => id === "reader")?.roles[0];
  expect(role?.inputs[0]?.secret).toBe(true);
});

test("rights name the cells of nested stacks, and of all members where all are read", () => {
  const { emitted } = reading("{get_attr: [app, text]}");
  const rights = emitted?.plan.vms.find((plan) => plan.vm === "reader")?.rights;
  expect(rights?.read).toEqual(["app[*]/db.@vm.first_address", "app[*]/db.mysql.port"]);
  const writer = emitted?.plan.vms.find((plan) => plan.vm === "app[*]/db")?.rights;
  expect(writer?.write).toEqual(["app[%own:0%]/db.@vm.first_address", "app[%own:0%]/db.mysql.port"]);
});

test("a number counts the members of an AutoScalingGroup, and means nothing for what one of them writes for all", () => {
  const pool =
    "  pool: {type: OS::Heat::AutoScalingGroup, properties: {min_size: 2, max_size: 4, resource: {type: member.yaml}}}\n";
  const valueOf = (input: string): Expr | undefined => {
    const reader = vm("reader", `[{name: read, run: x, inputs: {IN: ${input}}}]`);
    return inputOf(compileText(`resources:\n${pool}${reader}`, files), "reader", "IN");
  };
  const size: Expr = { kind: "attr", resource: "pool", path: ["refs_map"] };
  const item = read("pool[%index:pool%]/db.mysql.port");
  const all: Expr = { kind: "each", size, index: "%index:pool%", item };
  const second: Expr = { kind: "list", items: [all, { kind: "value", value: 1 }] };
  expect(valueOf("{get_attr: [pool, resource.1.port]}")).toEqual({ kind: "call", fn: "dig", arg: second });
  expect(valueOf("{get_attr: [pool, resource.1.leader]}")).toEqual(read("pool/db.elect.leader"));
});

test("members that removal_policies name are not there", () => {
  const policies = "removal_policies: [{resource_list: ['0', 2]}], ";
  const definition =
    "resource_def: {type: OS::Nova::Server, properties: {image: i, flavor: f}, metadata: {weft: {tool: script, roles: [{name: a, run: x, on: one}, {name: b, run: x}]}}}";
  const { flow } = compileText(
    `resources:\n  app: {type: OS::Heat::ResourceGroup, properties: {count: 3, ${policies}${definition}}}\n`,
  );
  expect(flow?.roles.map(({ id }) => id)).toEqual(["app[1].a", "app[1].b", "app[3].b", "app[4].b"]);
});

test("a barrier waits for a role of all members", () => {
  const reader = vm("reader", "[{name: last, run: x, after: [[app/db, mysql], [outer/db, mysql]]}]");
  const { flow, report } = compileText(parameters + outer.replace("PROPERTY", "x") + group + reader, files);
  expect(report.hasErrors).toBe(false);
  expect(flow?.edges.filter(({ to }) => to === "reader.last").map(({ from }) => from)).toEqual([
    "app[*]/db.mysql",
    "outer/db.mysql",
  ]);
});

test("roles that wait for each other across a border are found", () => {
  const compiled = reading("{get_attr: [outer, port]}", "{get_attr: [reader, word]}");
  expect(compiled.report.diagnostics.map(({ code }) => code)).toContain("deadlock");
});

function read(cell: string, path: (string | number)[] = []): Expr {
  return { kind: "read", read: { kind: "cell", cell }, path };
}

// The default of a nested template's parameter is Heat's to know.
function gather(group: string, of: "all" | "any"): Expr {
  const size: Expr = { kind: "param", name: "outer/size", path: [] };
  return { kind: "read", read: { kind: "gather", group, role: "serve", output: "url", size, of }, path: [] };
}
