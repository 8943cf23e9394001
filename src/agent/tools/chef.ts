// The tool `chef`: a run list for chef-client's local mode or chef-solo; inputs are node attributes that block where they are read. Its
// shim: chef.rb.
import type { Json } from "../../model/json.ts";
import { checkOptions, describeJob, readPaths } from "../tool-options.ts";
import type { Job, Tool } from "../tool.ts";

export const chef = {
  name: "chef",
  probe: { command: "chef-client", install: "install the package of Chef Infra Client, or gem install chef-bin" },
  prepare(job) {
    const { role, folder, roleFolder } = job;
    checkOptions(role, ["cookbook_path", "chef_repo_path", "mode", "node_name", "environment", "license", "config"]);
    const at = (name: string): string => `${folder}/${name}`;
    const scratch = `${roleFolder}/.scratch`;
    const license = readText(role.options["license"], "license");
    return {
      files: [
        { path: at("client.rb"), text: composeConfig(job, scratch), mode: 0o600 },
        { path: at("node.json"), text: JSON.stringify({ run_list: readRunList(job.run) }), mode: 0o600 },
        { path: at("job.json"), text: describeAttributes(job), mode: 0o600 },
        { path: at("weft_client.rb"), shim: "client.rb", mode: 0o600 },
        { path: at("weft_chef.rb"), shim: "chef.rb", mode: 0o600 },
      ],
      argv: [
        ...programOf(job),
        `--config=${at("client.rb")}`,
        `--json-attributes=${at("node.json")}`,
        ...(license === undefined ? [] : [`--chef-license=${license}`]),
      ],
      env: { WEFT_JOB: at("job.json"), LC_ALL: "C.UTF-8" },
      cwd: roleFolder,
      outputFiles: {},
      scratch,
    };
  },
  collect({ exitCode, signal }) {
    if (exitCode === 0) return { outputs: {} };
    if (exitCode === licenseExit) {
      return {
        outputs: {},
        failure: `exit ${exitCode}: say by option "license", or CHEF_LICENSE in the agent's environment, whether you accept`,
      };
    }
    return { outputs: {}, failure: exitCode === null ? `ended by ${signal}` : `exit ${exitCode}` };
  },
} satisfies Tool;

const licenseExit = 172;

function programOf({ role }: Job): string[] {
  const mode = readText(role.options["mode"], "mode") ?? "client";
  if (mode === "client") return ["chef-client", "--local-mode"];
  if (mode === "solo") return ["chef-solo", "--legacy-mode"];
  throw new Error(`option "mode": "${mode}" is neither client nor solo`);
}

// Chef's configuration. What it keeps of a run may hold secrets, and lies in the scratch folder: node objects, caches, backups of files.
function composeConfig({ role, folder }: Job, scratch: string): string {
  const { options } = role;
  const cookbooks = readPaths(options, "cookbook_path");
  const repositories = readPaths(options, "chef_repo_path");
  if (cookbooks.length + repositories.length === 0) {
    throw new Error('chef needs the option "cookbook_path", or "chef_repo_path": where its cookbooks are');
  }
  const settings: Record<string, Json | undefined> = {
    // Cookbooks of a whole repository are found below it.
    chef_repo_path: repositories.length === 0 ? scratch : repositories,
    cookbook_path: cookbooks.length === 0 ? undefined : cookbooks,
    node_name: readText(options["node_name"], "node_name"),
    environment: readText(options["environment"], "environment"),
    cache_path: `${scratch}/cache`,
    file_cache_path: `${scratch}/cache`,
    file_backup_path: `${scratch}/backup`,
    node_path: `${scratch}/nodes`,
    chef_guid_path: `${scratch}/chef_guid`,
    // The differences of files would show what is secret.
    diff_disabled: [...role.inputs, ...role.outputs].some(({ secret }) => secret) ? true : undefined,
  };
  const lines = Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [`${name}(${ruby(value)})`]));
  const own = readPaths(options, "config").map((path) => `from_file(${ruby(path)})`);
  return [...lines, ...own, `require ${ruby(`${folder}/weft_chef`)}`, ""].join("\n");
}

function ruby(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(ruby).join(", ")}]`;
  return typeof value === "string" ? `'${value.replace(/[\\']/g, "\\$&")}'` : JSON.stringify(value);
}

// What the shim must know. An input that is known to be absent is as if it were not declared: what the cookbook says stands.
function describeAttributes({ role, inputs }: Job): string {
  const given = role.inputs.filter(({ name }) => inputs[name] !== null);
  for (const { name } of given) {
    const above = given.find((other) => name.startsWith(`${other.name}.`));
    if (above !== undefined)
      throw new Error(`inputs "${above.name}" and "${name}": an attribute cannot be given as a whole and in parts`);
  }
  return describeJob(
    { ...role, inputs: given },
    { deferred: given.filter(({ when }) => when === "deferred").map(({ name }) => name) },
  );
}

function readRunList(run: Json): string[] {
  const list = typeof run === "string" ? run.split(/[\s,]+/).filter((item) => item !== "") : run;
  if (Array.isArray(list) && list.length > 0 && list.every((item) => typeof item === "string")) return list;
  throw new Error("what chef runs is a run list: a text such as recipe[app::server], or a list of them");
}

function readText(value: Json | undefined, name: string): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw new Error(`option "${name}": expected a text`);
}
