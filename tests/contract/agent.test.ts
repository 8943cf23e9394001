// Agents against a coordinator in memory: what no tool has a part in.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { isGroupAlive } from "../../src/agent/spawn.ts";
import type { Expr } from "../../src/model/expression.ts";
import { planFormat } from "../../src/model/vm-plan.ts";
import { type AgentBench, openAgentBench, planInput, planOutput, planRole, planVm, readCell } from "./agent-bench.ts";

const say = (bench: AgentBench, text: string): string => `echo "${text}" >> ${join(bench.folder, "trace")}`;

test("two vms that read each other, neither role itself, both end", async () => {
  await using bench = await openAgentBench();
  const url: Expr = {
    kind: "call",
    fn: "list_join",
    arg: {
      kind: "list",
      items: [
        { kind: "value", value: ":" },
        { kind: "list", items: [readCell("db.@vm.first_address"), readCell("db.mysql.port")] },
      ],
    },
  };
  const mysql = planRole("mysql", "weft-put port 3306", { outputs: [planOutput("db.mysql.port", { type: "string" })] });
  const monitor = planRole("monitor", say(bench, "$TARGET"), { inputs: [planInput("TARGET", "web.app.url")] });
  const app = planRole("app", "weft-put url http://$DATABASE", {
    inputs: [planInput("DATABASE", url)],
    outputs: [planOutput("web.app.url")],
  });
  const db = bench.start(planVm("db", [mysql, monitor], { facts: ["first_address"] }));
  const web = bench.start(planVm("web", [app]));
  expect(await bench.ended("db.monitor")).toMatchObject({ state: "done" });
  expect(bench.trace()).toEqual(["http://127.0.0.1:3306"]);
  expect(await Promise.all([db.stop(), web.stop()])).toEqual(["done", "done"]);
});

test("output files are read as Heat's hook has them, less one final newline", async () => {
  await using bench = await openAgentBench();
  const run = 'echo http://web > "$heat_outputs_path.url"; printf "[1, 2]" > "$heat_outputs_path.list"';
  const outputs = [planOutput("web.app.url"), planOutput("web.app.list", { type: "json" })];
  bench.start(planVm("web", [planRole("app", run, { outputs })]));
  await bench.ended("web.app");
  expect(await bench.dataflow.peek("web.app.url")).toMatchObject({ value: "http://web" });
  expect(await bench.dataflow.peek("web.app.list")).toMatchObject({ value: [1, 2] });
});

test("an output file of the wrong type fails the role", async () => {
  await using bench = await openAgentBench();
  const outputs = [planOutput("web.app.port", { type: "number" })];
  bench.start(planVm("web", [planRole("app", 'echo http > "$heat_outputs_path.port"', { outputs })]));
  expect(await bench.ended("web.app")).toMatchObject({ state: "failed", error: "output port: not a number" });
});

test("a refused weft-put fails the role whatever its own exit status", async () => {
  await using bench = await openAgentBench();
  bench.start(planVm("web", [planRole("app", "weft-put nothing x || true")]));
  expect((await bench.ended("web.app")).error).toMatch(/^output "nothing" is not declared/);
});

test("the script's own first line chooses the interpreter", async () => {
  await using bench = await openAgentBench();
  bench.start(planVm("web", [planRole("app", `#!/bin/sh\n${say(bench, "$0")}`)]));
  await bench.ended("web.app");
  expect(bench.trace()[0]).toMatch(/\/script$/);
});

test("in a group one member is chosen, the others read what it wrote", async () => {
  await using bench = await openAgentBench();
  const member = (index: number): ReturnType<typeof planVm> => {
    const elect = planRole("elect", "weft-put token secret-token", {
      on: { pick: "one", choice: "app" },
      outputs: [planOutput("app.elect.token")],
    });
    const join = planRole("join", "weft-put id $TOKEN-%index%", {
      on: { pick: "others", choice: "app" },
      inputs: [planInput("TOKEN", "app.elect.token")],
      outputs: [planOutput("app[self].join.id")],
    });
    const size: Expr = { kind: "slot", slot: "size" };
    const ids: Expr = {
      kind: "read",
      read: { kind: "gather", group: "app", role: "join", output: "id", size, of: "all" },
      path: [],
    };
    const report = planRole("report", say(bench, "%index% $IDS"), { inputs: [planInput("IDS", ids)] });
    return planVm(`app[${index}]`, [elect, join, report], { group: { name: "app", indexVar: "%index%", size } });
  };
  for (const index of [0, 1, 2]) bench.start(member(index), { values: { size: 3 } });
  for (const index of [0, 1, 2]) await bench.ended(`app[${index}].report`);
  expect(await bench.status("app[1].elect")).toMatchObject({ state: "skipped" });
  expect(await bench.status("app[0].join")).toMatchObject({ state: "skipped" });
  const ids = '[null,"secret-token-1","secret-token-2"]';
  expect(bench.trace().sort()).toEqual([0, 1, 2].map((index) => `${index} ${ids}`));
});

test("a role waits for the end of another vm's role without reading from it", async () => {
  await using bench = await openAgentBench();
  const after = [{ role: "db.mysql", cells: { kind: "cell" as const, cell: "db.mysql.@end" } }];
  bench.start(planVm("web", [planRole("app", say(bench, "app"), { after })]));
  await bench.until("web.app", ({ waitingFor }) => waitingFor[0]?.cell === "db.mysql.@end");
  bench.start(planVm("db", [planRole("mysql", say(bench, "mysql"), { publishEnd: true })]));
  await bench.ended("web.app");
  expect(bench.trace()).toEqual(["mysql", "app"]);
});

test("in dataflow order roles of one vm run side by side", async () => {
  await using bench = await openAgentBench();
  const first = planRole("first", say(bench, "first"), { inputs: [planInput("ID", "web.second.id")] });
  const second = planRole("second", "weft-put id 7", { outputs: [planOutput("web.second.id", { published: false })] });
  bench.start(planVm("web", [first, second], { order: "dataflow" }));
  await bench.ended("web.first");
  expect(bench.trace()).toEqual(["first"]);
  expect(await bench.dataflow.peek("web.second.id")).toBeUndefined();
});

test("a process that began in the moment before its agent was killed is ended, and its attempt counted", async () => {
  await using bench = await openAgentBench();
  const folder = join(bench.folder, "web", "attempts", "app.1");
  mkdirSync(folder, { recursive: true });
  const unnoted = spawn("sleep", ["1000"], { detached: true, stdio: "ignore", env: { ...bench.env, WEFT_ATTEMPT: folder } });
  const gone = once(unnoted, "exit");
  bench.start(planVm("web", [planRole("app", say(bench, "app"))]));
  expect(await bench.ended("web.app")).toMatchObject({ state: "done", attempt: 2 });
  expect(await gone).toEqual([null, "SIGTERM"]);
});

test("an eager input whose wait_timeout is over fails the role", async () => {
  await using bench = await openAgentBench();
  const inputs = [planInput("PORT", "db.mysql.port", { waitTimeoutMs: 1, default: 1 })];
  bench.start(planVm("web", [planRole("app", "", { inputs })]));
  const failed = await bench.ended("web.app");
  expect(failed).toMatchObject({
    state: "failed",
    error: "input PORT: waited 0.001 s for db.mysql.port (wait_timeout)",
    origin: "web.app",
  });
});

test("secrets do not show in statuses, cells' reasons and the agent's log", async () => {
  await using bench = await openAgentBench();
  await bench.settle("db.mysql.password", "hunter22");
  const inputs = [planInput("PASSWORD", "db.mysql.password", { secret: true })];
  const run = 'echo "cannot log in with $PASSWORD" >&2; exit 1';
  bench.start(planVm("web", [planRole("app", run, { inputs, outputs: [planOutput("web.app.url")] })]));
  const failed = await bench.ended("web.app");
  expect(failed).toMatchObject({ error: "exit 1: cannot log in with ***", logTail: "cannot log in with ***" });
  expect(JSON.stringify(await bench.dataflow.settled("web.app.url"))).not.toContain("hunter22");
  expect(bench.log.join("\n")).not.toContain("hunter22");
});

test("what a role left running stays, and its reads are answered", async () => {
  await using bench = await openAgentBench();
  const inputs = [planInput("LATER", "db.mysql.later", { when: "lazy" })];
  const trace = join(bench.folder, "trace");
  const agent = bench.start(planVm("web", [planRole("app", `(weft-get LATER >> ${trace}; echo $$ >> ${trace}) &`, { inputs })]));
  expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
  await bench.settle("db.mysql.later", "at last");
  await vi.waitUntil(() => bench.trace().length === 2);
  expect(bench.trace()[0]).toBe("at last");
  expect(await agent.stop()).toBe("done");
});

test("what roles left running ends with an agent that must not outlive its parent", async () => {
  await using bench = await openAgentBench();
  const agent = bench.start(planVm("web", [planRole("app", "sleep 600 &")]), { exitWithParent: true });
  await bench.ended("web.app");
  const lines = readFileSync(join(bench.folder, "web/journal.jsonl"), "utf8").split("\n");
  const { group } = JSON.parse(lines.find((line) => line.includes('"started"')) as string) as { group: number };
  expect(isGroupAlive(group)).toBe(true);
  await agent.stop();
  expect(isGroupAlive(group)).toBe(false);
});

test("a role that was done fails after all when somebody else has settled its cell otherwise", async () => {
  await using bench = await openAgentBench();
  await bench.settle("web.app.url", "the operator's");
  bench.start(planVm("web", [planRole("app", "weft-put url mine", { outputs: [planOutput("web.app.url")] })]));
  const failed = await bench.until("web.app", ({ state }) => state === "failed");
  expect(failed.error).toContain("web.app.url");
});

test("a value written at once that stays on the vm outlives the agent", async () => {
  await using bench = await openAgentBench();
  const go = join(bench.folder, "go");
  const run = `if weft-get id; then ${say(bench, "again $(weft-get id)")}; exit 0; fi\nweft-put id 7; touch ${go}.there; while [ ! -e ${go} ]; do sleep 0.02; done`;
  const outputs = [planOutput("web.app.id", { type: "number", publish: "on_write", published: false })];
  const plan = planVm("web", [planRole("app", run, { outputs })]);
  const first = bench.start(plan);
  await vi.waitUntil(() => existsSync(`${go}.there`), { timeout: 20_000 });
  expect(await first.stop()).toBe("stopped");
  bench.start(plan);
  expect(await bench.ended("web.app")).toMatchObject({ state: "done", attempt: 2 });
  expect(bench.trace()).toEqual(["again 7"]);
});

test("a plan of another format is refused", async () => {
  await using bench = await openAgentBench();
  const agent = bench.start({ ...planVm("web", []), format: 99 });
  await vi.waitFor(() => expect(bench.log.join()).toContain(`plans of format ${planFormat}, not 1 with 99`));
  expect(await agent.stop()).toBe("stopped");
});

test("the agent's files are its owner's only", async () => {
  await using bench = await openAgentBench();
  await bench.settle("db.mysql.password", "hunter22");
  const inputs = [planInput("PASSWORD", "db.mysql.password", { secret: true })];
  bench.start(planVm("web", [planRole("app", `stat -c %a . "$0" > ${join(bench.folder, "trace")}`, { inputs })]));
  await bench.ended("web.app");
  expect(bench.trace()).toEqual(["700", "700"]);
  expect(readFileSync(join(bench.folder, "web/journal.jsonl"), "utf8")).not.toContain("hunter22");
});
