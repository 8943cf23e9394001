// Runs the contract over a real etcd, with and without hubs before it.
import { describe, expect, test } from "vitest";
import { etcd } from "../../../src/coordinator/backends/etcd.ts";
import { hub } from "../../../src/coordinator/backends/hub.ts";
import { openHub } from "../../../src/hub/hub.ts";
import { operatorToken } from "../../../src/hub/tokens.ts";
import { etcdIsThere, startEtcdCluster } from "../../engines/etcd.ts";
import { checkContract } from "../coordinator.ts";

test("etcd is there to be asked", ({ skip }) => {
  if (process.env["REQUIRE_ENGINES"] !== "1")
    skip(!etcdIsThere, "etcd-server is not installed: nothing was tried against a real etcd");
  expect(etcdIsThere).toBe(true);
});

for (const members of [1, 3]) {
  describe.runIf(etcdIsThere)(`members: ${members}`, () => {
    checkContract({
      name: "etcd",
      gaps: etcd.gaps,
      async start() {
        const cluster = await startEtcdCluster({ members });
        return {
          connect: () => etcd.open(cluster.url("contract")),
          async restart() {
            const leader = cluster.members[await cluster.leader()];
            await leader?.end("SIGKILL");
            await leader?.start();
          },
          stop: async () => cluster[Symbol.asyncDispose](),
        };
      },
    });
  });
}

describe.runIf(etcdIsThere)("two hubs", () => {
  checkContract({
    name: "connections by turns to two hubs over one etcd",
    gaps: hub.gaps,
    async start() {
      const cluster = await startEtcdCluster({ members: 1 });
      const coordinators = [await etcd.open(cluster.url("hubs")), await etcd.open(cluster.url("hubs"))];
      const listen = { host: "127.0.0.1", port: 0 };
      const hubs = await Promise.all(coordinators.map((coordinator) => openHub({ listen, coordinator, tokenKey: "key" })));
      let turn = 0;
      return {
        connect: () =>
          hub.open(`http://:${operatorToken("key", "contract")}@127.0.0.1:${hubs[turn++ % hubs.length]?.port}/contract`),
        async restart() {
          await cluster.members[0]?.end("SIGKILL");
          await cluster.members[0]?.start();
        },
        async stop() {
          for (const one of hubs) await one.close();
          for (const coordinator of coordinators) await coordinator[Symbol.asyncDispose]();
          await cluster[Symbol.asyncDispose]();
        },
      };
    },
  });
});
