// `weft infer` as a user runs it: the shims as the bundle has them, flags, exit codes.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { join } from "node:path";
import { root } from "./stack-bed.ts";

function infer(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin/weft.js"), "infer", ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("what it prints is what to paste, and with --json one document", () => {
  const script = 'echo "$HOST:${PORT:-80}"; weft-put url "http://$HOST"';
  expect(infer("--tool", "script", script)).toEqual({
    status: 0,
    stdout:
      "inputs:\n  HOST: {get_attr: [VM, OUTPUT]}\n  # PORT: {get_attr: [VM, OUTPUT]}   # has a default\noutputs:\n  url: {type: string}\n",
    stderr: "",
  });
  expect(JSON.parse(infer("--tool", "script", "--json", "--set", "HOST=a", script).stdout)).toEqual({
    tool: "script",
    ok: true,
    inputs: [
      { name: "HOST", optional: false },
      { name: "PORT", optional: true },
    ],
    outputs: [{ name: "url", type: "string" }],
  });
});

test("a role that fails is exit 3, with its last lines and what was seen until then; wrong usage is 2", () => {
  const failed = infer("--tool", "script", '[ "$MODE" = cluster ] || { echo "no mode" >&2; exit 5; }');
  expect(failed).toMatchObject({ status: 3, stdout: "inputs:\n  MODE: {get_attr: [VM, OUTPUT]}\n" });
  expect(failed.stderr).toContain("no mode\nthe role failed: exit 5: no mode\nhint: ");
  expect(infer("--tool", "terraform", "x")).toMatchObject({ status: 2, stdout: "" });
  expect(infer("--tool", "script")).toMatchObject({ status: 2, stdout: "" });
});
