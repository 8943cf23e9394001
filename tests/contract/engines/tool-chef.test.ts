// The contract of tools against real versions of Chef, and what only Chef can show.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { type AgentBench, openAgentBench, planInput, planOutput, planRole, planVm } from "../agent-bench.ts";
import { describeTool } from "../tool.ts";
import { append, chefUnderTest, literal, writeCookbook } from "../tools/chef.ts";

// Each version, and each way of running it, once in the contract and once in what is Chef's own.
describeTool(chefUnderTest("18", "client"));
describeTool(chefUnderTest("17", "solo"));
const others = [chefUnderTest("17", "client"), chefUnderTest("18", "solo")];

const isRequired = process.env["REQUIRE_ENGINES"] === "1";
const lazy = { when: "lazy" as const };
const atOnce = { publish: "on_write" as const };

for (const { title = "", missing, env = {}, options = {} } of others) {
  const testChef = (name: string, check: (bench: AgentBench) => Promise<void>): void =>
    test.concurrent(`${title}: ${name}`, { skip: missing !== undefined && !isRequired }, async () => {
      if (missing !== undefined) throw new Error(missing);
      await using bench = await openAgentBench(env);
      await check(bench);
    });

  testChef("attributes are read in each form, phase and level, and written when they count", async (bench) => {
    const trace = join(bench.folder, "trace");
    const given: Record<string, Json> = {
      "db.port": 3306,
      "db.tls": false,
      token: `it's "#{x}" {{ y }}`,
      lb: { vip: { addr: "10.0.0.1", ports: [80, 443] } },
      "cluster.members": [{ name: "a" }, { name: "b", tags: [1.5] }],
      ...Object.fromEntries([...levels, "automatic"].map((level) => [`levels.${level}`, { given: level }])),
    };
    for (const [name, value] of Object.entries(given)) await bench.settle(`db.r.${name}`, value);
    await bench.dataflow.publish("db.r.user", { state: "absent", by: "db.r", atMs: 0 });
    const inputs = [...Object.keys(given), "db.host", "db.user", "late.key", "unread.key"].map((name) =>
      planInput(name, `db.r.${name.replace(/^db\.user$/, "user")}`, lazy),
    );
    inputs.push(planInput("soft.key", "db.r.soft", { when: "deferred" }));
    const outputs = [
      planOutput("web.app.url", { from: "app.url", ...atOnce }),
      planOutput("web.app.made", { from: "app.made", type: "json", ...atOnce }),
      planOutput("web.app.list", { from: "app.list", type: "json" }),
      planOutput("web.app.port", { from: "app.port", type: "number" }),
      planOutput("web.app.platform", { from: "platform" }),
    ];
    const run = writeCookbook({
      "attributes/default.rb": `
        default['db'] = { 'host' => 'localhost', 'user' => 'nobody', 'local' => 1 }
        default['app']['url'] = 'http://to-be-changed'
        default['app']['list'] = ['a']
        override['app']['port'] = 8080
        ${levels.map((level) => `node.${level}['levels']['${level}'] = { 'own' => [1] }`).join("\n")}
        node.automatic['levels']['automatic'] = { 'own' => [1] }`,
      "templates/erb.erb": "<%= node['token'] %> <%= @node['db']['port'] + 1 %> <%= @soft %> <%= @lb['addr'] %>",
      "recipes/default.rb": `
        ${append(trace, "'compiling'")}
        ${compileForms.map((form) => append(trace, `(${form}).to_json`)).join("\n")}
        node.default['app']['url'] = "http://#{node['db']['host']}"
        directory ${literal(join(bench.folder, "made"))}
        ruby_block 'made' do
          block do
            ${append(trace, "'converging'")}
            node.default['app']['port'] = 1
            node.default['app']['made'] = { 'at' => node['db']['port'] }
            node.default['app']['list'] << 'b'
          end
        end
        file(${literal(join(bench.folder, "lazy"))}) { content lazy { node['late']['key'] } }
        template(${literal(join(bench.folder, "erb"))}) { source 'erb.erb'; variables(soft: node['soft']['key'], lb: node['lb']['vip']) }
        execute 'echo $SOFT' do
          environment('SOFT' => node['soft']['key'])
          only_if { node['db']['host'] == 'db.example' }
          live_stream true
        end`,
    });
    bench.start(planVm("web", [planRole("app", run, { tool: "chef", options, inputs, outputs })]));

    await bench.until("web.app", ({ waitingFor }) => waitingFor.some(({ cell }) => cell === "db.r.db.host"));
    expect(bench.trace()).toEqual(["compiling"]);
    await bench.settle("db.r.db.host", "db.example");
    await bench.until("web.app", ({ waitingFor }) => waitingFor.some(({ cell }) => cell === "db.r.late.key"));
    const [, ...lines] = bench.trace();
    expect(lines.pop()).toBe("converging");
    expect(lines.map((line) => JSON.parse(line) as Json)).toEqual(compileValues(given));
    // Written while resources are applied: published. Written while cookbooks are compiled: not before all of them are.
    expect(await bench.dataflow.settled("web.app.made")).toMatchObject({ value: { at: 3306 } });
    expect(await bench.dataflow.peek("web.app.url")).toBeUndefined();
    await bench.settle("db.r.late.key", "late");
    await bench.settle("db.r.soft", "softly");
    expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
    const textOf = (name: string): string => readFileSync(join(bench.folder, name), "utf8");
    expect(textOf("lazy")).toBe("late");
    expect(textOf("erb")).toBe(`${given["token"] as string} 3307 softly 10.0.0.1`);
    expect(textOf("web/logs/app.1.log")).toContain("softly");
    const written = await Promise.all(["url", "list", "port", "platform"].map((name) => bench.dataflow.peek(`web.app.${name}`)));
    expect(written.map((record) => (record?.state === "value" ? record.value : record))).toEqual([
      "http://db.example",
      ["a", "b"],
      8080,
      expect.stringMatching(/^[a-z]/),
    ]);
  });

  testChef("a command that fails is the reason, and what was written before stays held", async (bench) => {
    const run = writeCookbook({
      "recipes/default.rb": `node.default['url'] = 'http://a'\nexecute 'echo no space left >&2; exit 3'`,
    });
    const outputs = [planOutput("web.app.url", atOnce)];
    bench.start(planVm("web", [planRole("app", run, { tool: "chef", options, outputs })]));
    const { error } = await bench.ended("web.app");
    expect(error).toMatch(/^exit 1: execute\[.*: STDERR: no space left$/);
    expect(await bench.dataflow.settled("web.app.url")).toMatchObject({ state: "failed" });
  });

  testChef("who has not said that they accept Chef's license is told how to", async (bench) => {
    delete bench.env["CHEF_LICENSE"];
    bench.env["HOME"] = join(bench.folder, "home");
    mkdirSync(join(bench.folder, "home"));
    const run = writeCookbook({ "recipes/default.rb": "" });
    bench.start(planVm("web", [planRole("app", run, { tool: "chef", options })]));
    expect((await bench.ended("web.app")).error).toMatch(/^exit 172: say by option "license", or CHEF_LICENSE/);
  });
}

const levels = ["default", "force_default", "normal", "override", "force_override"] as const;

const compileForms = [
  "node['db']['host']",
  "node[:db][:port]",
  "node.dig('db', 'port')",
  "node.read('db', 'tls')",
  "node['db'].fetch('port')",
  "node.fetch('db').fetch(:tls)",
  "[node['db'].key?('host'), node['db'].key?('nothing'), node.attribute?('late'), node.exist?('lb', 'vip', 'no')]",
  "node['db'].to_h",
  "node['db'].map { |key, _| key }.sort",
  "node['db'].values_at('port', 'local')",
  "node.to_h['cluster'] if node.read('unread', 'other')",
  "node['token']",
  "node['lb']['vip']['addr']",
  "node['lb']['vip']['ports'][1] + node.read('lb', 'vip', 'ports', 0)",
  "node['cluster']['members'].map { |member| member['name'] }",
  "node['cluster']['members'][1]['tags'].first",
  "node['levels'].to_h",
  "node['levels']['automatic']['own']",
  "node['undeclared']",
];

function compileValues(given: Record<string, Json>): Json[] {
  const db = { host: "db.example", port: 3306, tls: false, user: "nobody", local: 1 };
  return [
    "db.example",
    3306,
    3306,
    false,
    3306,
    false,
    [true, false, true, false],
    db,
    Object.keys(db).sort(),
    [3306, 1],
    null,
    given["token"] as string,
    "10.0.0.1",
    523,
    ["a", "b"],
    1.5,
    Object.fromEntries([...levels, "automatic"].map((level) => [level, { given: level }])),
    null,
    null,
  ];
}
