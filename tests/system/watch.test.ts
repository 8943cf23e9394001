// A run leaves what later ones are judged by, and can be played again.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "./stack-bed.ts";

const stack = "examples/handshake/stack.yaml";

function openState(): (...args: string[]) => { status: number | null; stdout: string; stderr: string } {
  const state = mkdtempSync(join(tmpdir(), "weft-state-"));
  onTestFinished(() => rmSync(state, { recursive: true }));
  const env = { ...process.env, XDG_STATE_HOME: state };
  return (...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin/weft.js"), ...args], {
      cwd: root,
      env,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };
}

test("a run is predicted from the one before, and simulated with its durations", () => {
  const weft = openState();
  const first = weft("up", stack, "--json");
  const lastLine = (text: string): unknown => JSON.parse(text.trimEnd().split("\n").at(-1) as string);
  expect(lastLine(first.stdout)).not.toHaveProperty("predictedMs");
  const simulated = JSON.parse(weft("simulate", stack, "--json").stdout) as { makespanMs: number };
  expect(simulated.makespanMs).toBeGreaterThan(0);
  const second = lastLine(weft("up", stack, "--json").stdout);
  expect(second).toMatchObject({ ok: true, predictedMs: Math.round(simulated.makespanMs) });
});

test("a recorded run is played again, and shows what there was", () => {
  const weft = openState();
  const file = join(mkdtempSync(join(tmpdir(), "weft-record-")), "run.jsonl");
  onTestFinished(() => rmSync(join(file, ".."), { recursive: true }));
  const run = weft("up", stack, "--record", file);
  expect(run.status).toBe(0);
  const replayed = weft("watch", "--replay", file, "--speed", "0");
  const ended = (text: string): string[] => [...text.matchAll(/(\S+) done in/g)].map((match) => match[1] as string).toSorted();
  expect(ended(replayed.stdout)).toEqual(ended(run.stdout));
  expect(ended(replayed.stdout)).toHaveLength(6);
  expect(readFileSync(file, "utf8")).toContain('"type":"outline"');
});
