// What every tool must do, whatever it is: the same cases run over the whole list of adapters.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { isGroupAlive } from "../../src/agent/spawn.ts";
import type { Json, JsonMap } from "../../src/model/json.ts";
import { findTool } from "../../src/model/tool-names.ts";
import type { RolePlan } from "../../src/model/vm-plan.ts";
import { type AgentBench, openAgentBench, planInput, planOutput, planRole, planVm, readLines } from "./agent-bench.ts";

/** What a role is to do, said in no tool's language. Paths are absolute. */
export type Step =
  /** Appends a line to a file. */
  | { do: "say"; text: string; file: string }
  /** Appends the JSON of an input to a file as one line; `null` where it is absent. A lazy input is read now. */
  | { do: "read"; input: string; file: string }
  /** Writes an output, the value being a literal of the tool's language. */
  | { do: "write"; output: string; value: Json }
  /** Writes the value of an input as an output. */
  | { do: "pass"; input: string; output: string }
  /** Writes its own process id to a file, then waits until another file is there. */
  | { do: "hold"; pid: string; until: string }
  /** Says a text on standard error and fails. */
  | { do: "fail"; text: string };

/** A tool in the suite: how it says the steps, and the cases that it cannot meet, with the reason. */
export interface ToolUnderTest {
  name: string;
  /** What the suite calls it, if not by its name: one of several versions. */
  title?: string;
  /** Added to the agent's environment. */
  env?: Record<string, string>;
  /** Why it cannot be tested here: it is not installed. */
  missing?: string;
  /** No machine of ours can get it: where engines are required, it is skipped all the same, and said so. */
  isOptional?: boolean;
  /** Longer than it takes to start, on a machine that is not overburdened. */
  startMs: number;
  /** Options of a role that `compose` relies on. */
  options?: JsonMap;
  compose(steps: Step[], role: { eager: string[] }): Json;
  /** Where it evaluates everything before it applies anything: what applies a `weft-put`, then something that uses a deferred input. */
  composeDeferred?(step: { output: string; input: string; file: string }): Json;
  /** The cases that it cannot meet, by name, each with the reason: it must fail them. */
  gaps: Record<string, string>;
}

// Where engines are required, one that is absent fails.
const isRequired = process.env["REQUIRE_ENGINES"] === "1";

const nested: Json = {
  text: `it's "$HOME" {{ x }} %s\nzwei Zeilen äöü 织`,
  list: [1, true, null, [], {}],
  deep: { a: { b: [0.5] } },
};

/** Declares the suite of one tool. */
export function describeTool(tool: ToolUnderTest): void {
  const title = tool.title ?? tool.name;
  const run = (name: string, check: (bench: AgentBench) => Promise<void>): void => {
    const isGap = tool.gaps[name] !== undefined;
    const skip = tool.missing !== undefined && (!isRequired || tool.isOptional === true);
    // As many side by side as the project allows: what is blocked needs no processor.
    test.concurrent(name, { fails: isGap, skip }, async () => {
      if (tool.missing !== undefined) throw new Error(tool.missing);
      await using bench = await openAgentBench(tool.env);
      await check(bench);
    });
  };
  const role = (name: string, steps: Step[], more: Partial<RolePlan> = {}): RolePlan => {
    const eager = (more.inputs ?? []).filter(({ when }) => when === "eager").map((input) => input.name);
    return planRole(name, tool.compose(steps, { eager }), { tool: tool.name, options: tool.options ?? {}, ...more });
  };
  const traceOf = (bench: AgentBench): string => join(bench.folder, "trace");
  const lazy = { when: "lazy" as const };
  const atOnce = { publish: "on_write" as const };

  if (tool.missing !== undefined) console.warn(`${title} is not tested: ${tool.missing}`);

  describe(title, () => {
    run("a value that is there already is read, with its type", async (bench) => {
      const file = traceOf(bench);
      const inputs = ["TEXT", "NUMBER", "FLAG"].map((name) => planInput(name, `db.mysql.${name}`, lazy));
      await bench.settle("db.mysql.TEXT", "a text");
      await bench.settle("db.mysql.NUMBER", 3306);
      await bench.settle("db.mysql.FLAG", true);
      const reads = inputs.map(({ name }): Step => ({ do: "read", input: name, file }));
      bench.start(planVm("web", [role("app", reads, { inputs })]));
      expect(await bench.ended("web.app")).toMatchObject({ state: "done", attempt: 1 });
      expect(bench.trace()).toEqual(['"a text"', "3306", "true"]);
    });

    run("an eager value holds the start back, and says so", async (bench) => {
      const file = traceOf(bench);
      const inputs = [planInput("PORT", "db.mysql.port")];
      const steps: Step[] = [
        { do: "say", text: "started", file },
        { do: "read", input: "PORT", file },
      ];
      bench.start(planVm("web", [role("app", steps, { inputs })]));
      const waiting = await bench.until("web.app", ({ waitingFor }) => waitingFor.length > 0);
      expect(waiting).toMatchObject({ state: "waiting", attempt: 0, waitingFor: [{ cell: "db.mysql.port" }] });
      expect(bench.trace()).toEqual([]);
      await bench.settle("db.mysql.port", 3306);
      await bench.ended("web.app");
      expect(bench.trace()).toEqual(["started", "3306"]);
    });

    run("a lazy value blocks the line that reads it, and no line before", async (bench) => {
      const file = traceOf(bench);
      const inputs = [planInput("PORT", "db.mysql.port", lazy)];
      const outputs = [planOutput("web.app.ready", atOnce)];
      const steps: Step[] = [
        { do: "say", text: "before", file },
        { do: "write", output: "ready", value: "now" },
        { do: "read", input: "PORT", file },
        { do: "say", text: "after", file },
      ];
      bench.start(planVm("web", [role("app", steps, { inputs, outputs })]));
      expect(await bench.dataflow.settled("web.app.ready")).toMatchObject({ state: "value", value: "now" });
      const blocked = await bench.until("web.app", ({ waitingFor }) => waitingFor.length > 0);
      expect(blocked).toMatchObject({ state: "running", waitingFor: [{ cell: "db.mysql.port" }] });
      expect(bench.trace()).toEqual(["before"]);
      await bench.settle("db.mysql.port", 3306);
      const done = await bench.ended("web.app");
      expect(bench.trace()).toEqual(["before", "3306", "after"]);
      expect(done.blockedMs).toBeGreaterThan(0);
      expect(done.marks?.map(({ kind, cell }) => `${kind} ${cell}`)).toEqual(["write web.app.ready", "read db.mysql.port"]);
    });

    run("nested values with quotes, dollars, braces, newlines and unicode arrive as they were", async (bench) => {
      const file = traceOf(bench);
      const inputs = [planInput("EARLY", "db.mysql.early"), planInput("LATE", "db.mysql.late", lazy)];
      const outputs = [planOutput("web.app.copy", { type: "json" })];
      await bench.settle("db.mysql.early", nested);
      await bench.settle("db.mysql.late", nested);
      const steps: Step[] = [
        { do: "read", input: "EARLY", file },
        { do: "read", input: "LATE", file },
        { do: "write", output: "copy", value: nested },
      ];
      bench.start(planVm("web", [role("app", steps, { inputs, outputs })]));
      await bench.ended("web.app");
      expect(bench.trace().map((line) => JSON.parse(line) as Json)).toEqual([nested, nested]);
      expect(await bench.dataflow.peek("web.app.copy")).toMatchObject({ state: "value", value: nested });
    });

    run("an absent value without default is null, with one it is the default", async (bench) => {
      const file = traceOf(bench);
      const inputs = [planInput("NONE", "db.mysql.none"), planInput("PLAIN", "db.mysql.none", { default: "plain" })];
      await bench.dataflow.publish("db.mysql.none", { state: "absent", by: "db.mysql", atMs: 0 });
      const steps = inputs.map(({ name }): Step => ({ do: "read", input: name, file }));
      bench.start(planVm("web", [role("app", steps, { inputs })]));
      await bench.ended("web.app");
      expect(bench.trace()).toEqual(["null", '"plain"']);
    });

    run(
      "a failing tool fails its cells, with its exit status, reason and last lines, and its readers are told",
      async (bench) => {
        const file = traceOf(bench);
        const outputs = [planOutput("web.app.url"), planOutput("web.app.early", atOnce)];
        const steps: Step[] = [
          { do: "write", output: "early", value: "stands" },
          { do: "write", output: "url", value: "held" },
          { do: "fail", text: "no space left on device" },
        ];
        bench.start(planVm("web", [role("app", steps, { outputs })]));
        const inputs = [planInput("URL", "web.app.url", lazy)];
        const reads: Step[] = [
          { do: "read", input: "URL", file },
          { do: "say", text: "never", file },
        ];
        bench.start(planVm("reader", [role("late", reads, { inputs })]));
        const failed = await bench.ended("web.app");
        expect(failed).toMatchObject({ state: "failed", origin: "web.app" });
        // A hook tells a status of its own.
        expect(failed.error).toMatch(/^(exit|status) [1-9]\d*: .*no space left on device/);
        expect(failed.logTail).toContain("no space left on device");
        expect(await bench.dataflow.settled("web.app.url")).toMatchObject({ state: "failed", origin: "web.app" });
        expect(await bench.dataflow.settled("web.app.early")).toMatchObject({ state: "value", value: "stands" });
        expect(await bench.ended("reader.late")).toMatchObject({
          state: "failed",
          origin: "web.app",
          error: `input URL: web.app failed: ${failed.error}`,
        });
        expect(bench.trace()).not.toContain("never");
      },
    );

    run("a read of what has failed fails the role, and names the origin", async (bench) => {
      const file = traceOf(bench);
      const inputs = [planInput("PORT", "db.mysql.port", lazy)];
      const steps: Step[] = [
        { do: "read", input: "PORT", file },
        { do: "say", text: "never", file },
      ];
      const agent = bench.start(planVm("web", [role("app", steps, { inputs })]));
      await bench.until("web.app", ({ waitingFor }) => waitingFor.length > 0);
      await bench.fail("db.mysql.port", "exit 1: disk full");
      const failed = await bench.ended("web.app");
      expect(failed).toMatchObject({ error: "input PORT: db.mysql failed: exit 1: disk full", origin: "db.mysql" });
      expect(bench.trace()).not.toContain("never");
      expect(await agent.stop()).toBe("failed");
    });

    run("an output that was not written fails the role, unless it is optional", async (bench) => {
      const outputs = [planOutput("web.app.url"), planOutput("web.app.debug", { optional: true })];
      bench.start(planVm("web", [role("app", [], { outputs })]));
      expect(await bench.ended("web.app")).toMatchObject({ error: "output-not-written: url" });
    });

    run("a failed attempt is followed by another, and only the last counts", async (bench) => {
      const file = traceOf(bench);
      const inputs = [planInput("GO", "db.mysql.go", lazy)];
      const outputs = [planOutput("web.app.url", atOnce)];
      const steps: Step[] = [
        { do: "say", text: "tried", file },
        { do: "write", output: "url", value: "the same" },
        { do: "fail", text: "no" },
      ];
      const onError = { times: 2, delayMs: 1 };
      bench.start(planVm("web", [role("app", steps, { inputs, outputs, onError })]));
      expect(await bench.ended("web.app")).toMatchObject({ state: "failed", attempt: 3 });
      expect(bench.trace()).toEqual(["tried", "tried", "tried"]);
    });

    run("another value for what was written at once is a conflict, and fails the role for good", async (bench) => {
      const outputs = [planOutput("web.app.url", atOnce)];
      await bench.settle("web.app.url", "first");
      const steps: Step[] = [{ do: "write", output: "url", value: "second" }];
      bench.start(planVm("web", [role("app", steps, { outputs, onError: { times: 3, delayMs: 0 } })]));
      expect(await bench.ended("web.app")).toMatchObject({
        state: "failed",
        attempt: 1,
        error: expect.stringMatching(/^conflict: output url/),
      });
      expect(await bench.dataflow.peek("web.app.url")).toMatchObject({ value: "first" });
    });

    run("the time limit does not count the time blocked in reads, and ends the tool", async (bench) => {
      // A tool that starts slowly on a busy machine meets its limit before it has come to hold: it is given twice as much then.
      for (let timeoutMs = tool.startMs; ; timeoutMs *= 2) {
        const vm = `web${timeoutMs}`;
        const file = join(bench.folder, `${vm}.trace`);
        const [pid, until] = [join(bench.folder, `${vm}.pid`), join(bench.folder, "never")];
        const inputs = [planInput("PORT", `${vm}.mysql.port`, lazy)];
        const steps: Step[] = [
          { do: "read", input: "PORT", file },
          { do: "hold", pid, until },
        ];
        bench.start(planVm(vm, [role("app", steps, { inputs, timeoutMs })]));
        const blocked = await bench.until(`${vm}.app`, ({ waitingFor, state }) => waitingFor.length > 0 || state === "failed");
        const since = blocked.waitingFor[0]?.sinceMs ?? Date.now();
        await vi.waitUntil(() => Date.now() > since + timeoutMs, { timeout: timeoutMs + 5000 });
        await bench.settle(`${vm}.mysql.port`, 3306);
        const failed = await bench.ended(`${vm}.app`);
        expect(failed.error).toMatch(/^timeout: /);
        if (!existsSync(pid) && timeoutMs < 4 * tool.startMs) continue;
        expect(readLines(file)).toEqual(["3306"]);
        expect(isGroupAlive(readPid(pid))).toBe(false);
        return;
      }
    });

    run("an agent that stops answers the blocked read, and leaves no process", async (bench) => {
      const file = traceOf(bench);
      const inputs = [planInput("PORT", "db.mysql.port", lazy)];
      const steps: Step[] = [
        { do: "say", text: "before", file },
        { do: "read", input: "PORT", file },
      ];
      const agent = bench.start(planVm("web", [role("app", steps, { inputs })]));
      await bench.until("web.app", ({ waitingFor }) => waitingFor.length > 0);
      const group = startedGroup(bench, "web");
      expect(isGroupAlive(group)).toBe(true);
      expect(await agent.stop()).toBe("stopped");
      expect(isGroupAlive(group)).toBe(false);
    });

    run("a secret that was read and written leaves no trace on disk, and shows in no list of processes", async (bench) => {
      const file = traceOf(bench);
      const secret = "correct horse";
      const [pid, until] = [join(bench.folder, "pid"), join(bench.folder, "go")];
      // Where tools leave things beside their working folder.
      for (const [name, place] of [
        ["HOME", "home"],
        ["TMPDIR", "tmp"],
      ] as const) {
        mkdirSync(join(bench.folder, place));
        bench.env[name] = join(bench.folder, place);
      }
      const inputs = [
        planInput("EARLY", "db.mysql.key", { secret: true }),
        planInput("LATE", "db.mysql.key", { ...lazy, secret: true }),
      ];
      const outputs = [planOutput("web.app.key", { secret: true, type: "json" })];
      await bench.settle("db.mysql.key", secret);
      const steps: Step[] = [
        { do: "read", input: "EARLY", file },
        { do: "read", input: "LATE", file },
        { do: "pass", input: "LATE", output: "key" },
        { do: "hold", pid, until },
      ];
      bench.start(planVm("web", [role("app", steps, { inputs, outputs })]), { sealKey: "a seal key for tests" });
      await vi.waitUntil(() => existsSync(pid), { timeout: 60_000 });
      expect(argumentsWith(secret)).toEqual([]);
      expect(filesWith(bench.folder, secret).filter((path) => path !== file)).toEqual([]);
      writeFileSync(until, "");
      expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
      expect(bench.trace()).toEqual([JSON.stringify(secret), JSON.stringify(secret)]);
      expect(filesWith(bench.folder, secret).filter((path) => path !== file)).toEqual([]);
    });

    run("two roles that wait for each other's steps meet, by reads at the moment of use", async (bench) => {
      const file = traceOf(bench);
      const { hasDeferred = false } = findTool(tool.name) ?? {};
      const inputs = [planInput("PORT", "db.mysql.port", { when: hasDeferred ? "deferred" : "lazy" })];
      const outputs = [planOutput("web.app.ready", { ...atOnce, before: ["PORT"] })];
      const steps: Step[] = [
        { do: "write", output: "ready", value: "up" },
        { do: "read", input: "PORT", file },
      ];
      const composed = tool.composeDeferred?.({ output: "ready", input: "PORT", file }) ?? tool.compose(steps, { eager: [] });
      const answer = { inputs: [planInput("READY", "web.app.ready")], outputs: [planOutput("db.mysql.port")] };
      bench.start(planVm("db", [planRole("mysql", 'weft-put port "$READY"', answer)]));
      bench.start(planVm("web", [planRole("app", composed, { tool: tool.name, options: tool.options ?? {}, inputs, outputs })]));
      expect(await bench.ended("web.app")).toMatchObject({ state: "done" });
      expect(bench.trace().join("\n")).toContain("up");
      expect(await bench.ended("db.mysql")).toMatchObject({ state: "done" });
    });

    run("an agent that was killed goes on where it was: what is done stays, what was under way runs again", async (bench) => {
      const file = traceOf(bench);
      const [pid, until] = [join(bench.folder, "pid"), join(bench.folder, "go")];
      const outputs = [planOutput("web.first.serial", { type: "number" })];
      const first: Step[] = [
        { do: "say", text: "first", file },
        { do: "write", output: "serial", value: 7 },
      ];
      const second: Step[] = [
        { do: "say", text: "second", file },
        { do: "hold", pid, until },
      ];
      const plan = planVm("web", [role("first", first, { outputs }), role("second", second)]);
      const config = join(bench.folder, "config.json");
      mkdirSync(join(bench.folder, "web"));
      writeFileSync(config, JSON.stringify(bench.configOf(plan)));
      const killed = spawn(process.execPath, [join(import.meta.dirname, "agent-process.ts"), config], {
        stdio: "ignore",
        env: bench.env,
      });
      await vi.waitUntil(() => existsSync(pid) && readFileSync(pid, "utf8").endsWith("\n"), { timeout: 60_000 });
      killed.kill("SIGKILL");
      await once(killed, "exit");
      const group = startedGroup(bench, "web");
      expect(isGroupAlive(group)).toBe(true);

      writeFileSync(until, "");
      bench.start(plan);
      expect(await bench.ended("web.second")).toMatchObject({ state: "done", attempt: 2 });
      expect(isGroupAlive(group)).toBe(false);
      expect(bench.trace()).toEqual(["first", "second", "second"]);
      expect(await bench.dataflow.settled("web.first.serial")).toMatchObject({ state: "value", value: 7 });
      expect(await bench.ended("web.first")).toMatchObject({ state: "done", attempt: 1 });
    });
  });
}

function readPid(path: string): number {
  return Number(readFileSync(path, "utf8"));
}

// Of every process that there is; where the system does not tell (not Linux), of none.
function argumentsWith(text: string): string[] {
  const processes = process.platform === "linux" ? readdirSync("/proc").filter((name) => /^\d+$/.test(name)) : [];
  return processes.map((pid) => readIfThere(`/proc/${pid}/cmdline`)).filter((line) => line.includes(text));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function filesWith(folder: string, text: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  return paths.filter((path) => statSync(path).isFile() && readFileSync(path, "utf8").includes(text));
}

// The process group of the newest attempt, as the journal has it.
function startedGroup(bench: AgentBench, vm: string): number {
  const lines = readFileSync(join(bench.folder, vm, "journal.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  const started = lines
    .map((line) => JSON.parse(line) as { type?: string; group?: number })
    .findLast(({ type }) => type === "started");
  return started?.group as number;
}
