// The contract suite of tools, over the list of adapters; and what only some tools can show.
import { expect, test } from "vitest";
import { findAdapter } from "../../src/agent/tools.ts";
import { openAgentBench, planRole, planVm } from "./agent-bench.ts";
import { describeTool, type ToolUnderTest } from "./tool.ts";
import { scriptUnderTest } from "./tools/script.ts";

const tools: ToolUnderTest[] = [scriptUnderTest];

for (const tool of tools) describeTool(tool);

test.for(tools)("$name is in the agent's list", ({ name }) => {
  expect(findAdapter(name)?.name).toBe(name);
});

test("a tool without an adapter is a failed role that says so", async () => {
  await using bench = await openAgentBench();
  bench.start(planVm("web", [planRole("app", "", { tool: "terraform", onError: { times: 3, delayMs: 0 } })]));
  const failed = await bench.ended("web.app");
  expect(failed).toMatchObject({ state: "failed", attempt: 1, error: 'this agent has no adapter for the tool "terraform"' });
});

test("a missing interpreter is a failed role that says so", async () => {
  await using bench = await openAgentBench();
  bench.start(planVm("web", [planRole("app", "#!/no/such/interpreter\n")]));
  expect((await bench.ended("web.app")).error).toContain("/no/such/interpreter");
});
