// What interception costs a tool: the same run with and without, by read and at the start; and what a blocked tool takes of a processor.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { findCommand } from "../src/agent/find-command.ts";
import type { Prepared } from "../src/agent/tool.ts";
import { runAlone } from "../src/infer/run-alone.ts";
import { showValue } from "../src/model/cell.ts";
import type { Expr } from "../src/model/expression.ts";
import type { Json, JsonMap } from "../src/model/json.ts";
import type { InputPlan, RolePlan } from "../src/model/vm-plan.ts";

const reads = 200;
const rounds = 5;
const blockedMs = 10_000;

interface Subject {
  tool: string;
  command: string;
  options: JsonMap;
  /** What reads these names, each once. */
  compose(names: string[]): string;
  /** The same run without us: the values are the tool's own. */
  bare(prepared: Prepared, values: Record<string, Json>): Prepared;
}

const subjects: Subject[] = [
  {
    tool: "script",
    command: "bash",
    options: { lazy: true },
    compose: (names) => names.map((name) => `: "$${name}"`).join("\n"),
    bare: (prepared, values) => ({ ...prepared, env: { ...prepared.env, ...textsOf(values), BASH_ENV: "" } }),
  },
  {
    tool: "ansible",
    command: "ansible-playbook",
    options: {},
    compose(names) {
      const text = names.map((name) => `{{ ${name} }}`).join(" ");
      return JSON.stringify([{ hosts: "all", gather_facts: false, tasks: [{ debug: { msg: text } }] }]);
    },
    bare: (prepared, values) => ({
      ...prepared,
      files: replace(withoutShims(prepared), "variables.json", JSON.stringify(values)),
      env: { ...prepared.env, ANSIBLE_LOOKUP_PLUGINS: "", ANSIBLE_CALLBACK_PLUGINS: "" },
    }),
  },
  {
    tool: "puppet",
    command: "puppet",
    options: {},
    compose: (names) => names.map((name) => `$x_${name} = lookup('${name}')`).join("\n"),
    bare(prepared, values) {
      const hierarchy = [{ name: "values", data_hash: "yaml_data", path: "values.yaml" }];
      const folder = prepared.argv.at(-1)?.replace(/\/site\.pp$/, "") ?? "";
      const files = withoutShims(prepared).filter(({ path }) => !path.includes("/modules/"));
      const hiera = JSON.stringify({ version: 5, defaults: { datadir: folder }, hierarchy });
      const data = { path: `${folder}/values.yaml`, text: JSON.stringify(values), mode: 0o600 };
      return { ...prepared, files: [...replace(files, "hiera.yaml", hiera), data] };
    },
  },
];

/** Measures every tool that is installed, and prints the figures. */
export async function measureTools(): Promise<void> {
  for (const subject of subjects) {
    if (findCommand(subject.command, process.env["PATH"]) === undefined) {
      process.stdout.write(`${subject.tool}: not installed\n`);
      continue;
    }
    const [none, many] = [await compare(subject, 0), await compare(subject, reads)];
    const perRead = (many.withUs - many.without - (none.withUs - none.without)) / reads;
    const start = `start-up ${show(none.withUs)} with, ${show(none.without)} without: ${show(none.withUs - none.without)} ms more (at most 100)`;
    process.stdout.write(`${subject.tool}: ${start}; a read ${perRead.toFixed(2)} ms more (at most 1)\n`);
    process.stdout.write(`${subject.tool}: blocked ${(await measureBlocked(subject)).toFixed(2)} % of a processor (under 1)\n`);
  }
}

// The quicker half of the rounds is the least disturbed; turns alternate, so that both meet the same machine.
async function compare(subject: Subject, count: number): Promise<{ withUs: number; without: number }> {
  const values = Object.fromEntries(Array.from({ length: count }, (_, index) => [`v${index}`, index]));
  const [withUs, without]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    withUs.push(await time(subject, values, (prepared) => prepared));
    without.push(await time(subject, values, (prepared) => subject.bare(prepared, values)));
  }
  return { withUs: Math.min(...withUs), without: Math.min(...without) };
}

async function time(subject: Subject, values: Record<string, Json>, change: (prepared: Prepared) => Prepared): Promise<number> {
  const inputs = Object.entries(values).map(([name, value]) => planInput(name, { kind: "value", value }));
  let startedMs = 0;
  await inFolder(async (folder) => {
    const { failure, logTail } = await runAlone({
      plan: planRole(subject, Object.keys(values), inputs),
      inputs: {},
      folder,
      env: process.env,
      signal: new AbortController().signal,
      change(prepared) {
        startedMs = performance.now();
        return change(prepared);
      },
    });
    if (failure !== undefined) throw new Error(`${subject.tool}: ${failure}\n${logTail ?? ""}`);
    startedMs = performance.now() - startedMs;
  });
  return startedMs;
}

async function measureBlocked(subject: Subject): Promise<number> {
  const input = planInput("v0", { kind: "read", read: { kind: "cell", cell: "db.mysql.v0" }, path: [] });
  const controller = new AbortController();
  let blocked = (): void => {};
  const isBlocked = new Promise<void>((resolve) => (blocked = resolve));
  let group = 0;
  return inFolder(async (folder) => {
    const running = runAlone({
      plan: planRole(subject, ["v0"], [input]),
      inputs: {},
      folder,
      env: process.env,
      signal: controller.signal,
      change: (prepared) => prepared,
      onStarted: (pid) => (group = pid),
      answer: (session) => ({
        read(name, gone) {
          blocked();
          return session.read(name, gone);
        },
        write: (name, given) => session.write(name, given),
        refuseTooLarge: (name) => session.refuseTooLarge(name),
      }),
    });
    running.catch(() => {});
    await Promise.race([isBlocked, running]);
    const before = ticksOf(group);
    await delay(blockedMs);
    const used = ticksOf(group) - before;
    controller.abort(new Error("measured"));
    await running.catch(() => {});
    // A tick is a hundredth of a second.
    return (used * 10 * 100) / blockedMs;
  });
}

// Processor time of all processes of a group and of their children that have ended (proc(5): fields 14 to 17).
function ticksOf(group: number): number {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return Number(fields[2]) === group ? fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) : 0;
      } catch {
        return 0;
      }
    })
    .reduce((sum, ticks) => sum + ticks, 0);
}

function planRole(subject: Subject, names: string[], inputs: InputPlan[]): RolePlan {
  const { tool, options } = subject;
  const run = { kind: "value" as const, value: subject.compose(names) };
  const rest = { outputs: [], after: [], onError: "fail" as const, onDelete: false, publishEnd: false, on: "all" as const };
  return { name: "role", tool, run, options, inputs, ...rest };
}

function planInput(name: string, value: Expr): InputPlan {
  return { name, value, when: "lazy", secret: false };
}

function withoutShims({ files }: Prepared): Prepared["files"] {
  return files.filter((file) => "text" in file);
}

function replace(files: Prepared["files"], name: string, text: string): Prepared["files"] {
  return files.map((file) => (file.path.endsWith(`/${name}`) ? { path: file.path, mode: file.mode, text } : file));
}

function textsOf(values: Record<string, Json>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, showValue(value)]));
}

async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "weft-bench-"));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function show(ms: number): string {
  return ms.toFixed(0);
}
