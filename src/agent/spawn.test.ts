import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { endGroup, isGroupAlive, readProcessStart, startProcess, type Started } from "./spawn.ts";

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-spawn-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function start(folder: string, script: string): Promise<Started> {
  return startProcess({ argv: ["sh", "-c", script], env: process.env, cwd: folder, logPath: join(folder, "log") });
}

test("what a process says on either stream goes to its log, and it has nothing to read", async () => {
  const folder = makeFolder();
  const { exited } = await start(folder, "cat; echo one; echo two >&2; exit 3");
  expect(await exited).toEqual({ exitCode: 3, signal: null });
  expect(readFileSync(join(folder, "log"), "utf8")).toBe("one\ntwo\n");
});

test("what is captured goes to files of its own, and what there is to read need not be read", async () => {
  const folder = makeFolder();
  const capture = { stdout: join(folder, "out"), stderr: join(folder, "err") };
  const command = { env: process.env, cwd: folder, logPath: join(folder, "log"), capture, stdin: "x".repeat(1024 * 1024) };
  const reads = await startProcess({ ...command, argv: ["sh", "-c", "wc -c; echo two >&2"] });
  expect(await reads.exited).toEqual({ exitCode: 0, signal: null });
  expect(["out", "err", "log"].map((name) => readFileSync(join(folder, name), "utf8").trim())).toEqual(["1048576", "two", ""]);
  const ignores = await startProcess({ ...command, argv: ["true"] });
  expect(await ignores.exited).toEqual({ exitCode: 0, signal: null });
});

test("a command that is not there is told at once", async () => {
  const folder = makeFolder();
  const missing = startProcess({ argv: ["no-such-command"], env: process.env, cwd: folder, logPath: join(folder, "log") });
  await expect(missing).rejects.toMatchObject({ code: "ENOENT" });
});

test("a process ends when its main process does, and what it left running is ended with its group", async () => {
  const folder = makeFolder();
  const { pid, exited } = await start(folder, "sleep 600 & exit 0");
  expect(await exited).toEqual({ exitCode: 0, signal: null });
  expect(isGroupAlive(pid)).toBe(true);
  await endGroup(pid);
  expect(isGroupAlive(pid)).toBe(false);
});

test("a process that does not listen is killed after a grace", async () => {
  const folder = makeFolder();
  const { pid, exited } = await start(folder, "trap '' TERM; touch ready; while :; do sleep 600; done");
  await vi.waitUntil(() => existsSync(join(folder, "ready")));
  await endGroup(pid, 50);
  expect(await exited).toEqual({ exitCode: null, signal: "SIGKILL" });
});

test.runIf(process.platform === "linux")(
  "what has made a session of its own is ended with the process that started it",
  async () => {
    const folder = makeFolder();
    const { pid, exited } = await start(
      folder,
      "perl -MPOSIX -e 'setsid; open F, q(>pid); print F $$; close F; sleep 600' & wait",
    );
    const other = await vi.waitUntil(() => existsSync(join(folder, "pid")) && Number(readFileSync(join(folder, "pid"), "utf8")));
    expect(isGroupAlive(other)).toBe(true);
    await endGroup(pid);
    await exited;
    expect(isGroupAlive(other)).toBe(false);
  },
);

test.runIf(process.platform === "linux")("the start of a process tells it from every other", () => {
  expect(readProcessStart(process.pid)).toBe(readProcessStart(process.pid));
  expect(readProcessStart(process.pid)).not.toBe(readProcessStart(process.ppid));
  const { pid } = spawnSync("true");
  expect(readProcessStart(pid)).toBeUndefined();
});
