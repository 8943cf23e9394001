// The tool `murano`: an execution plan, or the template of one in a package; inputs are paths in its Parameters, which block its Body where
// it uses them. Its shims: murano.py and its parts.
import { isMap, type Json, type JsonMap } from "../../model/json.ts";
import { checkOptions, describeJob, readPaths } from "../tool-options.ts";
import type { PreparedFile, Tool } from "../tool.ts";
import { prepareTools } from "./murano-tools.ts";

export const murano = {
  name: "murano",
  probe: { command: "python3", install: "apt-get install python3" },
  prepare(job) {
    const { role, folder, roleFolder } = job;
    checkOptions(role, ["resources", "sha256", "license"]);
    const plan = readPlan(job.run);
    const at = (name: string): string => `${folder}/${name}`;
    const scratch = `${roleFolder}/.scratch`;
    const [resources = null] = readPaths(role.options, "resources");
    const { tools, files } = prepareTools(job, plan, scratch);
    const about = { resources, sha256: role.options["sha256"] ?? {}, storage: scratch, tools };
    return {
      files: [
        { path: at("plan.json"), text: JSON.stringify(plan), mode: 0o600 },
        { path: at("job.json"), text: describeJob(role, about), mode: 0o600 },
        { path: at("weft_client.py"), shim: "client.py", mode: 0o600 },
        { path: at("weft_lazy.py"), shim: "lazy.py", mode: 0o600 },
        { path: at("murano.py"), shim: "murano.py", mode: 0o600 },
        ...["args", "download", "files", "plan", "scripts", "socket", "tools"].map((part): PreparedFile => ({
          path: at(`murano_${part}.py`),
          shim: `murano-${part}.py`,
          mode: 0o600,
        })),
        ...files,
      ],
      argv: ["python3", "-B", at("murano.py")],
      env: { WEFT_JOB: at("job.json"), LC_ALL: "C.UTF-8" },
      cwd: roleFolder,
      outputFiles: {},
      scratch,
    };
  },
  collect({ exitCode, signal }) {
    if (exitCode === 0) return { outputs: {} };
    return { outputs: {}, failure: exitCode === null ? `ended by ${signal}` : `exit ${exitCode}` };
  },
} satisfies Tool;

function readPlan(run: Json): JsonMap {
  let plan = run;
  try {
    if (typeof run === "string") plan = JSON.parse(run) as Json;
  } catch {
    throw new Error("what murano runs is an execution plan: a map or a file; a text that is made at deploy time must be JSON");
  }
  if (isMap(plan)) return plan;
  throw new Error("what murano runs is an execution plan, which is a map");
}
