// Salt's plug-ins as plain Python, against the surface of Salt that they touch: the one fake of an engine here, as no registry that our
// machines reach has Salt. Where salt-call is installed, tool-salt.test.ts runs the contract over the real one.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findCommand } from "../../../src/agent/find-command.ts";

const missing = findCommand("python3", process.env["PATH"]) === undefined;

test.skipIf(missing)("the plug-ins of salt ask for what is used, when it is used, and write what states have made", () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-salt-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(import.meta.dirname, "../tools/salt-surface.py");
  const run = spawnSync("python3", ["-B", program, join(import.meta.dirname, "../../../src/agent/tools"), folder], {
    encoding: "utf8",
  });
  expect(run.stderr.trim().split("\n")).toEqual(["SLS failed: Jinja error: x", "bad: no space"]);
  expect(JSON.parse(run.stdout)).toEqual({
    compiled: [null, []],
    known: [[["PORT", "bad", "db", "gone", "key", "own"], true, false, ["host", "port", "user"], true], []],
    copied: [[true, 6], []],
    own: [[5, "u"], []],
    nested: [3307, ["db:port"]],
    root: [80, ["PORT"]],
    again: [80, []],
    // Absent: what the pillar has of its own stands.
    absent: ["stands", ["gone"]],
    missing: ["default", []],
    deferred: ['__slot__:salt:weft.get("key")', []],
    failed: ["AgentError: input bad: db.mysql failed", ["bad"]],
    whole: [{ user: "u", port: 3306, host: "h" }, ["db:host"]],
    plain: [{ a: 1, b: 2 }, []],
    mine: [{ "app[0]": ["10.0.0.1"] }, ["mine.app[0].network.ip_addrs"]],
    "mine by name": [{ "app[0]": ["10.0.0.1"] }, ["mine.app[0].network.ip_addrs"]],
    "mine of many": [
      { "network.ip_addrs": { "app[0]": ["10.0.0.1"] }, addrs: { lb: ["10.0.0.2"] } },
      ["mine.app[0].network.ip_addrs", "mine.lb.addrs"],
    ],
    "mine of none": [{}, []],
    get: ["h", ["db:host"]],
    "get failed": ["CommandExecutionError: input bad: db.mysql failed", ["bad"]],
    put: [[true, { url: { a: 1 } }], []],
    "put undeclared": ["CommandExecutionError: output other is not declared", []],
    "put refused": ["CommandExecutionError: output refused: conflict", []],
    returned: [{ text: "42", deep: 1, whole: { diff: "New" }, file: "New", set: "db", kernel: "Linux" }, []],
    "returned failed": [{}, []],
    "returned unrendered": [{}, []],
  });
});
