// The contract of tools against the real Puppet, and what only Puppet can show.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openAgentBench, planInput, planOutput, planRole, planVm } from "../agent-bench.ts";
import { describeTool } from "../tool.ts";
import { literal, puppetUnderTest } from "../tools/puppet.ts";

describeTool(puppetUnderTest);

const { missing, options = {} } = puppetUnderTest;
const testPuppet = missing !== undefined && process.env["REQUIRE_ENGINES"] !== "1" ? test.skip : test.concurrent;
const lazy = { when: "lazy" as const };
const puppetRole = { tool: "puppet", options };

testPuppet("parameters of classes are read by their keys, and set outputs with variables and facts", async () => {
  await using bench = await openAgentBench();
  const run = `
    class app(Integer $port, Array[String] $hosts, Hash $limits, Float $rate, Boolean $tls, String $user = 'nobody') {
      $url = "http://\${hosts[0]}:\${$port + 1}"
    }
    include app`;
  const given = { port: 80, hosts: ["a", "b"], limits: { open: 5 }, rate: 0.5, tls: false };
  const inputs = Object.keys(given).map((name) => planInput(`app::${name}`, `db.mysql.${name}`, lazy));
  for (const [name, value] of Object.entries(given)) await bench.settle(`db.mysql.${name}`, value);
  await bench.dataflow.publish("db.mysql.user", { state: "absent", by: "db.mysql", atMs: 0 });
  inputs.push(planInput("app::user", "db.mysql.user", lazy));
  const outputs = [
    planOutput("web.app.url", { from: "$app::url" }),
    planOutput("web.app.port", { from: "app::port", type: "number" }),
    planOutput("web.app.limits", { from: "app::limits", type: "json" }),
    planOutput("web.app.user", { from: "app::user" }),
    planOutput("web.app.kernel", { from: "facts.kernel" }),
  ];
  bench.start(planVm("web", [planRole("app", run, { ...puppetRole, inputs, outputs })]));
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  const written = async (name: string): Promise<unknown> => bench.dataflow.peek(`web.app.${name}`);
  expect(await written("url")).toMatchObject({ value: "http://a:81" });
  expect(await written("port")).toMatchObject({ value: 80 });
  expect(await written("limits")).toMatchObject({ value: { open: 5 } });
  // Absent means not found: the class's own default stands.
  expect(await written("user")).toMatchObject({ value: "nobody" });
  expect(await written("kernel")).toMatchObject({ value: expect.stringMatching(/^(Linux|Darwin)$/) });
});

testPuppet("facts of other vms block where the manifest reads them, in each way of reading", async () => {
  await using bench = await openAgentBench();
  const file = literal(join(bench.folder, "trace"));
  const run = `
    contract::append(${file}, 'before')
    contract::append(${file}, $facts['db']['address'], true)
    contract::append(${file}, $::port + 1, true)
    contract::append(${file}, "port \${port} of \${facts['port']}")
    contract::append(${file}, $facts['kernel'] =~ String, true)
    class hiding($port) { contract::append(${file}, "\${port}, not \${::port}") }
    class { 'hiding': port => 1 }`;
  const inputs = [planInput("facts.db", "db.mysql.db", lazy), planInput("facts.port", "db.mysql.port", lazy)];
  await bench.settle("db.mysql.port", 3306);
  bench.start(planVm("web", [planRole("app", run, { ...puppetRole, inputs })]));
  await bench.until("web.app", ({ waitingFor }) => waitingFor.length > 0);
  expect(bench.trace()).toEqual(["before"]);
  await bench.settle("db.mysql.db", { address: "10.0.0.5" });
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  expect(bench.trace()).toEqual(["before", '"10.0.0.5"', "3307", "port 3306 of 3306", "true", "1, not 3306"]);
});

testPuppet("a deferred input blocks the resource that uses it, and none before", async () => {
  await using bench = await openAgentBench();
  const trace = join(bench.folder, "trace");
  const run = `
    class app($key) {
      exec { 'first': command => ${literal(`echo applied >> ${trace}`)}, provider => shell }
      -> file { ${literal(join(bench.folder, "key"))}: content => $key }
    }
    include app`;
  const inputs = [planInput("app::key", "db.mysql.key", { when: "deferred" })];
  bench.start(planVm("web", [planRole("app", run, { ...puppetRole, inputs })]));
  await bench.until("web.app", ({ waitingFor }) => waitingFor.length > 0);
  expect(bench.trace()).toEqual(["applied"]);
  await bench.settle("db.mysql.key", "it's {{ here }}");
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  expect(readFileSync(join(bench.folder, "key"), "utf8")).toBe("it's {{ here }}");
});

testPuppet("a lazy read comes before anything is applied: a promise to write first is broken, and the role fails", async () => {
  await using bench = await openAgentBench();
  const run = puppetUnderTest.composeDeferred?.({ output: "ready", input: "PORT", file: join(bench.folder, "trace") }) ?? "";
  const inputs = [planInput("PORT", "db.mysql.port", lazy)];
  const outputs = [planOutput("web.app.ready", { publish: "on_write", before: ["PORT"] })];
  bench.start(planVm("web", [planRole("app", run, { ...puppetRole, inputs, outputs })]));
  const { error } = await bench.ended("web.app");
  expect(error).toContain("input PORT was read before output ready was written");
});

testPuppet("a resource that fails fails the role, with the first error as the reason, and holds its outputs back", async () => {
  await using bench = await openAgentBench();
  const run = `
    $url = 'http://a'
    exec { 'first': command => 'echo no space left >&2; exit 3', provider => shell, logoutput => on_failure }
    -> exec { 'second': command => 'true', provider => shell }`;
  const outputs = [planOutput("web.app.url")];
  bench.start(planVm("web", [planRole("app", run, { ...puppetRole, outputs })]));
  const failed = await bench.ended("web.app");
  expect(failed.error).toMatch(/^exit 4: .*returned 3 instead of one of \[0\]/);
  expect(failed.logTail).toContain("no space left");
  expect(await bench.dataflow.settled("web.app.url")).toMatchObject({ state: "failed" });
});

testPuppet("secret inputs are Sensitive where the role says so", async () => {
  await using bench = await openAgentBench();
  const run = `
    class app(Sensitive[String] $key) { notify { "key: \${key}": } }
    include app`;
  const inputs = [planInput("app::key", "db.mysql.key", { ...lazy, secret: true })];
  await bench.settle("db.mysql.key", "correct horse");
  const more = { ...puppetRole, options: { ...options, sensitive: true }, inputs };
  bench.start(planVm("web", [planRole("app", run, more)]));
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  const log = readFileSync(join(bench.folder, "web/logs/app.1.log"), "utf8");
  expect(log).toContain("key: Sensitive [value redacted]");
  expect(log).not.toContain("correct horse");
});
