import { expect, test } from "vitest";
import { compileText, problemsOf, vm } from "../../../tests/support/compile-text.ts";
import type { Expr } from "../../model/expression.ts";

const db = vm("db", "[{name: mysql, run: x, outputs: {port: {type: number}, name: {type: string}}}]");
const app = vm(
  "app",
  "[{name: serve, run: x, outputs: {url: {type: string}}}, {name: elect, run: x, on: one, outputs: {key: {type: string}}}]",
  {
    count: "{get_param: size}",
  },
);
const parameters = "parameters: {size: {type: number}, part: {type: string}}\n";

test.for<[string, Expr]>([
  ["{get_attr: [db, port]}", read("db.mysql.port")],
  ["{get_attr: [db, port, a, 0]}", read("db.mysql.port", ["a", 0])],
  ["{get_output: [db, mysql, name]}", read("db.mysql.name")],
  ["{get_attr: [db, first_address]}", read("db.@vm.first_address")],
  ["{get_attr: [web, name]}", read("web.@vm.name")],
  ["{value: {get_attr: [db, first_address]}, bind: deploy}", attribute("db", ["first_address"])],
  ["{get_attr: [db, networks, private, 0]}", attribute("db", ["networks", "private", 0])],
  ["{get_attr: [db, networks, {get_param: part}]}", { kind: "call", fn: "get_attr", arg: expect.anything() as Expr }],
  ["{get_attr: [other, whatever]}", attribute("other", ["whatever"])],
  ["{get_attr: [app, url]}", gather("serve", "url", "all")],
  ["{get_attr: [app, first_address]}", gather("@vm", "first_address", "all")],
  ["{get_output: [app, serve, url], of: any}", gather("serve", "url", "any")],
  ["{get_output: [app, serve, url], of: 2}", gather("serve", "url", 2)],
  ["{get_attr: [app, key]}", read("app.elect.key")],
  ["{get_attr: [app, resource.2.url]}", read("app[2].serve.url")],
  ["{get_attr: [app, resource.2, url]}", read("app[2].serve.url")],
  ["{get_attr: [app, resource.2.first_address]}", read("app[2].@vm.first_address")],
  ["{get_attr: [app, resource.2.networks]}", attribute("app", ["resource.2.networks"])],
  ["{get_attr: [app, resource.2]}", attribute("app", ["resource.2"])],
  ["{get_attr: [app, refs]}", attribute("app", ["refs"])],
  ["{get_attr: [app, refs_map]}", attribute("app", ["refs_map"])],
  ["{get_attr: [app, networks]}", attribute("app", ["networks"])],
  ["{get_resource: db}", { kind: "resource", name: "db" }],
  ["{get_param: [size, 0]}", { kind: "param", name: "size", path: [0] }],
  ["{get_param: 'OS::stack_name'}", { kind: "param", name: "OS::stack_name", path: [] }],
  ["{list_join: ['-', [a, {str_replace: {template: X, params: {X: b}}}]]}", { kind: "value", value: "a-b" }],
])("an input %s is understood", ([input, expected]) => {
  expect(inputOf(input)).toEqual(expected);
});

test("of several members, one's own is read by the index variable", () => {
  const { resolved } = compileText(
    `resources:\n${vm("app", "[{name: serve, run: x, outputs: {url: {type: string}}}, {name: use, run: x, inputs: {URL: {get_attr: [app, resource.%index%.url]}}}]", { count: "2" })}`,
  );
  expect(resolved?.vms[0]?.roles[1]?.inputs[0]?.value).toEqual(read("app[self].serve.url"));
});

test("a function over the index variable is left to each member", () => {
  const { resolved } = compileText(
    `resources:\n${vm("app", "[{name: serve, run: x, inputs: {NAME: {list_join: ['-', [app, '%index%']]}}}]", { count: "2" })}`,
  );
  expect(resolved?.vms[0]?.roles[0]?.inputs[0]?.value).toMatchObject({ kind: "call", fn: "list_join" });
});

test("in a stack output the address of a vm is Heat's to know", () => {
  const { resolved } = compileText(
    `resources:\n${db}outputs: {address: {value: {get_attr: [db, first_address]}}, port: {value: {get_attr: [db, port]}}}\n`,
  );
  expect(resolved?.outputs.map(({ value }) => value.kind)).toEqual(["attr", "read"]);
});

test("a vm without roles has no agent that could report its address", () => {
  const plain = "  plain: {type: OS::Nova::Server, properties: {image: i, flavor: f}}\n";
  const { resolved } = compileText(
    `resources:\n${plain}${vm("web", "[{name: app, run: x, inputs: {A: {get_attr: [plain, first_address]}}}]")}`,
  );
  expect(resolved?.vms[0]?.roles[0]?.inputs[0]?.value).toEqual(attribute("plain", ["first_address"]));
});

test("a group of anything but vms may have any attribute", () => {
  const strings =
    "  words: {type: OS::Heat::ResourceGroup, properties: {count: 2, resource_def: {type: OS::Heat::RandomString}}}\n";
  const outputs = "outputs: {all: {value: {get_attr: [words, value]}}, one: {value: {get_attr: [words, resource.0.value]}}}\n";
  expect(problemsOf(compileText(`resources:\n${strings}${outputs}`))).toEqual([]);
});

test.for([
  "{type: OS::Heat::Value, properties: {value: {get_attr: [db, port]}}}",
  "{type: OS::Heat::Value, properties: {value: {list_join: [',', [{get_output: [db, mysql, port]}]]}}}",
  "{type: OS::Heat::ResourceGroup, properties: {count: {get_attr: [db, port]}, resource_def: {type: OS::Nova::Server}}}",
])("a run-time value is refused in the resource %s", (resource) => {
  expect(problemsOf(compileText(`resources:\n${db}  other: ${resource}\n`)).join()).toMatch(/^run-time-value-here at \d+:\d+$/);
});

test("of an attribute that Heat knows too, a property means Heat's", () => {
  const value = "  other: {type: OS::Heat::Value, properties: {value: {get_attr: [db, name]}}}\n";
  expect(problemsOf(compileText(`resources:\n${db}${value}`))).toEqual([]);
});

function inputOf(input: string): Expr | undefined {
  const web = vm("web", `[{name: app, run: x, inputs: {IN: ${input}}}]`);
  const { resolved, report } = compileText(`${parameters}resources:\n${db}${app}  other: {type: Some::Other::Type}\n${web}`);
  const errors = report.diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return resolved?.vms.find(({ id }) => id === "web")?.roles[0]?.inputs[0]?.value;
}

function read(cell: string, path: (string | number)[] = []): Expr {
  return { kind: "read", read: { kind: "cell", cell }, path };
}

function attribute(resource: string, path: (string | number)[]): Expr {
  return { kind: "attr", resource, path };
}

function gather(role: string, output: string, of: "all" | "any" | number): Expr {
  return {
    kind: "read",
    read: { kind: "gather", group: "app", role, output, size: { kind: "param", name: "size", path: [] }, of },
    path: [],
  };
}

test.for<[string, string, string[]]>([
  ["{get_resource: {get_file: name.txt}}", "db", []],
  ["{get_resource: {get_file: name.txt}}", "lib/db", ["unknown-resource"]],
  ["{get_attr: [{get_file: name.txt}, x]}", "lib/db", ["unknown-resource"]],
  ["{get_param: {get_file: name.txt}}", "lib/db", ["unknown-parameter"]],
])("a name that stands in a file must be one too: %s, %s", ([value, name, codes]) => {
  const resources = `resources:\n${vm("db", `[{name: a, run: x, inputs: {X: {value: ${value}}}}]`)}`;
  const problems = problemsOf(compileText(resources, { "name.txt": name }));
  expect(problems.map((problem) => problem.split(" ")[0])).toEqual(codes);
});
