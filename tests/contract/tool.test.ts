// The contract suite of tools, over the list of adapters; and what only some tools can show.
import { expect, onTestFinished, test, vi } from "vitest";
import { findAdapter } from "../../src/agent/tools.ts";
import { openAgentBench, planRole, planVm } from "./agent-bench.ts";
import { describeTool, type ToolUnderTest } from "./tool.ts";
import { ansibleUnderTest } from "./tools/ansible.ts";
import { muranoUnderTest } from "./tools/murano.ts";
import { puppetUnderTest } from "./tools/puppet.ts";
import { saltUnderTest } from "./tools/salt.ts";
import { scriptUnderTest } from "./tools/script.ts";

// The suites of the others, which need their engines and take their time, are in engines/.
describeTool(scriptUnderTest);

const tools: ToolUnderTest[] = [scriptUnderTest, ansibleUnderTest, puppetUnderTest, muranoUnderTest, saltUnderTest];

test.for(tools)("$name is in the agent's list", ({ name }) => {
  expect(findAdapter(name)?.name).toBe(name);
});

test("a tool without an adapter is a failed role that says so", async () => {
  await using bench = await openAgentBench();
  bench.start(planVm("web", [planRole("app", "", { tool: "terraform", onError: { times: 3, delayMs: 0 } })]));
  const failed = await bench.ended("web.app");
  expect(failed).toMatchObject({ state: "failed", attempt: 1, error: 'this agent has no adapter for the tool "terraform"' });
});

test.for([
  { tool: "ansible", says: "ansible-playbook is not installed: apt-get install ansible-core" },
  { tool: "murano", says: "python3 is not installed: apt-get install python3" },
  { tool: "salt", says: "salt-call is not installed: install the package salt-minion" },
  { tool: "puppet", says: "puppet is not installed: apt-get install puppet-agent" },
])("$tool that is not installed is a failed role that says how to get it", async ({ tool, says }) => {
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv("PATH", "/no/such/folder");
  await using bench = await openAgentBench();
  bench.start(planVm("web", [planRole("app", "", { tool, onError: { times: 3, delayMs: 0 } })]));
  const failed = await bench.ended("web.app");
  expect(failed).toMatchObject({ state: "failed", attempt: 1, error: expect.stringContaining(says) });
});

test("a missing interpreter is a failed role that says so", async () => {
  await using bench = await openAgentBench();
  bench.start(planVm("web", [planRole("app", "#!/no/such/interpreter\n")]));
  expect((await bench.ended("web.app")).error).toContain("/no/such/interpreter");
});
