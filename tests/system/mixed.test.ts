// The example that needs real tools, run as a user runs it: with the shims as the bundle has them.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findCommand } from "../../src/agent/find-command.ts";
import { root } from "./stack-bed.ts";

const missing = ["puppet", "ansible-playbook"].filter((name) => findCommand(name, process.env["PATH"]) === undefined);
if (missing.length > 0) console.warn(`examples/mixed is not tested: ${missing.join(" and ")} not installed`);

test.skipIf(missing.length > 0 && process.env["REQUIRE_ENGINES"] !== "1")(
  "a script, a module beside the template and a playbook exchange values, and no secret shows",
  () => {
    const args = [join(root, "bin/weft.js"), "up", join(root, "examples/mixed/stack.yaml"), "--json"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    const done = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as { outputs: unknown };
    expect({ status, stderr, outputs: done.outputs }).toEqual({
      status: 0,
      stderr: "",
      outputs: { seen: "2 goods for 7 coins, from db" },
    });
    expect(stdout).not.toContain("mysql://");
  },
);
