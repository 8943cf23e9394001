import { expect, test } from "vitest";
import { emitText, vm } from "../../../tests/support/compile-text.ts";
import type { VmPlan } from "../../model/vm-plan.ts";

test("what only its own vm reads is neither published nor granted", () => {
  const [db] = plansOf(
    vm(
      "db",
      "[{name: a, run: x, outputs: {own: {type: string}}}, {name: b, run: x, after: [a], inputs: {OWN: {get_attr: [db, own]}, ME: {get_attr: [db, first_address]}}}]",
    ),
  );
  expect(db).toMatchObject({ facts: [], rights: { read: [], write: [], choose: [] } });
  expect(db?.roles[0]).toMatchObject({ publishEnd: false, outputs: [{ published: false }] });
});

test("a reader may read what it names, and the writer may write exactly that", () => {
  const [db, web] = plansOf(
    vm("db", "[{name: mysql, run: x, outputs: {port: {type: number}, unread: {type: string}}}, {name: backup, run: x}]") +
      vm(
        "web",
        "[{name: app, run: x, inputs: {PORT: {get_attr: [db, port]}, DB: {get_attr: [db, first_address]}}, after: [[db, backup]]}]",
      ),
  );
  const cells = ["db.@vm.first_address", "db.backup.@end", "db.mysql.port"];
  expect(web?.rights).toEqual({ read: cells, write: [], choose: [] });
  expect(db).toMatchObject({ facts: ["first_address"], rights: { read: [], write: cells, choose: [] } });
  expect(db?.roles.map(({ publishEnd }) => publishEnd)).toEqual([false, true]);
});

test("what a stack output shows is published", () => {
  const [db] = plansOf(
    `${vm("db", "[{name: mysql, run: x, outputs: {port: {type: number}}}]")}outputs: {port: {value: {get_attr: [db, port]}}}\n`,
  );
  expect(db?.rights.write).toEqual(["db.mysql.port"]);
});

test("a right to all members covers each of them", () => {
  const [, web] = plansOf(
    vm("app", "[{name: serve, run: x, outputs: {url: {type: string}}}]", { count: "3" }) +
      vm("web", "[{name: app, run: x, inputs: {ALL: {get_attr: [app, url]}, ONE: {get_attr: [app, resource.1.url]}}}]"),
  );
  expect(web?.rights.read).toEqual(["app[*].serve.url"]);
});

test("a member reads its own cell locally, the others' over the coordinator", () => {
  const roles = (input: string): string =>
    `[{name: serve, run: x, outputs: {url: {type: string}}}, {name: use, run: x, inputs: {URL: {get_attr: [app, ${input}]}}}]`;
  const [own] = plansOf(vm("app", roles("resource.%index%.url"), { count: "2" }));
  expect(own?.rights).toEqual({ read: [], write: [], choose: [] });
  const [all] = plansOf(vm("app", roles("url"), { count: "2" }));
  expect(all?.rights).toEqual({ read: ["app[*].serve.url"], write: ["app[%own:0%].serve.url"], choose: [] });
});

test("what the one member writes is local to it, and published for the others", () => {
  const roles = (on: string): string =>
    `[{name: elect, run: x, on: one, outputs: {key: {type: string}}}, {name: use, run: x, on: ${on}, inputs: {KEY: {get_attr: [app, key]}}}]`;
  const [one] = plansOf(vm("app", roles("one"), { count: "2" }));
  expect(one?.rights).toEqual({ read: [], write: [], choose: ["app"] });
  const [others] = plansOf(vm("app", roles("others"), { count: "2" }));
  expect(others?.rights).toEqual({ read: ["app.elect.key"], write: ["app.elect.key"], choose: ["app"] });
});

test("a member that reads a list or a map over all members of its own group may read each of them", () => {
  const scaling = `  app:
    type: OS::Heat::AutoScalingGroup
    properties:
      min_size: 1
      max_size: 3
      resource:
        type: OS::Nova::Server
        metadata: {weft: {tool: script, roles: [{name: serve, run: x, outputs: {url: {type: string}}}, {name: use, run: x, inputs: {ALL: {get_attr: [app, outputs, url]}}}]}}
`;
  const [app] = plansOf(scaling);
  expect(app?.rights).toEqual({ read: ["app[*].serve.url"], write: ["app[%own:0%].serve.url"], choose: [] });
  const farm = `heat_template_version: 2018-08-31
parameters: {all: {type: json}}
resources:
${vm("web", "[{name: serve, run: x, outputs: {url: {type: string}}}, {name: use, run: x, inputs: {ALL: {get_param: all}}}]")}outputs: {url: {value: {get_attr: [web, url]}}}
`;
  const farms =
    "  farms: {type: OS::Heat::ResourceGroup, properties: {count: 2, resource_def: {type: farm.yaml, properties: {all: {get_attr: [farms, url]}}}}}\n";
  const [web] = plansOf(farms, { "farm.yaml": farm });
  expect(web?.rights.read).toEqual(["farms[*]/web.serve.url"]);
});

test("who reads any or some of a group may make that choice", () => {
  const [, web] = plansOf(
    vm("app", "[{name: serve, run: x, outputs: {url: {type: string}}}]", { count: "3" }) +
      vm(
        "web",
        "[{name: app, run: x, inputs: {ANY: {get_output: [app, serve, url], of: any}, TWO: {get_output: [app, serve, url], of: 2}}}]",
      ),
  );
  expect(web?.rights.choose).toEqual(["app.serve.url@2", "app.serve.url@any"]);
});

function plansOf(resources: string, files?: Record<string, string>): VmPlan[] {
  return emitText(`resources:\n${resources}`, files).plan.vms;
}
