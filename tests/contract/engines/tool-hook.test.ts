// The contract of tools against a hook as Heat's agent runs them, and what only hooks can show.
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openAgentBench, planInput, planOutput, planRole, planVm } from "../agent-bench.ts";
import { describeTool } from "../tool.ts";
import { hookUnderTest } from "../tools/hook.ts";

describeTool(hookUnderTest);

const testHook = hookUnderTest.missing !== undefined && process.env["REQUIRE_ENGINES"] !== "1" ? test.skip : test;

test.for<{ name: string; text?: string; mode?: number; says: string }>([
  { name: "missing", says: "/hook is not installed" },
  { name: "not executable", text: "#!/bin/sh\n", mode: 0o644, says: "/hook: it is not executable" },
  { name: "without its interpreter", text: "#!/no/such/python\n", says: '"#!/no/such/python", is not installed' },
  { name: "silent", text: "#!/bin/sh\n", says: "the hook printed nothing" },
  { name: "printing garbage", text: "#!/bin/sh\necho no idea\n", says: "the hook did not print a map: its answer is" },
  { name: "crashing", text: "#!/bin/sh\necho no memory >&2; exit 4\n", says: "exit 4: no memory" },
  {
    name: "failing",
    text: `#!/bin/sh\nprintf %s '{"deploy_status_code": 2, "deploy_stderr": "no disk\\n"}'; echo a log line >&2`,
    says: "status 2: no disk",
  },
])("a hook that is of no use is a failed role that says so: $name", async ({ text, mode = 0o755, says }) => {
  await using bench = await openAgentBench();
  const path = join(bench.folder, "hook");
  if (text !== undefined) writeFileSync(path, text);
  if (text !== undefined) chmodSync(path, mode);
  bench.start(planVm("web", [planRole("app", "", { tool: `hook:${path}` })]));
  expect((await bench.ended("web.app")).error).toContain(says);
});

test("a hook that lies beside the template travels with the plan", async () => {
  await using bench = await openAgentBench();
  const text = `#!/bin/sh\nprintf %s '{"said": "hello"}'\n`;
  const outputs = [planOutput("web.app.said")];
  const role = planRole("app", "", { tool: "hook:hooks/say", files: { "hooks/say": "d1/say" }, outputs });
  bench.start(planVm("web", [role], { bundles: { d1: [{ path: "say", executable: true, text }] } }));
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  expect(await bench.dataflow.settled("web.app.said")).toMatchObject({ state: "value", value: "hello" });
});

testHook("outputs are read by name and type, texts as files have them", async () => {
  await using bench = await openAgentBench();
  const run = `
    echo "http://$HOST" > "$heat_outputs_path".url
    echo '{"open": [5]}' > "$heat_outputs_path".limits
    echo 3306 > "$heat_outputs_path".listen
    echo said; echo warned >&2`;
  const outputs = [
    planOutput("web.app.url"),
    planOutput("web.app.limits", { type: "json" }),
    planOutput("web.app.port", { type: "number", from: "listen" }),
    planOutput("web.app.said", { from: "deploy_stdout" }),
    planOutput("web.app.status", { from: "deploy_status_code", type: "number" }),
  ];
  await bench.settle("db.mysql.host", "a");
  const inputs = [planInput("HOST", "db.mysql.host")];
  bench.start(planVm("web", [planRole("app", run, { tool: hookUnderTest.name, inputs, outputs })]));
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  const records = await Promise.all(outputs.map(({ cell }) => bench.dataflow.settled(cell)));
  const values = records.map((record) => (record.state === "value" ? record.value : record));
  expect(values).toEqual(["http://a", { open: [5] }, 3306, "said", 0]);
  expect(readFileSync(join(bench.folder, "web/logs/app.1.log"), "utf8")).toMatch(/^running app\.1 .*\nsaid\nwarned\n$/);
});
