// Nested stacks as they run on this machine, and as the Heat engine makes them: who a vm is told it is, and what it may.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { rightsTag, vmToken } from "../../src/hub/tokens.ts";
import { withIndexes } from "../../src/model/cell.ts";
import { compileFolder, writeEmitted } from "../support/compile-folder.ts";
import { createWithHeat, isHeatThere } from "./heat-engine.ts";
import { root } from "./stack-bed.ts";

const tokenKey = "0123456789abcdef";

function outputsOf(file: string): Record<string, unknown> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin/weft.js"), "up", file, "--json"], {
    encoding: "utf8",
  });
  const events = stdout.split("\n").filter((line) => line !== "");
  const done = JSON.parse(events.at(-1) ?? "{}") as { ok: boolean; outputs: Record<string, unknown> };
  expect({ status, stderr, ok: done.ok }).toEqual({ status: 0, stderr: "", ok: true });
  return done.outputs;
}

test("values cross the borders of nested stacks both ways, and of groups of them", () => {
  const { store, leader, table } = outputsOf(join(root, "examples/nested/stack.yaml"));
  expect(store).toMatch(/^mysql:\/\/127\.[0-9.]+:3306\/catalogue$/);
  expect(leader).toBe("shard-0");
  const urls = [0, 1, 2].map((number) => `shard ${number} at ${String(store)}, led by shard-0`);
  expect(table).toMatchObject({
    shards: urls,
    by_number: { 0: urls[0], 1: urls[1], 2: urls[2] },
    first: urls[0],
    leader: "shard-0",
    store: 3306,
  });
  const { two } = table as { two: string[] };
  expect(new Set(two).size).toBe(2);
  for (const one of two) expect(urls).toContain(`shard ${one}`);
});

test("groups scale, and stand within groups, each of its own size", () => {
  const { all, urls, caches } = outputsOf(join(root, "examples/scaling/stack.yaml"));
  expect(urls).toEqual({ 0: "worker[0] led by worker[1]", 1: "worker[1] led by worker[1]" });
  expect(caches).toEqual([[], [expect.stringMatching(/^sites\[1\]\/cache\[0\] at 127\./)]]);
  expect(all).toEqual({
    second: "worker[1] led by worker[1]",
    workers: urls,
    caches,
    probes: [["sites[0]/probe[0]"], ["sites[1]/probe[0]"]],
    outposts: [[[expect.stringMatching(/^outposts\[0\]\/cache\[0\] at 127\./)]], [["outposts[0]/probe[0]"]]],
  });
});

test.runIf(isHeatThere)("Heat tells each vm in a nested stack who it is, what it may, and what is its own", () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { emitted } = compileFolder("examples/nested").compiled;
  if (emitted === undefined) throw new Error("the example does not compile");
  const parameters = { shard_count: "2", weft_hub_urls: "https://10.0.0.2:8470", weft_token_key: tokenKey };
  const [created] = createWithHeat([{ file: writeEmitted(emitted, folder, "examples/nested"), parameters }]);
  expect(created?.error).toBeNull();
  expect(Object.keys(created?.servers ?? {}).sort()).toEqual(["gateway", "shards/0/web", "shards/1/web", "store/db"]);
  // No server waits for a nested stack, nor the other way round.
  expect(created?.edges.filter(([waiter]) => !waiter.startsWith("weft_"))).toEqual([]);
  for (const [name, { userData, deployments }] of Object.entries(created?.servers ?? {})) {
    const vm = name.replace(/\/(\d+)\//, "[$1]/");
    const stack = /"stack": "([^"]*)"/.exec(userData)?.[1] ?? "";
    expect(userData, name).toContain(`"vm": "${vm}"`);
    expect(userData, name).toContain(vmToken(tokenKey, stack, vm));
    const plan = emitted.plan.vms.find((one) => one.vm === withIndexes(vm, ["*"]));
    if (plan === undefined) throw new Error(`there is no plan for ${vm}`);
    const [deployment] = deployments;
    expect(deployment?.values["weft_tag"], name).toBe(rightsTag(tokenKey, stack, vm, emitted.generation, plan.rights));
    const number = /\[(\d+)\]/.exec(vm)?.[1];
    if (number !== undefined)
      expect(deployment?.values["weft_values"]).toMatchObject({ "serve.inputs.NUMBER": { [number]: Number(number) } });
  }
});
