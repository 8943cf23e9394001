// The contract of tools against the real Ansible, and what only Ansible can show.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openAgentBench, planInput, planOutput, planRole, planVm } from "../agent-bench.ts";
import { describeTool } from "../tool.ts";
import { ansibleUnderTest } from "../tools/ansible.ts";

describeTool(ansibleUnderTest);

const { missing } = ansibleUnderTest;
const testAnsible = missing !== undefined && process.env["REQUIRE_ENGINES"] !== "1" ? test.skip : test;
const lazy = { when: "lazy" as const };
const ansibleRole = { tool: "ansible" };

testAnsible("set_fact, register, set_stats and defaults of roles are outputs, with their types", async () => {
  await using bench = await openAgentBench();
  mkdirSync(join(bench.folder, "roles/app/defaults"), { recursive: true });
  writeFileSync(join(bench.folder, "roles/app/defaults/main.yml"), "limits: {open: 5, hosts: ['{{ port }}']}\n");
  const run = `
- hosts: all
  gather_facts: false
  roles: [app]
  tasks:
    - set_fact: {url: "http://a:{{ port + 1 }}", port_after: "{{ port + 1 }}"}
      no_log: true
    - command: echo made
      register: made
    - set_stats: {data: {count: 3}}`;
  const inputs = [planInput("port", "db.mysql.port", lazy)];
  await bench.settle("db.mysql.port", 80);
  const outputs = [
    planOutput("web.app.url", { publish: "on_write" }),
    planOutput("web.app.port_after", { type: "number" }),
    planOutput("web.app.text", { from: "made.stdout" }),
    planOutput("web.app.status", { from: "made.rc", type: "number" }),
    planOutput("web.app.count", { type: "number" }),
    planOutput("web.app.open", { from: "limits.open", type: "number" }),
    planOutput("web.app.host", { from: "limits.hosts.0", type: "number" }),
  ];
  const options = { roles_path: join(bench.folder, "roles") };
  bench.start(planVm("web", [planRole("app", run, { ...ansibleRole, options, inputs, outputs })]));
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  const records = await Promise.all(outputs.map(({ cell }) => bench.dataflow.settled(cell)));
  const values = records.map((record) => (record.state === "value" ? record.value : record));
  expect(values).toEqual(["http://a:81", 81, "made", 0, 3, 5, 80]);
});

testAnsible("variables of other vms block where they are used, keep their types, and no play runs there", async () => {
  await using bench = await openAgentBench();
  const trace = join(bench.folder, "trace");
  const run = `
- hosts: db_clients
  gather_facts: false
  tasks:
    - shell: echo before {{ inventory_hostname }} >> ${trace}
    - shell: echo {{ hostvars['db'].port + 1 }} {{ hostvars['app[0]'].tags | length }} >> ${trace}
      when: hostvars['db'].ready
- hosts: all
  gather_facts: false
  tasks:
    - shell: echo {{ inventory_hostname }} >> ${trace}`;
  const names = { port: "db", tags: "app[0]", ready: "db", unused: "db" };
  const inputs = Object.entries(names).map(([name, vm]) => planInput(`hostvars.${vm}.${name}`, `db.mysql.${name}`, lazy));
  bench.start(planVm("web", [planRole("app", run, { ...ansibleRole, options: { groups: ["db_clients"] }, inputs })]));
  await bench.until("web.app", ({ waitingFor }) => waitingFor.length > 0);
  expect(bench.trace()).toEqual(["before localhost"]);
  await bench.settle("db.mysql.port", 3306);
  await bench.settle("db.mysql.tags", ["a", "b"]);
  await bench.settle("db.mysql.ready", true);
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  expect(bench.trace()).toEqual(["before localhost", "3307 2", "localhost"]);
});

testAnsible("only the tasks of the tags run", async () => {
  await using bench = await openAgentBench();
  const trace = join(bench.folder, "trace");
  const tasks = ["one", "two", "three"].map((tag) => ({ shell: `echo ${tag} >> ${trace}`, tags: [tag] }));
  const run = [{ hosts: "localhost", gather_facts: false, tasks }];
  const options = { tags: ["one", "two"], skip_tags: "two" };
  bench.start(planVm("web", [planRole("app", run, { ...ansibleRole, options })]));
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  expect(bench.trace()).toEqual(["one"]);
});
