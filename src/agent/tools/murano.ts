// The tool `murano`: an execution plan, or the template of one in a package; inputs are paths in its Parameters, which block its Body where
// it uses them. Its shims: murano.py and its parts. Scripts of type Puppet run as our own adapter would run them.
import type { Json, JsonMap } from "../../model/json.ts";
import { checkOptions, describeJob, readPaths } from "../tool-options.ts";
import type { Job, PreparedFile, Tool } from "../tool.ts";
import { puppet } from "./puppet.ts";

export const murano = {
  name: "murano",
  probe: { command: "python3", install: "apt-get install python3" },
  prepare(job) {
    const { role, folder, roleFolder } = job;
    checkOptions(role, ["resources", "sha256"]);
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
        ...["args", "files", "plan", "scripts", "socket"].map((part): PreparedFile => ({
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

// What the executor starts for a script that is a class of Puppet; what its Files are lies in the folder of its name.
function prepareTools(job: Job, plan: JsonMap, scratch: string): { tools: JsonMap; files: PreparedFile[] } {
  const scripts = Object.entries(isMap(plan["Scripts"]) ? plan["Scripts"] : {});
  const prepared = scripts.flatMap(([name, script], index) => {
    if (!isMap(script) || script["Type"] !== "Puppet" || typeof script["EntryPoint"] !== "string") return [];
    const entry = script["EntryPoint"].replace(/::$/, "");
    const role = { ...job.role, options: { modulepath: `${scratch}/scripts/${name}` }, inputs: [], outputs: [] };
    const folder = `${job.folder}/tool-${index}`;
    const inner = { ...job, role, run: `include ${entry}`, inputs: {}, folder, roleFolder: `${scratch}/tool-${index}` };
    const { files, argv, env, scratch: state } = puppet.prepare(inner);
    return [{ name, files, tool: { argv, env, state, ...puppet.probe } }];
  });
  const tools = Object.fromEntries(prepared.map(({ name, tool }) => [name, tool])) as JsonMap;
  return { tools, files: prepared.flatMap(({ files }) => files) };
}

function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
