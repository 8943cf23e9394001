import { expect, test } from "vitest";
import { parseInTest, roleOf, roleTemplate } from "./parse-in-test.ts";
import { toJson } from "./read-fields.ts";

test("a role that says little gets the defaults", () => {
  expect(roleOf()).toMatchObject({
    name: "second",
    nameSpan: { line: 10, column: 19, length: 6 },
    tool: "script",
    toolSpan: { line: 7, column: 15, length: 6 },
    run: { kind: "literal", value: "echo" },
    options: {},
    inputs: [],
    outputs: [],
    after: [],
    onError: "fail",
    onDelete: false,
    on: "all",
  });
});

test("a role says everything", () => {
  const role = roleOf(
    "tool: hook:/opt/my-hook.py",
    "options: {tags: [a, b], deep: {x: 1}}",
    "after: [first, [web, app]]",
    "on_error: {retry: {times: 3, delay: 500ms}}",
    "timeout: 5m",
    "on_delete: yes",
    "on: others",
  );
  expect(role).toMatchObject({
    tool: "hook:/opt/my-hook.py",
    options: { tags: ["a", "b"], deep: { x: 1 } },
    after: [{ role: "first" }, { resource: "web", role: "app" }],
    onError: { times: 3, delayMs: 500 },
    timeoutMs: 300_000,
    onDelete: true,
    on: "others",
    onSpan: { line: 18, column: 13, length: 2 },
  });
  expect(roleOf("on: {index: {get_param: leader}}").on).toMatchObject({ index: { kind: "call", fn: "get_param" } });
  expect(roleOf("on_error: continue").onError).toBe("continue");
});

test("inputs are short or long", () => {
  const { inputs } = roleOf(
    "inputs:",
    "  SHORT: {get_attr: [web, url]}",
    "  MAP: {value: 1, unit: s}",
    "  LONG: {value: {get_attr: [web, url]}, type: number, default: 5, description: d, when: lazy, wait_timeout: 30, bind: deploy}",
  );
  expect(inputs.map(({ name, value }) => [name, value.kind])).toEqual([
    ["SHORT", "call"],
    ["MAP", "map"],
    ["LONG", "call"],
  ]);
  expect(inputs[2]).toMatchObject({
    type: "number",
    default: 5,
    description: "d",
    when: "lazy",
    waitTimeoutMs: 30_000,
    bind: "deploy",
  });
});

test("the default of an input may be a map", () => {
  const { inputs } = roleOf("inputs: {A: {value: x, default: {a: [1]}}, B: {value: x}}");
  expect(inputs.map((input) => input.default)).toEqual([{ a: [1] }, undefined]);
});

test("outputs have their defaults and all their keys", () => {
  const { outputs } = roleOf(
    "inputs: {A: x}",
    "outputs:",
    "  plain:",
    "  full: {from: a.b, type: json, secret: true, optional: true, publish: on_write, before: [A], error_output: true, description: d}",
  );
  expect(outputs).toMatchObject([
    { name: "plain", type: "string", secret: false, optional: false, publish: "on_success", before: [], errorOutput: false },
    {
      name: "full",
      type: "json",
      from: "a.b",
      secret: true,
      optional: true,
      publish: "on_write",
      before: [{ name: "A" }],
      errorOutput: true,
    },
  ]);
});

test("get_output with `of` is one call", () => {
  const { inputs } = roleOf("inputs: {A: {get_output: [app, serve, url], of: any}, B: {get_output: [db, first, x]}}");
  const [gathered, plain] = inputs.map(({ value }) => (value.kind === "call" ? toJson(value.arg) : undefined));
  expect(gathered).toEqual({ get_output: ["app", "serve", "url"], of: "any" });
  expect(plain).toEqual(["db", "first", "x"]);
});

test.for<[string, string[], string[]]>([
  ["an unknown key", ["inptus: {}"], ["12:13 unknown-key"]],
  ["an unknown tool", ["tool: shef"], ["12:19 unknown-tool"]],
  ["a hook without a path", ["tool: 'hook:'"], ["12:19 unknown-tool"]],
  ["a tool that is no text", ["tool: 5"], ["12:19 bad-type"]],
  ["options that are no map", ["options: [a]"], ["12:22 bad-type"]],
  ["a function in options", ["options: {a: {get_param: b}}"], ["12:27 function-not-allowed"]],
  ["inputs that are no map", ["inputs: [a]"], ["12:21 bad-type"]],
  ["a wrong word of an input", ["inputs: {A: {value: 1, when: later}}"], ["12:42 bad-type"]],
  ["a wrong duration of an input", ["inputs: {A: {value: 1, wait_timeout: soon}}"], ["12:50 bad-type"]],
  ["a function as an input's default", ["inputs: {A: {value: 1, default: {get_param: b}}}"], ["12:46 function-not-allowed"]],
  ["a misspelt long form", ["inputs: {A: {value: 1, tpye: string}}"], ["12:36 unclear-input"]],
  ["an input given twice", ["inputs: {A: 1, A: 2}"], ["12:28 duplicate-key"]],
  ["an output given twice", ["outputs: {a: , a: }"], ["12:28 duplicate-key"]],
  ["a bad name of an output", ["outputs: {a.b: {type: string}}"], ["12:23 bad-name"]],
  ["an output that is no map", ["outputs: {a: string}"], ["12:26 bad-type"]],
  ["an unknown type of an output", ["outputs: {a: {type: strng}}"], ["12:33 bad-type"]],
  ["an unknown key of an output", ["outputs: {a: {typ: string}}"], ["12:27 unknown-key"]],
  ["a promise about no input", ["outputs: {a: {before: [B]}}"], ["12:36 unknown-input"]],
  ["a flag that is none", ["outputs: {a: {secret: 'yes'}}"], ["12:35 bad-type"]],
  ["an after of three", ["after: [[a, b, c]]"], ["12:21 bad-type"]],
  ["an after that is no list", ["after: first"], ["12:20 bad-type"]],
  ["a retry without times", ["on_error: {retry: {delay: 5}}"], ["12:24 missing-key"]],
  ["a retry of no times", ["on_error: {retry: {times: 0}}"], ["12:39 bad-type"]],
  ["an on_error that is none", ["on_error: ignore"], ["12:23 bad-type"]],
  ["a timeout that is none", ["timeout: 5 minutes"], ["12:22 bad-type"]],
  ["a choice that is none", ["on: two"], ["12:17 bad-type"]],
  ["a file from elsewhere", ["inputs: {A: {get_file: 'http://a/b'}}"], ["12:36 missing-file"]],
  ["a file that is not there", ["options: {}", "inputs: {A: {get_file: nope.sh}}"], ["13:36 missing-file"]],
])("%s is reported at its place and parsing goes on", ([, lines, places]) => {
  const { parsed, places: found } = parseInTest(roleTemplate(...lines));
  expect(found).toEqual(places);
  expect(parsed?.template.resources.get("db")?.vm?.roles.map(({ name }) => name)).toEqual(["first", "second"]);
});

test("a misspelt key is reported with the nearest one as a hint", () => {
  expect(parseInTest(roleTemplate("inptus: {}")).hints).toEqual(['did you mean "inputs"?']);
  expect(parseInTest(roleTemplate("tool: pupet")).hints).toEqual(['did you mean "puppet"?']);
});

function annotate(annotation: string): string {
  return `heat_template_version: 2018-08-31\nresources:\n  db:\n    type: OS::Nova::Server\n    metadata: {weft: ${annotation}}\n`;
}

test.for<[string, string, string[]]>([
  ["no map", "[a]", ["5:22 bad-type"]],
  ["nothing", "", ["5:16 bad-type"]],
  ["no roles", "{tool: script}", ["5:16 missing-key"]],
  ["roles that are no list", "{roles: {a: b}}", ["5:30 bad-type"]],
  ["an unknown key", "{roles: [], rolls: []}", ["5:34 unknown-key"]],
  ["an unknown order", "{order: random, roles: []}", ["5:30 bad-type"]],
  ["a role without a name", "{tool: script, roles: [{run: a}]}", ["5:45 missing-key"]],
  ["a role without a tool", "{roles: [{name: a, run: a}]}", ["5:31 missing-key"]],
  ["a role without run", "{tool: script, roles: [{name: a}]}", ["5:45 missing-key"]],
  ["a bad name", "{tool: script, roles: [{name: a b, run: a}]}", ["5:52 bad-name"]],
  ["two roles of one name", "{tool: script, roles: [{name: a, run: a}, {name: a, run: b}]}", ["5:71 duplicate-role"]],
  ["things that are no roles", "{roles: [1, null, []]}", ["5:31 bad-type", "5:34 bad-type", "5:40 bad-type"]],
])("an annotation with %s is reported", ([, annotation, places]) => {
  expect(parseInTest(annotate(annotation)).places).toEqual(places);
});
