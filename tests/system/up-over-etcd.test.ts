// `weft up` and `weft hub` over a real etcd, and over one that is not there.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { openCoordinator } from "../../src/coordinator/backends.ts";
import { etcdIsThere, startEtcdCluster } from "../engines/etcd.ts";
import { root } from "./stack-bed.ts";

const weft = join(root, "bin/weft.js");

test.runIf(etcdIsThere)("the shop sells over etcd, twice, and leaves what it wrote below the prefix", async () => {
  const cluster = await startEtcdCluster({ members: 3 });
  onTestFinished(async () => cluster[Symbol.asyncDispose]());
  const url = cluster.url("system/shop");
  for (let run = 0; run < 2; run++) {
    const args = ["up", join(root, "examples/shop/stack.yaml"), "--coordinator", url, "--json"];
    const { status, stdout, stderr } = spawnSync(process.execPath, [weft, ...args], { encoding: "utf8" });
    const done = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "{}") as { ok?: boolean; outputs?: object };
    expect({ status, stderr, ok: done.ok }).toEqual({ status: 0, stderr: "", ok: true });
    expect(done.outputs).toMatchObject({ first_page: expect.stringMatching(/^app-\d: loom 480/) });
  }
  await using coordinator = await openCoordinator(url);
  const generations = (await coordinator.list("")).filter(({ key }) => key.includes("/generations/"));
  expect(generations.map(({ value }) => value).sort()).toEqual(["1", "2"]);
});

test("a coordinator that cannot be reached ends the run with what to do", () => {
  const args = ["up", join(root, "examples/shop/stack.yaml"), "--coordinator", "etcd://127.0.0.1:1/x"];
  const { status, stderr } = spawnSync(process.execPath, [weft, ...args], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({
    status: 4,
    stderr: expect.stringContaining("check the address, and that the member runs"),
  });
});

test.runIf(etcdIsThere)("a hub that starts before its coordinator says so, and serves when it comes", async () => {
  const cluster = await startEtcdCluster({ members: 1 });
  onTestFinished(async () => cluster[Symbol.asyncDispose]());
  await cluster.members[0]?.end("SIGTERM");
  const args = [weft, "hub", "--listen", "127.0.0.1:0", "--coordinator", cluster.url("system/hub")];
  const child = spawn(process.execPath, args, { env: { ...process.env, WEFT_TOKEN_KEY: "a key for tests only" } });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [complaint] = (await once(createInterface({ input: child.stderr }), "line")) as [string];
  expect(complaint).toContain("check the address, and that the member runs");
  await cluster.members[0]?.start();
  expect(await once(createInterface({ input: child.stdout }), "line")).toEqual([expect.stringMatching(/^hub at http/)]);
  child.kill("SIGTERM");
  expect(await once(child, "close")).toEqual([0, null]);
});
