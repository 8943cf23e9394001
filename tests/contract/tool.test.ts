// The contract suite of tools, over the list of adapters; and what only some tools can show.
import { expect, onTestFinished, test, vi } from "vitest";
import { findAdapter } from "../../src/agent/tools.ts";
import { findTool } from "../../src/model/tool-names.ts";
import { compileText, problemsOf, vm } from "../support/compile-text.ts";
import { openAgentBench, planRole, planVm } from "./agent-bench.ts";
import { describeTool, type ToolUnderTest } from "./tool.ts";
import { ansibleUnderTest } from "./tools/ansible.ts";
import { chefUnderTest } from "./tools/chef.ts";
import { muranoUnderTest } from "./tools/murano.ts";
import { puppetUnderTest } from "./tools/puppet.ts";
import { saltUnderTest } from "./tools/salt.ts";
import { scriptUnderTest } from "./tools/script.ts";

// The suites of the others, which need their engines and take their time, are in engines/.
describeTool(scriptUnderTest);

const tools: ToolUnderTest[] = [
  scriptUnderTest,
  chefUnderTest("18", "client"),
  ansibleUnderTest,
  puppetUnderTest,
  muranoUnderTest,
  saltUnderTest,
];

test.for(tools)("$name is in the agent's list", ({ name }) => {
  expect(findAdapter(name)?.name).toBe(name);
});

test("a tool without an adapter is a failed role that says so", async () => {
  await using bench = await openAgentBench();
  bench.start(planVm("web", [planRole("app", "", { tool: "terraform", onError: { times: 3, delayMs: 0 } })]));
  const failed = await bench.ended("web.app");
  expect(failed).toMatchObject({ state: "failed", attempt: 1, error: 'this agent has no adapter for the tool "terraform"' });
});

const probed = tools.flatMap(({ name }) => {
  const probe = findAdapter(name)?.probe;
  return probe === undefined ? [] : [{ tool: name, says: `${probe.command} is not installed: ${probe.install}` }];
});

test.for(probed)("$tool that is not installed is a failed role that says how to get it", async ({ tool, says }) => {
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv("PATH", "/no/such/folder");
  await using bench = await openAgentBench();
  bench.start(planVm("web", [planRole("app", "", { tool, onError: { times: 3, delayMs: 0 } })]));
  const failed = await bench.ended("web.app");
  expect(failed).toMatchObject({ state: "failed", attempt: 1, error: expect.stringContaining(says) });
});

test.for(tools)("roles of $name that wait for each other's steps are refused, however late they read", ({ name }) => {
  const whens = findTool(name)?.hasDeferred === true ? ["eager", "lazy", "deferred"] : ["eager", "lazy"];
  for (const when of whens) {
    const roles = (output: string, other: string, input: string): string =>
      `[{name: r, tool: ${name}, run: x, outputs: {${output}: {type: string, publish: on_write}}, ` +
      `inputs: {i: {value: {get_attr: [${other}, ${input}]}, when: ${when}}}}]`;
    const resources = `resources:\n${vm("a", roles("x", "b", "y"))}${vm("b", roles("y", "a", "x"))}`;
    expect(problemsOf(compileText(resources)).map((problem) => problem.split(" ")[0])).toEqual(["deadlock"]);
  }
});

test("a missing interpreter is a failed role that says so", async () => {
  await using bench = await openAgentBench();
  bench.start(planVm("web", [planRole("app", "#!/no/such/interpreter\n")]));
  expect((await bench.ended("web.app")).error).toContain("/no/such/interpreter");
});
