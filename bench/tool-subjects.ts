// What bench/tools.ts measures: for each tool a run that reads so many values, and the same run without us.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Prepared } from "../src/agent/tool.ts";
import { showValue } from "../src/model/cell.ts";
import type { Json, JsonMap } from "../src/model/json.ts";
import type { When } from "../src/model/role.ts";
import { chefEnvironment } from "../tests/engines/chef.ts";

/** One kind of run, and the same without us. */
export interface Subject {
  title: string;
  tool: string;
  command: string;
  /** Of paired runs: the more, the quicker it starts. */
  rounds: number;
  /** How many values it reads where reads are measured. */
  reads: number;
  /** `folder` is the run's own. */
  options?(folder: string): JsonMap;
  env?: Record<string, string>;
  when: When;
  /** What reads these names, each once. */
  compose(names: string[], folder: string): Json;
  /** The same run without us: the values are the tool's own. */
  bare(prepared: Prepared, values: Record<string, Json>): Prepared;
  /** Where it cannot block in a read: why. */
  neverBlocks?: string;
}

const scriptOf = (names: string[]): string => names.map((name) => `: "$${name}"`).join("\n");

/** What is measured. */
export const subjects: Subject[] = [
  {
    title: "script, its environment",
    tool: "script",
    command: "bash",
    rounds: 15,
    reads: 200,
    when: "eager",
    compose: scriptOf,
    bare: (prepared, values) => ({ ...prepared, env: { ...prepared.env, ...textsOf(values) } }),
    neverBlocks: "its inputs are there before it starts",
  },
  {
    title: "script, weft-get beside cat",
    tool: "script",
    command: "bash",
    rounds: 3,
    reads: 10,
    when: "lazy",
    compose: (names) => names.map((name) => `weft-get ${name} > /dev/null`).join("\n"),
    bare(prepared, values) {
      const folder = dirname(prepared.files[0]?.path ?? "");
      const files = Object.entries(values).map(([name, value]) => ({
        path: `${folder}/${name}`,
        text: showValue(value),
        mode: 0o600,
      }));
      const text = Object.keys(values).map((name) => `cat ${folder}/${name} > /dev/null`);
      return { ...prepared, files: [...replace(prepared.files, "script", text.join("\n")), ...files] };
    },
  },
  {
    title: "script, lazy environment",
    tool: "script",
    command: "bash",
    rounds: 15,
    reads: 50,
    options: () => ({ lazy: true }),
    when: "lazy",
    compose: scriptOf,
    bare: (prepared, values) => ({ ...prepared, env: { ...prepared.env, ...textsOf(values), BASH_ENV: "" } }),
  },
  {
    title: "chef",
    tool: "chef",
    command: "chef-client",
    rounds: 3,
    reads: 200,
    env: chefEnvironment("18"),
    options: (folder) => ({ cookbook_path: `${folder}/cookbooks`, config: `${folder}/config.rb` }),
    when: "lazy",
    compose(names, folder) {
      mkdirSync(`${folder}/cookbooks/bench/recipes`, { recursive: true });
      writeFileSync(`${folder}/cookbooks/bench/metadata.rb`, "name 'bench'\n");
      writeFileSync(`${folder}/cookbooks/bench/recipes/default.rb`, names.map((name) => `node['${name}']`).join("\n"));
      // Most of Chef's look at the machine is of no interest here.
      writeFileSync(`${folder}/config.rb`, "minimal_ohai true\n");
      return "recipe[bench]";
    },
    bare(prepared, values) {
      const client = textOf(prepared, "client.rb").replace(/^require .*\n/m, "");
      const node = JSON.parse(textOf(prepared, "node.json")) as JsonMap;
      const files = replace(withoutShims(prepared), "node.json", JSON.stringify({ ...node, ...values }));
      return { ...prepared, files: replace(files, "client.rb", client) };
    },
  },
  {
    title: "puppet",
    tool: "puppet",
    command: "puppet",
    rounds: 3,
    reads: 200,
    when: "lazy",
    compose: (names) => names.map((name) => `$x_${name} = lookup('${name}')`).join("\n"),
    bare(prepared, values) {
      const hierarchy = [{ name: "values", data_hash: "yaml_data", path: "values.yaml" }];
      const folder = dirname(prepared.argv.at(-1) ?? "");
      const files = withoutShims(prepared).filter(({ path }) => !path.includes("/modules/"));
      const hiera = JSON.stringify({ version: 5, defaults: { datadir: folder }, hierarchy });
      const data = { path: `${folder}/values.yaml`, text: JSON.stringify(values), mode: 0o600 };
      return { ...prepared, files: [...replace(files, "hiera.yaml", hiera), data] };
    },
  },
  {
    title: "ansible",
    tool: "ansible",
    command: "ansible-playbook",
    rounds: 7,
    reads: 200,
    when: "lazy",
    compose(names) {
      const text = names.map((name) => `{{ ${name} }}`).join(" ");
      return JSON.stringify([{ hosts: "all", gather_facts: false, tasks: [{ debug: { msg: text } }] }]);
    },
    bare: (prepared, values) => ({
      ...prepared,
      files: replace(withoutShims(prepared), "variables.json", JSON.stringify(values)),
      env: { ...prepared.env, ANSIBLE_LOOKUP_PLUGINS: "", ANSIBLE_CALLBACK_PLUGINS: "" },
    }),
  },
  {
    title: "murano, beside its Body in Python alone",
    tool: "murano",
    command: "python3",
    rounds: 15,
    reads: 200,
    when: "lazy",
    compose: (names) => ({
      FormatVersion: "2.0.0",
      ID: "0",
      Body: [...names.map((name) => `args['${name}']`), "return 1"].join("\n"),
    }),
    bare(prepared, values) {
      const { Body } = JSON.parse(textOf(prepared, "plan.json")) as { Body: string };
      const path = `${dirname(prepared.argv.at(-1) ?? "")}/bare.py`;
      const lines = [
        "import json",
        `args = json.loads('${JSON.stringify(values)}')`,
        "def main():",
        ...Body.split("\n").map((line) => `    ${line}`),
        "main()",
      ];
      return { ...prepared, argv: ["python3", "-B", path], files: [{ path, text: lines.join("\n"), mode: 0o600 }] };
    },
  },
];

function withoutShims({ files }: Prepared): Prepared["files"] {
  return files.filter((file) => "text" in file);
}

function replace(files: Prepared["files"], name: string, text: string): Prepared["files"] {
  return files.map((file) => (file.path.endsWith(`/${name}`) ? { path: file.path, mode: file.mode, text } : file));
}

function textOf({ files }: Prepared, name: string): string {
  const found = files.find(({ path }) => path.endsWith(`/${name}`));
  return found !== undefined && "text" in found ? found.text : "";
}

function textsOf(values: Record<string, Json>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, showValue(value)]));
}
