import { expect, test } from "vitest";
import type { Json } from "../../model/json.ts";
import type { InputPlan } from "../../model/vm-plan.ts";
import type { Job, Prepared, RolePlan } from "../tool.ts";
import { chef } from "./chef.ts";

const options = { cookbook_path: "/c" };

function prepare(role: Partial<RolePlan>, inputs: Record<string, Json> = {}, run: Json = "recipe[a]"): Prepared {
  const plan = { name: "app", tool: "chef", options, inputs: [], outputs: [], ...role } as unknown as RolePlan;
  const job: Job = { vm: "web", role: plan, run, inputs, folder: "/f", roleFolder: "/r", startedAt: "" };
  return chef.prepare(job);
}

function input(name: string, more: Partial<InputPlan> = {}): InputPlan {
  return { name, value: { kind: "value", value: 0 }, when: "lazy", secret: false, ...more };
}

function textOf({ files }: Prepared, name: string): string {
  const file = files.find(({ path }) => path === `/f/${name}`);
  return file !== undefined && "text" in file ? file.text : "";
}

test("no value is in a file, argument or variable, and differences of files stay hidden", () => {
  const prepared = prepare({ inputs: [input("db.key", { secret: true })] }, { "db.key": "correct horse" });
  expect(JSON.stringify(prepared)).not.toContain("correct horse");
  expect(textOf(prepared, "client.rb")).toContain("diff_disabled(true)");
});

test("a license is accepted by nobody but the role or the agent's environment", () => {
  expect(JSON.stringify(prepare({}))).not.toContain("license");
  expect(prepare({ options: { ...options, license: "accept" } }).argv).toContain("--chef-license=accept");
});

test("an input that is known to be absent is left to the cookbook", () => {
  expect(textOf(prepare({ inputs: [input("a.b")] }, { "a.b": null }), "job.json")).toBe(
    '{"deferred":[],"inputs":[],"outputs":[]}',
  );
});

test("texts of options are texts in Ruby too", () => {
  const prepared = prepare({ options: { chef_repo_path: "/it's #{x}", node_name: "a\\b" } });
  expect(textOf(prepared, "client.rb")).toContain(String.raw`chef_repo_path(['/it\'s #{x}'])`);
  expect(textOf(prepared, "client.rb")).toContain(String.raw`node_name('a\\b')`);
});

test.for<{ run: Json; list: string[] }>([
  { run: "recipe[a::b]", list: ["recipe[a::b]"] },
  { run: "recipe[a], role[b]\n", list: ["recipe[a]", "role[b]"] },
  { run: ["recipe[a]", "c"], list: ["recipe[a]", "c"] },
])("the run list $run", ({ run, list }) => {
  expect(JSON.parse(textOf(prepare({}, {}, run), "node.json"))).toEqual({ run_list: list });
});

test.for<{ role: Partial<RolePlan>; run?: Json; says: string }>([
  { role: { options: {} }, says: 'chef needs the option "cookbook_path"' },
  { role: { options: { ...options, mode: "zero" } }, says: '"zero" is neither client nor solo' },
  { role: { options: { ...options, node_name: 1 } }, says: 'option "node_name": expected a text' },
  { role: { options: { ...options, cookbooks: "/x" } }, says: 'chef has no option "cookbooks"' },
  { role: { inputs: [input("a.b.c"), input("a.b")] }, says: 'inputs "a.b" and "a.b.c"' },
  { role: {}, run: [], says: "what chef runs is a run list" },
])("refused: $says", ({ role, run, says }) => {
  expect(() => prepare(role, {}, run)).toThrow(says);
});
