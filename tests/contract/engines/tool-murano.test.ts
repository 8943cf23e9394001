// The contract of tools against execution plans of Murano, and what only they can show.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { type AgentBench, openAgentBench, planInput, planOutput, planRole, planVm } from "../agent-bench.ts";
import { describeTool } from "../tool.ts";
import { literal, makePlan, muranoUnderTest } from "../tools/murano.ts";
import { puppetUnderTest } from "../tools/puppet.ts";

describeTool(muranoUnderTest);

const isRequired = process.env["REQUIRE_ENGINES"] === "1";
const testMurano = muranoUnderTest.missing !== undefined && !isRequired ? test.skip : test;
const lazy = { when: "lazy" as const };
const muranoRole = { tool: "murano" };

function written(bench: AgentBench, name: string): Promise<Json | undefined> {
  return bench.dataflow.peek(`web.app.${name}`).then((record) => (record?.state === "value" ? record.value : undefined));
}

testMurano("outputs are the Body's result, paths in it, what scripts print, and parts of the message", async () => {
  await using bench = await openAgentBench();
  const value: Json = { url: "http://a:80", list: [1, { deep: `it's "$HOME" {{ x }}\n織` }], on: true, off: null };
  const run = makePlan({
    Body: `made = make('three words')\n  \nreturn ${literal(value)}`,
    scripts: { make: "echo $#; echo warning >&2" },
  });
  const outputs = [
    planOutput("web.app.url"),
    planOutput("web.app.all", { from: "Body", type: "json" }),
    planOutput("web.app.deep", { from: "Body.list.1.deep" }),
    planOutput("web.app.count", { from: "Scripts.make.stdout", type: "number" }),
    planOutput("web.app.warning", { from: "Scripts.make.stderr", publish: "on_write" }),
    planOutput("web.app.code", { from: "ErrorCode", type: "number" }),
    planOutput("web.app.off", { optional: true }),
  ];
  bench.start(planVm("web", [planRole("app", run, { ...muranoRole, outputs })]));
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  const values = await Promise.all(outputs.map(({ name }) => written(bench, name)));
  expect(values).toEqual(["http://a:80", value, `it's "$HOME" {{ x }}\n織`, 2, "warning", 0, undefined]);
});

testMurano("args block at what is used, in each way of using them, and nothing else", async () => {
  await using bench = await openAgentBench();
  const file = join(bench.folder, "trace");
  const run = makePlan({
    Parameters: { db: { host: "unset", name: "shop" }, plain: "p", extra: "own" },
    Body: `
      import json
      def say(value):
          with open(${literal(file)}, 'a') as trace: trace.write(json.dumps(value) + '\\n')
      say([len(args), sorted(args), 'port' in args.db, 'user' in args.db, args.db.name, args['db'].get('user', 'none')])
      say(args.plain)
      say(args.db.host)
      say(args['db']['port'] + 1)
      say(args.get('limits').hosts[0].cpus)
      say('{0} %s'.format(args.extra) % args.list)
      say(dict(**args.copy().db))
      say(args)
      args.plain = args.new = 'n'
      del args.list
      say([args.plain, args['new'], 'list' in args, args.db == {'host': 'h', 'name': 'shop', 'port': 80}])`,
  });
  const given: Record<string, Json> = { "db.host": "h", "db.port": 80, limits: { hosts: [{ cpus: 2 }] }, list: ["a"] };
  const inputs = Object.keys(given).map((name) => planInput(name, `db.mysql.${name.replace(".", "_")}`, lazy));
  inputs.push(planInput("extra", "db.mysql.extra", lazy));
  await bench.dataflow.publish("db.mysql.extra", { state: "absent", by: "db.mysql", atMs: 0 });
  bench.start(planVm("web", [planRole("app", run, { ...muranoRole, inputs })]));
  const db = { host: "h", name: "shop", port: 80 };
  const lines: Json[] = [
    [5, ["db", "extra", "limits", "list", "plain"], true, false, "shop", "none"],
    "p",
    "h",
    81,
    2,
    // What is absent leaves the plan's own value.
    "own ['a']",
    db,
    { db, plain: "p", extra: "own", limits: { hosts: [{ cpus: 2 }] }, list: ["a"] },
    ["n", "n", false, true],
  ];
  for (const [index, [name, value]] of Object.entries(given).entries()) {
    await bench.until("web.app", ({ waitingFor }) => waitingFor[0]?.cell === `db.mysql.${name.replace(".", "_")}`);
    expect(bench.trace().map((line) => JSON.parse(line) as Json)).toEqual(lines.slice(0, index + 2));
    await bench.settle(`db.mysql.${name.replace(".", "_")}`, value);
  }
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  expect(bench.trace().map((line) => JSON.parse(line) as Json)).toEqual(lines);
});

testMurano("a package's template finds its files in Resources, and its placeholders are inputs", async () => {
  await using bench = await openAgentBench();
  const resources = join(bench.folder, "Resources");
  mkdirSync(join(resources, "scripts/lib"), { recursive: true });
  writeFileSync(join(resources, "scripts/deploy.sh"), '#!/bin/sh\n. ./lib/common.sh\ngreet "$1"; od -An -tx1 logo.bin\n');
  writeFileSync(join(resources, "scripts/lib/common.sh"), 'greet() { echo "hello $1"; }\n');
  writeFileSync(join(resources, "scripts/logo.bin"), Buffer.from([0xff, 0, 0x80]));
  const template = {
    FormatVersion: "2.0.0",
    Version: "1.0.0",
    Parameters: { appName: "$appName" },
    Body: "return deploy(args.appName).stdout\n",
    Scripts: { deploy: { Type: "Application", EntryPoint: "deploy.sh", Files: ["lib/common.sh", "<logo.bin>"], Options: {} } },
  };
  const outputs = [planOutput("web.app.said", { from: "Body" })];
  const inputs = [planInput("appName", "db.mysql.name", lazy)];
  await bench.settle("db.mysql.name", "织");
  const more = { ...muranoRole, options: { resources }, onError: "continue" as const };
  const unbound = { ...template, Scripts: {} };
  bench.start(
    planVm("web", [
      planRole("app", template, { ...more, inputs, outputs }),
      planRole("unbound", unbound, more),
      planRole("lost", template, { ...more, options: {}, inputs }),
    ]),
  );
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  expect(await written(bench, "said")).toBe("hello 织\n ff 00 80");
  expect((await bench.ended("web.unbound")).error).toContain('Parameters.appName is $appName: no input "appName" of the role');
  expect((await bench.ended("web.lost")).error).toContain('script deploy names the file deploy.sh: the option "resources"');
});

testMurano.for<{ name: string; run: Json; says: string }>([
  {
    name: "v1",
    run: { Scripts: ["a.ps1"], Commands: [{ Name: "a", Arguments: {} }] },
    says: "ErrorCode 9: plans of format 1 are for the agent of Windows",
  },
  {
    name: "too new",
    run: makePlan({ FormatVersion: "2.3.0", Body: "return" }),
    says: "ErrorCode 9: Unsupported format version 2.3.0",
  },
  {
    name: "failing script",
    run: makePlan({ Body: "a()", scripts: { a: "echo out; echo disk full >&2; exit 7" } }),
    says: "ErrorCode 100: Script a returned error code 7: disk full",
  },
  {
    name: "failing Body",
    run: makePlan({ Body: "x = 1\nreturn args.nope" }),
    says: "ErrorCode 1: Body line 2: KeyError: 'nope'",
  },
  { name: "Body that is no Python", run: makePlan({ Body: "return ]" }), says: "ErrorCode 1: Body: SyntaxError" },
  { name: "text", run: "Body: return", says: "a text that is made at deploy time must be JSON" },
])("a plan that cannot be run says so: $name", async ({ run, says }) => {
  await using bench = await openAgentBench();
  bench.start(planVm("web", [planRole("app", run, muranoRole)]));
  expect((await bench.ended("web.app")).error).toContain(says);
});

testMurano("files are downloaded, and held against their digests", async () => {
  await using bench = await openAgentBench();
  const server = createServer((request, response) => {
    response.writeHead(request.url === "/a/data.txt" ? 200 : 404).end("the data\n");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`;
  const planOf = (file: string): Json => ({
    FormatVersion: "2.1.0",
    Body: "return show().stdout",
    Scripts: { show: { Type: "Application", EntryPoint: "id", Files: [{ data: `${base}/${file}` }] } },
    Files: { id: { Name: "show.sh", BodyType: "Text", Body: "#!/bin/sh\ncat data/data.txt\n" } },
  });
  const sha256 = { data: createHash("sha256").update("the data\n").digest("hex") };
  const more = { ...muranoRole, onError: "continue" as const };
  const outputs = [planOutput("web.app.data", { from: "Body" })];
  bench.start(
    planVm("web", [
      planRole("app", planOf("data.txt"), { ...more, options: { sha256 }, outputs }),
      planRole("other", planOf("data.txt"), { ...more, options: { sha256: { data: "00" } } }),
      planRole("none", planOf("none.txt"), more),
    ]),
  );
  const ended = [await bench.ended("web.app"), await bench.ended("web.other"), await bench.ended("web.none")];
  server.close();
  expect(await written(bench, "data")).toBe("the data");
  expect(ended[1]?.error).toContain(`${base}/data.txt has the SHA-256 digest ${sha256.data}, not 00`);
  expect(ended[2]?.error).toContain("404");
});

const testBoth =
  [muranoUnderTest, puppetUnderTest].some(({ missing }) => missing !== undefined) && !isRequired ? test.skip : test;

testBoth("a script of type Puppet reads what it is given one by one, when the manifest asks", async () => {
  await using bench = await openAgentBench();
  const file = literal(join(bench.folder, "trace"));
  const body = (name: string, text: string): Json => ({ Name: name, BodyType: "Text", Body: text });
  const append = join(import.meta.dirname, "../tools/puppet-modules/contract/lib/puppet/functions/contract/append.rb");
  const run = {
    FormatVersion: "2.1.0",
    ID: "0123",
    Parameters: { name: "shop" },
    Body: `
      first = deploy(args)
      return [first.exitCode, deploy({'port': args.port, 'name': 'second', 'key': args.key}).stdout]`,
    Scripts: { deploy: { Type: "Puppet", EntryPoint: "app::server", Files: ["manifest", "append"], Options: {} } },
    Files: {
      manifest: body(
        "app/manifests/server.pp",
        `class app::server {
          contract::append(${file}, lookup('app::name'), true)
          contract::append(${file}, lookup('app::port') + 1, true)
          exec { 'forward': command => 'weft-put said "$(weft-get port)"', provider => shell }
          notify { 'done': message => "port \${lookup('app::port')}" }
        }`,
      ),
      append: body("contract/lib/puppet/functions/contract/append.rb", readFileSync(append, "utf8")),
    },
  };
  const inputs = [planInput("port", "db.mysql.port", lazy), planInput("key", "db.mysql.key", lazy)];
  const outputs = [
    planOutput("web.app.all", { from: "Body", type: "json" }),
    planOutput("web.app.said", { type: "number", publish: "on_write" }),
  ];
  bench.start(planVm("web", [planRole("app", run, { ...muranoRole, inputs, outputs })]));
  await bench.until("web.app", ({ waitingFor }) => waitingFor[0]?.cell === "db.mysql.port");
  expect(bench.trace()).toEqual(['"shop"']);
  await bench.settle("db.mysql.port", 3306);
  // The first run does not ask for the key; the Body itself does, before the second.
  await bench.until("web.app", ({ waitingFor }) => waitingFor[0]?.cell === "db.mysql.key");
  expect(await bench.dataflow.settled("web.app.said")).toMatchObject({ value: 3306 });
  await bench.settle("db.mysql.key", "k");
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  expect(bench.trace()).toEqual(['"shop"', "3307", '"second"', "3307"]);
  expect(await written(bench, "all")).toEqual([0, expect.stringContaining("port 3306")]);
});

testBoth("a script of type Puppet that fails, fails the plan", async () => {
  await using bench = await openAgentBench();
  const run = {
    FormatVersion: "2.1.0",
    ID: "0123",
    Body: "return deploy(args)",
    Scripts: { deploy: { Type: "Puppet", EntryPoint: "app::server", Files: ["manifest"] } },
    Files: { manifest: { Name: "app/manifests/server.pp", BodyType: "Text", Body: "class app::server { fail('no disk') }" } },
  };
  bench.start(planVm("web", [planRole("app", run, muranoRole)]));
  expect((await bench.ended("web.app")).error).toMatch(/ErrorCode 100: Script deploy returned error code 1: .*no disk/);
  expect(statSync(join(bench.folder, "web/roles/app/.scratch"), { throwIfNoEntry: false })).toBeUndefined();
});
