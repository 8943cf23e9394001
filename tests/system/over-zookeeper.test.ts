// Whole stacks whose coordinator is a real ZooKeeper: by `weft up`, and with two hubs of which one is killed.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../bench/engines.ts";
import { openCoordinator } from "../../src/coordinator/backends.ts";
import { followToEnd } from "../../src/monitor/follow.ts";
import { withEngine } from "../contract/engines/engine-present.ts";
import { startZookeeper, type ZookeeperEnsemble, zookeeperMissing } from "../engines/zookeeper.ts";
import { root, StackBed } from "./stack-bed.ts";

withEngine("ZooKeeper", zookeeperMissing(), () => {
  let zookeeper: ZookeeperEnsemble;
  beforeAll(async () => {
    zookeeper = await startZookeeper(3);
  });
  afterAll(() => zookeeper.close());

  test("the shop sells over an ensemble, and what it wrote stays there", async () => {
    const url = `zookeeper://${zookeeper.hosts}/weft/up`;
    const args = ["up", join(root, "examples/shop/stack.yaml"), "--coordinator", url, "--json"];
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin/weft.js"), ...args], { encoding: "utf8" });
    const done = JSON.parse(stdout.trimEnd().split("\n").at(-1) as string) as { ok: boolean; outputs: { first_page: string } };
    expect({ status, stderr, ok: done.ok }).toEqual({ status: 0, stderr: "", ok: true });
    expect(done.outputs.first_page).toMatch(/^app-\d: loom 480/);
    await using coordinator = await openCoordinator(url);
    const keys = (await coordinator.list("shop/")).map(({ key }) => key);
    expect(keys.filter((key) => key.includes("/cells/")).length).toBeGreaterThan(5);
    expect(keys.filter((key) => key.includes("/vms/"))).toEqual([]);
  });

  test("with two hubs on one ensemble the stack finishes although each is killed in turn", async () => {
    const shared = { url: `zookeeper://${zookeeper.hosts}/weft/hubs`, morePorts: [await freePort()] };
    await using bed = new StackBed("shop", await freePort(), shared);
    await bed.prepare("examples/shop/stack.yaml");
    for (const member of ["hub", "hub2", ...bed.vms]) bed.start(member);
    const signal = new AbortController().signal;
    let ended = 0;
    let turn = Promise.resolve();
    const { picture, reason } = await followToEnd(bed.access, bed.roles, { timeoutMs: 60_000, signal }, (status) => {
      if (status.state !== "done") return;
      ended += 1;
      // All agents are on the first hub when it goes, and on the second when that goes.
      if (ended === 1) turn = bed.kill("hub").then(() => bed.start("hub"));
      if (ended === 4) turn = turn.then(() => bed.kill("hub2"));
    });
    await turn;
    expect(reason).toBeUndefined();
    expect([...picture.roles.values()].map(({ state }) => state)).toEqual(bed.roles.map(() => "done"));
  });

  test("a coordinator that cannot be reached ends the command with 4 and what to do", () => {
    const args = ["up", join(root, "examples/shop/stack.yaml"), "--coordinator", "zookeeper://127.0.0.1:1/weft"];
    const { status, stderr } = spawnSync(process.execPath, [join(root, "bin/weft.js"), ...args], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 4, stderr: expect.stringContaining("127.0.0.1:1 cannot be reached") });
  });
});
