// Scripts of an execution plan that are of type Chef or Puppet: our own adapters say what the executor starts for them.
import { isMap, type Json, type JsonMap } from "../../model/json.ts";
import type { Job, PreparedFile, Prepared } from "../tool.ts";
import { chef } from "./chef.ts";
import { puppet } from "./puppet.ts";

/** Returns what murano-tools.py needs to start each, by name, and its files. What its Files are lies in the folder of its name. */
export function prepareTools(job: Job, plan: JsonMap, scratch: string): { tools: JsonMap; files: PreparedFile[] } {
  const tools: JsonMap = {};
  const files: PreparedFile[] = [];
  for (const [index, [name, script]] of Object.entries(isMap(plan["Scripts"]) ? plan["Scripts"] : {}).entries()) {
    if (!isMap(script) || typeof script["EntryPoint"] !== "string") continue;
    const { Type: type } = script;
    if (type !== "Chef" && type !== "Puppet") continue;
    const inner = { ...job, inputs: {}, folder: `${job.folder}/tool-${index}`, roleFolder: `${scratch}/tool-${index}` };
    const entry = script["EntryPoint"].replace(/::$/, "");
    const own = `${scratch}/scripts/${name}`;
    const prepare = type === "Chef" ? prepareChef : preparePuppet;
    const { prepared, ...more } = prepare(inner, entry, own, { plan, script });
    files.push(...prepared.files);
    tools[name] = { argv: prepared.argv, env: prepared.env, state: prepared.scratch as string, ...more };
  }
  return { tools, files };
}

interface Parts {
  plan: JsonMap;
  script: JsonMap;
}

function preparePuppet(job: Job, entry: string, own: string): { prepared: Prepared; command: string; install: string } {
  return { prepared: puppet.prepare(withOptions(job, `include ${entry}`, { modulepath: own })), ...puppet.probe };
}

function prepareChef(
  job: Job,
  entry: string,
  own: string,
  { plan, script }: Parts,
): { prepared: Prepared; command: string; install: string; cookbooks: string } {
  const { license } = job.role.options;
  const isVendored = isMap(script["Options"]) && script["Options"]["useBerkshelf"] === true;
  const cookbooks = isVendored ? `${own}/berks-cookbooks` : own;
  const options = {
    cookbook_path: cookbooks,
    // As with Murano's agent a plan may bring a configuration of its own.
    ...(hasFile(plan, script, "solo.rb") ? { config: `${own}/solo.rb` } : {}),
    ...(license === undefined ? {} : { license }),
  };
  return { prepared: chef.prepare(withOptions(job, `recipe[${entry}]`, options)), ...chef.probe, cookbooks };
}

function withOptions(job: Job, run: string, options: JsonMap): Job {
  return { ...job, run, role: { ...job.role, options, inputs: [], outputs: [] } };
}

// A script names its files by their ids in the plan, or, in a template, by their names.
function hasFile(plan: JsonMap, script: JsonMap, name: string): boolean {
  const { Files: definitions } = plan;
  const ids: Json[] = Array.isArray(script["Files"]) ? script["Files"] : [];
  return ids.some((id) => {
    const definition = typeof id === "string" && isMap(definitions) ? definitions[id] : undefined;
    return (isMap(definition) ? definition["Name"] : id) === name;
  });
}
