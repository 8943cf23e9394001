// The contract of Heat's own hooks, for roles that were deployments of Heat: how values become texts, which files hold outputs, and what
// is told of a run itself.
import { pythonText, pythonValue } from "../functions/python-text.ts";
import { maxValueBytes } from "../model/cell.ts";
import type { Json } from "../model/json.ts";
import type { InputPlan } from "../model/vm-plan.ts";
import type { Collected, Finished, Job, Prepared } from "./tool.ts";

/** The value of an input as Heat's agent hands it over: all that is not declared otherwise is Heat's String, and becomes a text. */
export function heatValue(value: Json, { type }: Pick<InputPlan, "type">): Json {
  return type === undefined && typeof value !== "string" ? pythonValue(value) : value;
}

/** The same as an environment variable; a value of another type than text as JSON. */
export function heatVariable(value: Json, input: Pick<InputPlan, "type">): string {
  const handed = heatValue(value, input);
  if (handed !== null && typeof handed === "object") return JSON.stringify(handed);
  return handed === null ? "" : pythonText(handed);
}

/** Files of a job in which Heat's hooks look for outputs, and whether someone reads what it prints. */
export function heatOutputFiles({ role }: Job, outputsPath: string): Pick<Prepared, "outputFiles" | "capture"> {
  const names = role.outputs.map(({ name }) => name);
  const written = names.filter((name) => !/^deploy_(stdout|stderr|status_code)$/.test(name));
  return {
    outputFiles: Object.fromEntries(written.map((name) => [name, `${outputsPath}.${name}`])),
    capture: names.includes("deploy_stdout") || names.includes("deploy_stderr"),
  };
}

/** The outputs of a finished job: texts exactly as they stand in the files, the last newline too. */
export function collectHeatOutputs({ job, exitCode, files, printed }: Finished): Collected["outputs"] {
  const { stdout, stderr } = printed ?? { stdout: "", stderr: "" };
  const results: Record<string, Json> = {
    ...files,
    deploy_stdout: keepEnd(stdout),
    deploy_stderr: keepEnd(stderr),
    deploy_status_code: exitCode,
  };
  const wanted = job.role.outputs.filter(({ name }) => results[name] !== undefined && results[name] !== null);
  return Object.fromEntries(wanted.map(({ name }) => [name, { value: results[name] as Json }]));
}

/** Puts the inputs' values in place of each map `{KEY: NAME}`, as Heat does for a structured deployment; null for one it does not have. */
export function fillInputs(config: Json, inputs: Record<string, Json>, key: string): Json {
  if (Array.isArray(config)) return config.map((item) => fillInputs(item, inputs, key));
  if (config === null || typeof config !== "object") return config;
  const keys = Object.keys(config);
  const name = keys.length === 1 ? config[key] : undefined;
  if (typeof name === "string") return Object.hasOwn(inputs, name) ? (inputs[name] as Json) : null;
  return Object.fromEntries(keys.map((inner) => [inner, fillInputs(config[inner] as Json, inputs, key)]));
}

// What a tool prints may be longer than any value: its end tells most, as Heat's agent thinks too.
function keepEnd(text: string): string {
  let kept = text;
  for (let excess = excessOf(kept); excess > 0; excess = excessOf(kept)) kept = kept.slice(Math.max(1, Math.floor(excess / 6)));
  return kept;
}

function excessOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - maxValueBytes;
}
