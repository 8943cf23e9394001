import { expect, test } from "vitest";
import type { Json } from "../../model/json.ts";
import type { InputPlan } from "../../model/vm-plan.ts";
import type { Job, Prepared, RolePlan } from "../tool.ts";
import { ansible } from "./ansible.ts";

function prepare(role: Partial<RolePlan>, inputs: Record<string, Json> = {}): Prepared {
  const plan = { name: "app", tool: "ansible", options: {}, inputs: [], outputs: [], ...role } as unknown as RolePlan;
  const job: Job = { vm: "web", role: plan, run: "- hosts: all", inputs, folder: "/f", startedAt: "", roleFolder: "/r" };
  return ansible.prepare(job);
}

function input(name: string): InputPlan {
  return { name, value: { kind: "value", value: 0 }, when: "lazy", secret: true };
}

function textOf({ files }: Prepared, name: string): Json {
  const file = files.find(({ path }) => path === `/f/${name}`);
  return JSON.parse(file !== undefined && "text" in file ? file.text : "null") as Json;
}

test("no value is in a file, argument or variable: only templates that ask for it", () => {
  const prepared = prepare({ inputs: [input("key")] }, { key: "correct horse" });
  expect(textOf(prepared, "variables.json")).toEqual({ key: "{{ lookup('weft', 'key') }}" });
  expect(JSON.stringify(prepared)).not.toContain("correct horse");
});

test("a variable that is known to be absent is not defined", () => {
  expect(textOf(prepare({ inputs: [input("key")] }, { key: null }), "variables.json")).toEqual({});
});

test("variables of other vms are in the inventory, where no play runs", () => {
  const prepared = prepare({ inputs: [input("hostvars.app[1].ip")], options: { groups: "web" } });
  expect(textOf(prepared, "inventory.json")).toMatchObject({
    all: { hosts: ["localhost", "app[1]"] },
    web: { hosts: ["localhost"] },
    _meta: { hostvars: { "app[1]": { ip: "{{ lookup('weft', 'hostvars.app[1].ip') }}" } } },
  });
  expect(prepared.argv).toContain("--limit=localhost");
});

test.for([
  { options: { rolespath: "/x" }, says: 'ansible has no option "rolespath"' },
  { options: { roles_path: "roles" }, says: '"roles" is not an absolute path' },
  { options: { tags: [1] }, says: "expected a text or a list of texts" },
])("options $options are refused", ({ options, says }) => {
  expect(() => prepare({ options })).toThrow(says);
});

test("a name that is no variable is refused", () => {
  expect(() => prepare({ inputs: [input("mysql.port")] })).toThrow('input "mysql.port"');
});
