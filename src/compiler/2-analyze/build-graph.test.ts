import { expect, test } from "vitest";
import { compileText, problemsOf, vm } from "../../../tests/support/compile-text.ts";

const cluster = vm(
  "app",
  "[{name: install, run: x, outputs: {url: {type: string}}}, {name: join, run: x, on: others, inputs: {KEY: {get_attr: [app, key]}}}, {name: elect, run: x, on: one, after: [[app, install]], outputs: {key: {type: string}}}]",
  { count: "3" },
);

test("a group whose size is written out has its roles member by member, chosen ones once", () => {
  expect(graphOf(cluster)).toEqual([
    "app[0].install -order-> app[0].elect",
    "app[0].install -after-> app[0].elect",
    "app[1].install -after-> app[0].elect",
    "app[2].install -after-> app[0].elect",
    "app[1].install -order-> app[1].join",
    "app[0].elect -value-> app[1].join",
    "app[2].install -order-> app[2].join",
    "app[0].elect -value-> app[2].join",
  ]);
});

test("a group of unknown size is one node a role, and its one member and the others do not wait for each other in the list", () => {
  const unknown = cluster.replace("count: 3", "count: {get_param: size}");
  expect(graphOf(unknown, "parameters: {size: {type: number}}\n")).toEqual([
    "app[*].install -order-> app[*].elect",
    "app[*].install -order-> app[*].join",
    "app[*].elect -value-> app[*].join",
    "app[*].install -after-> app[*].elect",
  ]);
});

test("a size that is given from outside counts as written out", () => {
  const { flow } = compileText(
    `parameters: {size: {type: number}}\nresources:\n${cluster.replace("count: 3", "count: {get_param: size}")}`,
    {},
    { app: 2 },
  );
  expect(flow?.roles.map(({ id }) => id)).toEqual(["app[0].install", "app[0].elect", "app[1].install", "app[1].join"]);
});

test("the member that an index names runs what is `on` it", () => {
  const { flow } = compileText(
    `resources:\n${vm("app", "[{name: elect, run: x, on: {index: 1}}, {name: join, run: x, on: others}]", { count: "2" })}`,
  );
  expect(flow?.roles.map(({ id }) => id)).toEqual(["app[0].join", "app[1].elect"]);
});

test("on a vm with dataflow order only reads and `after` make roles wait", () => {
  const roles = "[{name: a, run: x}, {name: b, run: x}, {name: c, run: x, after: [a]}]";
  expect(graphOf(vm("db", roles, { order: "dataflow" }))).toEqual(["db.a -after-> db.c"]);
});

test("a role that runs when its vm is deleted has no part in a deployment", () => {
  const { flow } = compileText(
    `resources:\n${vm("db", "[{name: a, run: x}, {name: leave, run: x, on_delete: true}, {name: b, run: x}]")}`,
  );
  expect(flow?.roles.map(({ id }) => id)).toEqual(["db.a", "db.b"]);
  expect(flow?.edges).toMatchObject([{ from: "db.a", to: "db.b" }]);
});

test("facts of vms make no edges, so two vms may read each other's addresses", () => {
  const roles = (other: string): string => `[{name: r, run: x, inputs: {A: {get_attr: [${other}, first_address]}}}]`;
  expect(graphOf(vm("one", roles("two")) + vm("two", roles("one")))).toEqual([]);
});

test("members that all read what all of them write, one role later, are no cycle", () => {
  const roles =
    "[{name: install, run: x, outputs: {url: {type: string}}}, {name: join, run: x, inputs: {ALL: {get_attr: [app, url]}}}]";
  for (const count of ["3", "{get_param: size}"]) {
    expect(problemsOf(compileText(`parameters: {size: {type: number}}\nresources:\n${vm("app", roles, { count })}`))).toEqual([]);
  }
});

test("what only the first member may do is legal where the size is known, and refused where the group counts as one", () => {
  const roles =
    "[{name: relay, run: x, on: others, inputs: {SEED: {get_attr: [app, resource.0.seed]}}}, {name: plant, run: x, outputs: {seed: {type: string}}}]";
  const problemsFor = (count: string): string[] =>
    problemsOf(compileText(`parameters: {size: {type: number}}\nresources:\n${vm("app", roles, { count })}`));
  expect(problemsFor("2")).toEqual([]);
  expect(problemsFor("{get_param: size}")).toEqual([expect.stringMatching(/^deadlock at/)]);
});

function graphOf(resources: string, head = ""): string[] {
  const { flow, report } = compileText(`${head}resources:\n${resources}`);
  if (flow === undefined || report.hasErrors) throw new Error(JSON.stringify(report.diagnostics));
  return flow.edges.map(({ from, to, kind }) => `${from} -${kind}-> ${to}`);
}
