// The tool `hook:PATH`: a hook made for Heat's own agent. The deployment is JSON on its standard input; it answers with JSON.
import type { Json, JsonMap } from "../../model/json.ts";
import type { ValueType } from "../../model/role.ts";
import { hookPath } from "../../model/tool-names.ts";
import type { OutputPlan } from "../../model/vm-plan.ts";
import { heatValue } from "../heat-contract.ts";
import type { Collected, Job, Tool } from "../tool.ts";

export const hook = {
  name: "hook",
  prepare(job) {
    const { role, run, folder, roleFolder, startedAt } = job;
    const path = hookPath(role.tool) ?? "";
    if (!path.startsWith("/")) throw new Error(`"${role.tool}": the hook's path must be absolute, on the vm`);
    const scratch = `${roleFolder}/.scratch`;
    const group = nameOf(path);
    const deployment = {
      // Never that of an earlier attempt: hooks keep files by it.
      id: nameOf(folder),
      name: role.name,
      group,
      config: run,
      options: role.options,
      inputs: describeInputs(job),
      outputs: role.outputs.map((output) => ({ name: output.from ?? output.name, type: heatTypes[output.type] })),
      creation_time: startedAt,
    };
    // Where Heat's own hooks keep what they write, which holds values.
    const variable = `HEAT_${group.toUpperCase().replaceAll("-", "_")}`;
    return {
      files: [],
      argv: [path],
      env: { [`${variable}_WORKING`]: `${scratch}/working`, [`${variable}_OUTPUTS`]: `${scratch}/outputs` },
      cwd: roleFolder,
      outputFiles: {},
      stdin: JSON.stringify(deployment),
      capture: true,
      scratch,
    };
  },
  collect(finished) {
    const { job, exitCode, signal, printed = { stdout: "", stderr: "" } } = finished;
    const bad = exitCode === 0 ? undefined : exitCode === null ? `ended by ${signal}` : `exit ${exitCode}`;
    const answer = parseMap(printed.stdout);
    if (answer === undefined) {
      const said = printed.stdout.trim() === "" ? "printed nothing" : "did not print a map";
      return { outputs: {}, failure: bad ?? `the hook ${said}: its answer is a map of outputs, as JSON on its standard output` };
    }
    const { deploy_stdout, deploy_stderr, deploy_status_code: status = 0 } = answer;
    const log = [printed.stderr, deploy_stdout, deploy_stderr].map(asLines).join("");
    const outputs = collectOutputs(job.role.outputs, answer);
    const failure = bad ?? (Number(status) === 0 ? undefined : `status ${JSON.stringify(status)}`);
    return { outputs, log, ...(failure === undefined ? {} : { failure }) };
  },
} satisfies Tool;

const heatTypes: Record<ValueType, string> = {
  string: "String",
  number: "Number",
  boolean: "Boolean",
  json: "Json",
  comma_delimited_list: "CommaDelimitedList",
};

// As Heat would say them: what has no type is a text, but a list or map stays one. What is absent is left out.
function describeInputs({ vm, role, inputs }: Job): Json {
  const given = role.inputs.flatMap((input) => {
    const value = inputs[input.name];
    if (value === undefined || value === null) return [];
    const type = input.type ?? (typeof value === "object" ? "json" : "string");
    return [{ name: input.name, type: heatTypes[type], value: type === "string" ? heatValue(value, {}) : value }];
  });
  const told = {
    deploy_server_id: vm,
    deploy_action: role.onDelete ? "DELETE" : "CREATE",
    deploy_resource_name: role.name,
  };
  const own = Object.entries(told).filter(([name]) => !role.inputs.some((input) => input.name === name));
  return [...given, ...own.map(([name, value]) => ({ name, type: heatTypes.string, value }))];
}

// Heat's own hooks answer with texts of files, whatever the output is.
function collectOutputs(declared: OutputPlan[], answer: JsonMap): Collected["outputs"] {
  return Object.fromEntries(
    declared.flatMap(({ name, from, type }) => {
      const value = answer[from ?? name];
      if (value === undefined || value === null) return [];
      if (typeof value !== "string") return [[name, { value }]];
      const text = value.replace(/\n$/, "");
      if (type === "string") return [[name, { value: text }]];
      return [[name, type === "json" ? { value: parseJson(text) ?? text } : { text }]];
    }),
  );
}

function parseMap(text: string): JsonMap | undefined {
  const value = parseJson(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function asLines(said: Json | undefined): string {
  if (typeof said !== "string" || said === "") return "";
  return said.endsWith("\n") ? said : `${said}\n`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
