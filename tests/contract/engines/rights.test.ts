// The contract of rights over a real etcd and a real ZooKeeper: every test in a place of its own.
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { etcd } from "../../../src/coordinator/backends/etcd.ts";
import { zookeeper } from "../../../src/coordinator/backends/zookeeper.ts";
import type { Coordinator } from "../../../src/coordinator/coordinator.ts";
import { etcdIsThere, startEtcdCluster } from "../../engines/etcd.ts";
import { startZookeeper, zookeeperMissing } from "../../engines/zookeeper.ts";
import { checkRights } from "../rights.ts";
import { withEngine } from "./engine-present.ts";

function checkOver(name: string, start: () => Promise<{ url(place: string): string; stop(): Promise<void> }>): void {
  let engine: Awaited<ReturnType<typeof start>>;
  let places = 0;
  beforeAll(async () => void (engine = await start()));
  afterAll(() => engine.stop());
  checkRights(name, async (): Promise<Coordinator> => {
    const backend = name === "etcd" ? etcd : zookeeper;
    const coordinator = await backend.open(engine.url(`rights${places++}`));
    onTestFinished(async () => coordinator[Symbol.asyncDispose]());
    return coordinator;
  });
}

withEngine("etcd", etcdIsThere ? undefined : "no etcd on this machine: apt-get install etcd-server", () => {
  checkOver("etcd", async () => {
    const cluster = await startEtcdCluster({ members: 1 });
    return { url: (place) => cluster.url(place), stop: async () => cluster[Symbol.asyncDispose]() };
  });
});

withEngine("ZooKeeper", zookeeperMissing(), () => {
  checkOver("zookeeper", async () => {
    const ensemble = await startZookeeper(1);
    return { url: (place) => `zookeeper://${ensemble.hosts}/weft/${place}`, stop: () => ensemble.close() };
  });
});
