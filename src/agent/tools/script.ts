// The tool `script`: a script in any language; inputs are environment variables, outputs come by weft-put or as files.
import { showValue } from "../../model/cell.ts";
import type { Tool } from "../tool.ts";

export const script = {
  name: "script",
  prepare(job) {
    const path = `${job.folder}/script`;
    const text = typeof job.run === "string" ? job.run : JSON.stringify(job.run);
    // Heat's convention for outputs: the value of NAME is left in the file $heat_outputs_path.NAME.
    const outputsPath = `${job.folder}/outputs`;
    const env: Record<string, string> = { heat_outputs_path: outputsPath };
    // An absent value without default leaves its variable unset.
    for (const [name, value] of Object.entries(job.inputs)) if (value !== null) env[name] = showValue(value);
    return {
      files: [{ path, text, mode: 0o700 }],
      argv: text.startsWith("#!") ? [path] : ["bash", path],
      env,
      cwd: job.roleFolder,
      outputFiles: Object.fromEntries(job.role.outputs.map(({ name }) => [name, `${outputsPath}.${name}`])),
    };
  },
  collect({ exitCode, signal, files }) {
    const outputs = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, { text: text.replace(/\n$/, "") }]));
    if (exitCode === 0) return { outputs };
    return { outputs, failure: exitCode === null ? `ended by ${signal}` : `exit ${exitCode}` };
  },
} satisfies Tool;
