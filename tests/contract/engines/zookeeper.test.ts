// The contract over real ZooKeeper servers: one, one used as an older version would be, an ensemble of three.
import { openZookeeper, zookeeper } from "../../../src/coordinator/backends/zookeeper.ts";
import { checkContract, type Subject } from "../coordinator.ts";
import { startZookeeper, zookeeperMissing } from "../../engines/zookeeper.ts";
import { withEngine } from "./engine-present.ts";

function subject(name: string, size: number, oneShot: boolean): Subject {
  return {
    name,
    gaps: zookeeper.gaps,
    async start() {
      const ensemble = await startZookeeper(size);
      return {
        connect: () => openZookeeper(`zookeeper://${ensemble.hosts}/weft/contract`, undefined, oneShot),
        async restart() {
          await Promise.all(ensemble.members.map((member) => member.stop()));
          await Promise.all(ensemble.members.map((member) => member.start()));
        },
        stop: () => ensemble.close(),
      };
    },
  };
}

withEngine("ZooKeeper", zookeeperMissing(), () => {
  checkContract(subject("zookeeper", 1, false));
  checkContract(subject("zookeeper with one-shot watches", 1, true));
  checkContract(subject("zookeeper, three members", 3, false));
});
