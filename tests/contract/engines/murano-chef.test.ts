// Scripts of type Chef in execution plans of Murano, with the real Chef: as we run them, and as the packaged agent of Murano does.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Json, JsonMap } from "../../../src/model/json.ts";
import { chefEnvironment, chefMissing } from "../../engines/chef.ts";
import { openAgentBench, planInput, planOutput, planRole, planVm } from "../agent-bench.ts";
import { muranoAgentMissing, runPackaged } from "../tools/murano-packaged.ts";
import { withEngine } from "./engine-present.ts";

const missing = chefMissing("18");
const lazy = { when: "lazy" as const };

/** A plan whose script runs `recipe` of the cookbook `app`. */
function chefPlan(recipe: string, more: { Body: string; Parameters?: JsonMap; Options?: JsonMap }): JsonMap {
  const { Options = {}, ...rest } = more;
  const texts = {
    "app/metadata.rb": "name 'app'\n",
    "app/attributes/default.rb": "default['app'] = { 'db' => { 'user' => 'nobody', 'host' => 'unset' }, 'tls' => true }\n",
    "app/recipes/server.rb": recipe,
    // Chef looks at little of this machine.
    "solo.rb": "minimal_ohai true\ncookbook_path File.dirname(__FILE__)\n",
  };
  const files = Object.entries(texts).map(([Name, Body], index) => [`id${index}`, { Name, BodyType: "Text", Body }] as const);
  const deploy = { Type: "Chef", EntryPoint: "app::server", Files: files.map(([id]) => id), Options };
  return { FormatVersion: "2.2.0", ID: "0123", ...rest, Scripts: { deploy }, Files: Object.fromEntries(files) };
}

function useChef(): void {
  for (const [variable, value] of Object.entries(chefEnvironment("18"))) vi.stubEnv(variable, value);
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

  test("a recipe that fails, fails the plan", async () => {
    useChef();
    await using bench = await openAgentBench();
    const plan = chefPlan("ruby_block('x') { block { raise 'no disk' } }", { Body: "return deploy(args)" });
    bench.start(planVm("web", [planRole("app", plan, { tool: "murano" })]));
    expect((await bench.ended("web.app")).error).toMatch(/ErrorCode 100: Script deploy returned error code 1: .*no disk/);
    expect(statSync(join(bench.folder, "web/roles/app/.scratch"), { throwIfNoEntry: false })).toBeUndefined();
  });
});
