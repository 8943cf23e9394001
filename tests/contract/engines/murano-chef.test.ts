// Scripts of type Chef in execution plans of Murano, with the real Chef: as we run them, and as the packaged agent of Murano does.
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Json, JsonMap } from "../../../src/model/json.ts";
import { berksFolder, chefEnvironment, chefMissing } from "../../engines/chef.ts";
import { openAgentBench, planInput, planOutput, planRole, planVm } from "../agent-bench.ts";
import { muranoUnderTest } from "../tools/murano.ts";
import { muranoAgentMissing, runPackaged } from "../tools/murano-packaged.ts";
import { withEngine } from "./engine-present.ts";

const missing = chefMissing("18");
const lazy = { when: "lazy" as const };

/** A plan whose script runs `recipe` of the cookbook `app`. */
function chefPlan(
  recipe: string,
  more: { Body: string; Parameters?: JsonMap; Options?: JsonMap; files?: Record<string, string> },
): JsonMap {
  const { Options = {}, files: others = {}, ...rest } = more;
  const texts = {
    "app/metadata.rb": "name 'app'\nversion '1.0.0'\n",
    "app/attributes/default.rb": "default['app'] = { 'db' => { 'user' => 'nobody', 'host' => 'unset' }, 'tls' => true }\n",
    "app/recipes/server.rb": recipe,
    // Chef looks at little of this machine.
    "solo.rb": "minimal_ohai true\ncookbook_path File.dirname(__FILE__)\n",
    ...others,
  };
  const files = Object.entries(texts).map(([Name, Body], index) => [`id${index}`, { Name, BodyType: "Text", Body }] as const);
  const deploy = { Type: "Chef", EntryPoint: "app::server", Files: files.map(([id]) => id), Options };
  return { FormatVersion: "2.2.0", ID: "0123", ...rest, Scripts: { deploy }, Files: Object.fromEntries(files) };
}

function useChef(): void {
  const { PATH, ...rest } = chefEnvironment("18");
  for (const [variable, value] of Object.entries({ ...rest, PATH: `${berksFolder}:${PATH}` })) vi.stubEnv(variable, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

withEngine("Chef in plans of Murano", missing, () => {
  test("a recipe reads what it is given one by one, when it asks", async () => {
    useChef();
    await using bench = await openAgentBench();
    const recipe = `
      trace = node['app']['trace']
      say = ->(value) { File.write(trace, "#{value.to_json}\\n", mode: 'a') }
      say.(node['app']['name'])
      say.(node['app']['db']['host'])
      say.(node['app']['db'])
      file("#{trace}.applied") { content node['app']['limits'].to_json }
      execute(node['app']['command'])`;
    const plan = (Parameters: JsonMap): JsonMap =>
      chefPlan(recipe, {
        Parameters,
        Body: "done = deploy(args)\nreturn [done.exitCode, 'Infra Phase complete' in done.stdout]",
      });
    const given = (trace: string, command: string): JsonMap => ({
      trace,
      command,
      name: `it's "$HOME" {{ x }} 织`,
      db: { host: "db.example" },
      limits: { open: [1, 2.5, true, null, {}] },
    });
    const ours = given(join(bench.folder, "trace"), "weft-put said up");
    const inputs = [planInput("db.host", "db.mysql.host", lazy), planInput("limits", "db.mysql.limits", lazy)];
    inputs.push(planInput("unread", "db.mysql.unread", lazy));
    const outputs = [
      planOutput("web.app.result", { from: "Body", type: "json" }),
      planOutput("web.app.said", { publish: "on_write" }),
    ];
    const own = { ...ours, db: {}, limits: "unset" };
    bench.start(planVm("web", [planRole("app", plan(own), { tool: "murano", inputs, outputs })]));
    await bench.until("web.app", ({ waitingFor }) => waitingFor[0]?.cell === "db.mysql.host");
    expect(bench.trace()).toEqual([JSON.stringify(ours["name"])]);
    await bench.settle("db.mysql.host", "db.example");
    await bench.until("web.app", ({ waitingFor }) => waitingFor[0]?.cell === "db.mysql.limits");
    await bench.settle("db.mysql.limits", ours["limits"] as Json);
    expect(await bench.dataflow.settled("web.app.said")).toMatchObject({ value: "up" });
    expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
    expect(await bench.dataflow.settled("web.app.result")).toMatchObject({ value: [0, true] });
    const seen = bench.trace().map((line) => JSON.parse(line) as Json);
    expect(seen).toEqual([ours["name"], "db.example", { host: "db.example", user: "nobody" }]);
    expect(JSON.parse(readFileSync(join(bench.folder, "trace.applied"), "utf8"))).toEqual(ours["limits"]);

    // The agent of Murano, which is given all of it beforehand, has Chef see the same.
    if (muranoAgentMissing !== undefined) throw new Error(muranoAgentMissing);
    const theirs = join(bench.folder, "theirs");
    const [result] = await runPackaged([plan(given(theirs, "true"))]);
    expect(result).toMatchObject({ ErrorCode: 0, Body: [0, true] });
    const lines = readFileSync(theirs, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as Json)).toEqual(seen);
    expect(readFileSync(`${theirs}.applied`, "utf8")).toBe(readFileSync(join(bench.folder, "trace.applied"), "utf8"));
  });

  test("a cookbook that Berkshelf brings is there, and a recipe of it that fails, fails the plan", async () => {
    useChef();
    await using bench = await openAgentBench();
    // Berkshelf keeps what it has brought in the user's home.
    vi.stubEnv("HOME", bench.folder);
    const lib = join(bench.folder, "lib");
    mkdirSync(join(lib, "recipes"), { recursive: true });
    writeFileSync(join(lib, "metadata.rb"), "name 'lib'\nversion '1.0.0'\n");
    writeFileSync(join(lib, "recipes/default.rb"), "raise 'no disk'\n");
    const plan = chefPlan("include_recipe 'lib'", {
      Body: "return deploy(args)",
      Options: { useBerkshelf: true },
      files: {
        "app/Berksfile": `source({ chef_repo: '${bench.folder}' })\nmetadata\ncookbook 'lib', path: '${lib}'\n`,
        "app/metadata.rb": "name 'app'\nversion '1.0.0'\ndepends 'lib'\n",
        "solo.rb": "minimal_ohai true\n",
      },
    });
    const lost = chefPlan("", { Body: "return deploy(args)", Options: { useBerkshelf: true, berksfilePath: "app/none" } });
    const more = { tool: "murano", onError: "continue" as const };
    bench.start(planVm("web", [planRole("app", plan, more), planRole("lost", lost, more)]));
    expect((await bench.ended("web.app")).error).toMatch(/ErrorCode 100: Script deploy returned error code 1: .*no disk/);
    expect((await bench.ended("web.lost")).error).toMatch(/ErrorCode 100: Berks returned error code [1-9].*: No Berksfile/);
    expect(statSync(join(bench.folder, "web/roles/app/.scratch"), { throwIfNoEntry: false })).toBeUndefined();
  });
});

const testMurano = muranoUnderTest.missing === undefined ? test : test.skip;

testMurano("a script of type Chef where Chef is not installed fails, and says how to get it", async () => {
  vi.stubEnv("PATH", "/usr/bin:/bin");
  onTestFinished(() => void vi.unstubAllEnvs());
  await using bench = await openAgentBench();
  bench.start(planVm("web", [planRole("app", chefPlan("", { Body: "deploy(args)" }), { tool: "murano" })]));
  expect((await bench.ended("web.app")).error).toMatch(/ErrorCode 100: chef-client is not installed: .*gem install/);
});
