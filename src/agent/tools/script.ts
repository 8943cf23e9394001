// The tool `script`: a script in any language; inputs are environment variables, outputs come by weft-put or as files.
import { showValue } from "../../model/cell.ts";
import { collectHeatOutputs, heatOutputFiles, heatVariable } from "../heat-contract.ts";
import { checkOptions } from "../tool-options.ts";
import type { Job, Tool } from "../tool.ts";
import { lazyEnvironment } from "./script-lazy.ts";

export const script = {
  name: "script",
  prepare(job) {
    // Heat has options of its own for its scripts, which mean nothing here.
    if (job.role.contract !== "heat") checkOptions(job.role, ["lazy"]);
    const path = `${job.folder}/script`;
    const text = typeof job.run === "string" ? job.run : JSON.stringify(job.run);
    // Heat's convention for outputs: the value of NAME is left in the file $heat_outputs_path.NAME.
    const outputsPath = `${job.folder}/outputs`;
    const files =
      job.role.contract === "heat"
        ? heatOutputFiles(job, outputsPath)
        : { outputFiles: Object.fromEntries(job.role.outputs.map(({ name }) => [name, `${outputsPath}.${name}`])) };
    const lazy = job.role.options["lazy"] === true ? lazyEnvironment(job, text) : { files: [], env: {} };
    return {
      files: [{ path, text, mode: 0o700 }, ...lazy.files],
      argv: text.startsWith("#!") ? [path] : ["bash", path],
      env: { ...variablesOf(job), ...lazy.env, heat_outputs_path: outputsPath },
      // Heat runs all scripts of a vm in one folder.
      cwd: job.role.contract === "heat" ? `${job.roleFolder}/..` : job.roleFolder,
      ...files,
      hasPort: job.role.options["lazy"] === true,
    };
  },
  collect(finished) {
    const { job, exitCode, signal, files } = finished;
    const outputs =
      job.role.contract === "heat"
        ? collectHeatOutputs(finished)
        : Object.fromEntries(Object.entries(files).map(([name, text]) => [name, { text: text.replace(/\n$/, "") }]));
    if (exitCode === 0) return { outputs };
    return { outputs, failure: exitCode === null ? `ended by ${signal}` : `exit ${exitCode}` };
  },
} satisfies Tool;

function variablesOf({ role, inputs }: Job): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const input of role.inputs) {
    const value = inputs[input.name];
    if (value !== undefined && role.contract === "heat") variables[input.name] = heatVariable(value, input);
    // An absent value without default leaves its variable unset.
    else if (value !== undefined && value !== null) variables[input.name] = showValue(value);
  }
  return variables;
}
