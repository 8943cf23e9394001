// What interception costs a tool: the same run with and without, by read and at the start; and what a blocked tool takes of a processor.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { findCommand } from "../src/agent/find-command.ts";
import type { Prepared } from "../src/agent/tool.ts";
import { runAlone } from "../src/infer/run-alone.ts";
import type { Expr } from "../src/model/expression.ts";
import type { Json } from "../src/model/json.ts";
import type { When } from "../src/model/role.ts";
import type { InputPlan, RolePlan } from "../src/model/vm-plan.ts";
import { type Subject, subjects } from "./tool-subjects.ts";

const blockedMs = 10_000;

/** Milliseconds of the wall's clock, and of a processor. */
interface Times {
  wallMs: number;
  processorMs: number;
}

/** Measures every tool that is installed, and prints the figures. */
export async function measureTools(): Promise<void> {
  const there = subjects.filter(({ title, command, env }) => {
    if (findCommand(command, env?.["PATH"] ?? process.env["PATH"]) !== undefined) return true;
    process.stdout.write(`${title}: not installed\n`);
    return false;
  });
  for (const subject of there) {
    const [none, many] = [await compare(subject, 0), await compare(subject, subject.reads)];
    const added = `${show(none.added.wallMs)} ms more of ${show(none.without.wallMs)} (of a processor ${show(none.added.processorMs)} of ${show(none.without.processorMs)})`;
    const perRead = (many.added.wallMs - none.added.wallMs) / subject.reads;
    process.stdout.write(`${subject.title}: start-up ${added}, at most 100; a read ${perRead.toFixed(2)} ms more, at most 1\n`);
  }
  const blocking = there.filter(({ neverBlocks }) => neverBlocks === undefined);
  // All at the same time: what is blocked disturbs nobody.
  const shares = await measureBlocked(blocking);
  for (const [index, share] of shares.entries()) {
    process.stdout.write(`${blocking[index]?.title}: blocked ${share.toFixed(2)} % of a processor, under 1\n`);
  }
}

// Each round is a pair, side by side in time, whose first turns alternate: the median of its differences has least of the machine's other work.
async function compare(subject: Subject, count: number): Promise<{ added: Times; without: Times }> {
  const values = Object.fromEntries(Array.from({ length: count }, (_, index) => [`v${index}`, index]));
  const pairs: { withUs: Times; without: Times }[] = [];
  const withUs = (): Promise<Times> => time(subject, values, (prepared) => prepared);
  const without = (): Promise<Times> => time(subject, values, (prepared) => subject.bare(prepared, values));
  for (let round = 0; round < subject.rounds; round++) {
    if (round % 2 === 0) pairs.push({ withUs: await withUs(), without: await without() });
    else {
      const first = await without();
      pairs.push({ withUs: await withUs(), without: first });
    }
  }
  const middle = (of: (pair: (typeof pairs)[0]) => Times): Times => ({
    wallMs: median(pairs.map((pair) => of(pair).wallMs)),
    processorMs: median(pairs.map((pair) => of(pair).processorMs)),
  });
  return {
    without: middle((pair) => pair.without),
    added: middle((pair) => ({
      wallMs: pair.withUs.wallMs - pair.without.wallMs,
      processorMs: pair.withUs.processorMs - pair.without.processorMs,
    })),
  };
}

async function time(subject: Subject, values: Record<string, Json>, change: (prepared: Prepared) => Prepared): Promise<Times> {
  const inputs = Object.entries(values).map(([name, value]) => planInput(name, { kind: "value", value }, subject.when));
  return inFolder(async (folder) => {
    const timesPath = join(folder, "times");
    let startedMs = 0;
    const { failure, logTail } = await runAlone({
      plan: planRole(subject, inputs, folder),
      inputs: subject.when === "eager" ? values : {},
      folder,
      env: { ...process.env, ...subject.env },
      signal: new AbortController().signal,
      change(prepared) {
        startedMs = performance.now();
        return timed(change(prepared), timesPath);
      },
    });
    const wallMs = performance.now() - startedMs;
    if (failure !== undefined) throw new Error(`${subject.title}: ${failure}\n${logTail ?? ""}`);
    return { wallMs, processorMs: readTimes(timesPath) };
  });
}

// Bash tells what a command took of a processor, its children with it.
function timed(prepared: Prepared, path: string): Prepared {
  const text = `BASH_ENV=$OWN_BASH_ENV "$@"; status=$?; times > ${path}; exit $status`;
  const { BASH_ENV = "", ...env } = prepared.env;
  return { ...prepared, argv: ["bash", "-c", text, "timed", ...prepared.argv], env: { ...env, OWN_BASH_ENV: BASH_ENV } };
}

// The second line has the children's: `0m0.012s 0m0.003s`.
function readTimes(path: string): number {
  const [, children = ""] = readFileSync(path, "utf8").split("\n");
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  );
}

async function measureBlocked(blocking: Subject[]): Promise<number[]> {
  const controller = new AbortController();
  const blocked = await Promise.all(blocking.map((subject) => block(subject, controller.signal)));
  const before = blocked.map(({ group }) => ticksOf(group));
  await delay(blockedMs);
  const used = blocked.map(({ group }, index) => ticksOf(group) - (before[index] as number));
  controller.abort(new Error("measured"));
  await Promise.all(blocked.map(({ ended }) => ended));
  // A tick is a hundredth of a second.
  return used.map((ticks) => (ticks * 10 * 100) / blockedMs);
}

// Starts a run and resolves when it is blocked in a read; `ended` when it has been ended.
async function block(subject: Subject, signal: AbortSignal): Promise<{ group: number; ended: Promise<unknown> }> {
  const input = planInput("v0", { kind: "read", read: { kind: "cell", cell: "db.mysql.v0" }, path: [] }, "lazy");
  let group = 0;
  let ended: Promise<unknown> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    ended = inFolder((folder) =>
      runAlone({
        plan: planRole(subject, [input], folder),
        inputs: {},
        folder,
        env: { ...process.env, ...subject.env },
        signal,
        change: (prepared) => prepared,
        onStarted: (pid) => (group = pid),
        answer: (session) => ({
          read(name, gone) {
            resolve();
            return session.read(name, gone);
          },
          write: (name, given) => session.write(name, given),
          refuseTooLarge: (name) => session.refuseTooLarge(name),
        }),
      }),
    ).then(({ failure }) => reject(new Error(`${subject.title}: ${failure ?? "it did not block"}`)), reject);
  });
  // What it starts by the way of reading has come to rest.
  await delay(1000);
  return { group, ended };
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

function planRole(subject: Subject, inputs: InputPlan[], folder: string): RolePlan {
  const run = {
    kind: "value" as const,
    value: subject.compose(
      inputs.map(({ name }) => name),
      folder,
    ),
  };
  const rest = { outputs: [], after: [], onError: "fail" as const, onDelete: false, publishEnd: false, on: "all" as const };
  return { name: "role", tool: subject.tool, run, options: subject.options?.(folder) ?? {}, inputs, ...rest };
}

function planInput(name: string, value: Expr, when: When): InputPlan {
  return { name, value, when, secret: false };
}

async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "weft-bench-"));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

function show(ms: number): string {
  return ms.toFixed(0);
}
