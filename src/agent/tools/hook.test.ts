// What a hook is given, and what its answer means.
import { expect, test } from "vitest";
import type { Json } from "../../model/json.ts";
import type { ValueType } from "../../model/role.ts";
import type { InputPlan, OutputPlan, RolePlan } from "../../model/vm-plan.ts";
import type { Job } from "../tool.ts";
import { hook } from "./hook.ts";

function makeJob(inputs: Record<string, { value: Json; type?: ValueType }>, more: Partial<RolePlan> = {}): Job {
  const plans = Object.entries(inputs).map(
    ([name, { type }]) => ({ name, ...(type === undefined ? {} : { type }) }) as InputPlan,
  );
  const role = { name: "app", tool: "hook:/opt/hooks/docker-compose", options: { a: 1 }, inputs: plans, outputs: [], ...more };
  return {
    vm: "web",
    role: role as unknown as RolePlan,
    run: { services: {} },
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, { value }]) => [name, value])),
    folder: "/a/app.2",
    roleFolder: "/r/app",
    startedAt: "2026-11-27T22:00:00Z",
  };
}

function declare(name: string, type: ValueType = "string", from?: string): OutputPlan {
  return { name, type, ...(from === undefined ? {} : { from }) } as OutputPlan;
}

test("a hook is given its deployment as Heat's agent would", () => {
  const outputs = [declare("url"), declare("port", "number", "listen")];
  const prepared = hook.prepare(makeJob({ A: { value: "a" } }, { outputs }));
  expect(prepared).toMatchObject({ argv: ["/opt/hooks/docker-compose"], files: [], capture: true });
  expect(prepared.env).toEqual({
    HEAT_DOCKER_COMPOSE_WORKING: "/r/app/.scratch/working",
    HEAT_DOCKER_COMPOSE_OUTPUTS: "/r/app/.scratch/outputs",
  });
  expect(JSON.parse(prepared.stdin)).toEqual({
    id: "app.2",
    name: "app",
    group: "docker-compose",
    config: { services: {} },
    options: { a: 1 },
    inputs: [
      { name: "A", type: "String", value: "a" },
      { name: "deploy_server_id", type: "String", value: "web" },
      { name: "deploy_action", type: "String", value: "CREATE" },
      { name: "deploy_resource_name", type: "String", value: "app" },
    ],
    outputs: [
      { name: "url", type: "String" },
      { name: "listen", type: "Number" },
    ],
    creation_time: "2026-11-27T22:00:00Z",
  });
});

test("what is String to Heat is a text, other types are values, and what is absent is not there", () => {
  const { stdin } = hook.prepare(
    makeJob({
      number: { value: 5 },
      flag: { value: true },
      map: { value: { a: [null] } },
      text: { value: [1], type: "string" },
      list: { value: ["a", "b"], type: "comma_delimited_list" },
      port: { value: 80, type: "number" },
      none: { value: null, type: "json" },
      deploy_action: { value: "UPDATE" },
    }),
  );
  const { inputs } = JSON.parse(stdin) as { inputs: { name: string; type: string; value: Json }[] };
  expect(inputs.slice(0, -2).map(({ name, type, value }) => [name, type, value])).toEqual([
    ["number", "String", "5"],
    ["flag", "String", "True"],
    ["map", "Json", { a: [null] }],
    ["text", "String", "[1]"],
    ["list", "CommaDelimitedList", ["a", "b"]],
    ["port", "Number", 80],
    ["deploy_action", "String", "UPDATE"],
  ]);
});

test("a path that is not absolute is refused", () => {
  expect(() => hook.prepare(makeJob({}, { tool: "hook:docker" }))).toThrow(`"hook:docker": the hook's path must be absolute`);
});

const outputs = [
  declare("text"),
  declare("count", "number"),
  declare("map", "json"),
  declare("code", "number", "deploy_status_code"),
];

test.for<{ name: string; stdout: string; exitCode?: number | null; expected: unknown }>([
  {
    name: "texts as files have them, and values",
    stdout: '{"text": "a\\n\\n", "count": "5\\n", "map": {"a": [1]}, "deploy_status_code": "0", "other": 1}',
    expected: {
      outputs: { text: { value: "a\n" }, count: { text: "5" }, map: { value: { a: [1] } }, code: { text: "0" } },
      log: "warning\n",
    },
  },
  {
    name: "texts of JSON, and null",
    stdout: '{"map": "{\\"a\\": 1}\\n", "text": null, "deploy_stdout": "said"}',
    expected: { outputs: { map: { value: { a: 1 } } }, log: "warning\nsaid\n" },
  },
  {
    name: "a text that is no JSON",
    stdout: '{"map": "a b", "count": 7}',
    expected: { outputs: { map: { value: "a b" }, count: { value: 7 } }, log: "warning\n" },
  },
  {
    name: "a failure",
    stdout: '{"text": "t", "deploy_status_code": 3, "deploy_stdout": "out\\n", "deploy_stderr": "disk full"}',
    expected: {
      outputs: { text: { value: "t" }, code: { value: 3 } },
      log: "warning\nout\ndisk full\n",
      failure: "status 3",
    },
  },
  {
    name: "a status that is no number",
    stdout: '{"deploy_status_code": "bad"}',
    expected: { outputs: { code: { text: "bad" } }, log: "warning\n", failure: 'status "bad"' },
  },
  {
    name: "an answer, and a failed exit",
    stdout: '{"deploy_status_code": 0}',
    exitCode: 1,
    expected: { outputs: { code: { value: 0 } }, log: "warning\n", failure: "exit 1" },
  },
  {
    name: "nothing",
    stdout: " \n",
    expected: {
      outputs: {},
      failure: "the hook printed nothing: its answer is a map of outputs, as JSON on its standard output",
    },
  },
  { name: "garbage", stdout: "[1]", expected: { outputs: {}, failure: expect.stringMatching(/^the hook did not print a map/) } },
  { name: "a crash", stdout: "", exitCode: 1, expected: { outputs: {}, failure: "exit 1" } },
  { name: "a kill", stdout: "{", exitCode: null, expected: { outputs: {}, failure: "ended by SIGKILL" } },
])("an answer is read: $name", ({ stdout, exitCode = 0, expected }) => {
  const printed = { stdout, stderr: "warning" };
  const finished = { job: makeJob({}, { outputs }), exitCode, signal: exitCode === null ? "SIGKILL" : null, files: {}, printed };
  expect(hook.collect(finished)).toEqual(expected);
});
