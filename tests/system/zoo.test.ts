// The example in which all tools meet, run as a user runs it: with the tools' shims as the bundle has them, and what files travel.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findCommand } from "../../src/agent/find-command.ts";
import { chefEnvironment, chefMissing } from "../engines/chef.ts";
import { root } from "./stack-bed.ts";

const missing = ["puppet", "ansible-playbook", "python3"]
  .filter((name) => findCommand(name, process.env["PATH"]) === undefined)
  .map((name) => `${name} is not installed`);
const chefIsMissing = chefMissing("18");
if (chefIsMissing !== undefined) missing.push(chefIsMissing);
if (missing.length > 0) console.warn(`examples/zoo is not tested: ${missing.join("; ")}`);
const skip = missing.length > 0 && process.env["REQUIRE_ENGINES"] !== "1";

const saltIsThere = findCommand("salt-call", process.env["PATH"]) !== undefined;
if (!saltIsThere) console.warn("examples/zoo is tested without Salt: salt-call is not installed");

test("a script, Chef, Puppet, Ansible and Murano read what another wrote, round a ring of vms", { skip }, () => {
  expect(runZoo()).toEqual({ status: 0, seen: `${tickets}; fish: none` });
});

test("Salt joins where it is installed, and asked", { skip: skip || !saltIsThere }, () => {
  expect(runZoo("-P", "with_salt=true")).toEqual({ status: 0, seen: `${tickets}; fish: 3 kinds of leftovers` });
});

const tickets = JSON.stringify({ text: "4 cages, 24 kg a day", price: 12 });

function runZoo(...more: string[]): { status: number | null; seen?: unknown } {
  const args = [join(root, "bin/weft.js"), "up", join(root, "examples/zoo/stack.yaml"), "--json", ...more];
  const env = { ...process.env, ...chefEnvironment("18") };
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8", env });
  const done = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as { outputs: { seen?: unknown } };
  return { status, seen: done.outputs.seen };
}
