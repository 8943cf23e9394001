// Runs the contract over a real etcd.
import { describe, expect, test } from "vitest";
import { etcd } from "../../../src/coordinator/backends/etcd.ts";
import { etcdIsThere, startEtcdCluster } from "../../engines/etcd.ts";
import { checkContract } from "../coordinator.ts";

test("etcd is there to be asked", ({ skip }) => {
  if (process.env["REQUIRE_ENGINES"] !== "1")
    skip(!etcdIsThere, "etcd-server is not installed: nothing was tried against a real etcd");
  expect(etcdIsThere).toBe(true);
});

describe.runIf(etcdIsThere)("with one member", () => {
  checkContract({
    name: "etcd",
    gaps: etcd.gaps,
    async start() {
      const cluster = await startEtcdCluster({ members: 1 });
      return {
        connect: () => etcd.open(cluster.url("contract")),
        async restart() {
          await cluster.members[0]?.end("SIGKILL");
          await cluster.members[0]?.start();
        },
        stop: async () => cluster[Symbol.asyncDispose](),
      };
    },
  });
});
