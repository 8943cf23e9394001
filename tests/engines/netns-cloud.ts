// Servers of cloud-stub.ts as real machines: namespaces on a bridge, booted by systemd and the real cloud-init from a configuration drive, as
// Nova gives it to them.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Lan, lanNet } from "../../src/machines/lan.ts";
import { makeRunFolder } from "../../src/machines/left-behind.ts";
import { NetnsMachine } from "../../src/machines/netns.ts";
import { hostName } from "../../src/machines/seed.ts";
import type { CloudMachine, CloudServer } from "./cloud-stub.ts";

export interface NetnsCloud extends AsyncDisposable {
  lan: Lan;
  /** For cloud-stub.ts. */
  boot(server: CloudServer): Promise<CloudMachine>;
  /** What may happen to a server, by its id. */
  machine: NetnsMachine;
}

/** Opens a network for servers whose root file system lies over `base`. */
export async function openNetnsCloud(base: string): Promise<NetnsCloud> {
  const folder = makeRunFolder();
  mkdirSync(join(folder.path, "consoles"));
  const lan = await Lan.open();
  const machine = new NetnsMachine({ folder: folder.path, base, lan });
  return {
    lan,
    machine,
    async boot(server) {
      await machine.boot({ name: server.id, mac: server.mac, seed: configDrive(server) });
      return {
        async reboot() {
          await machine.powerOff(server.id);
          await machine.powerOn(server.id);
        },
        [Symbol.asyncDispose]: () => machine.remove(server.id),
      };
    },
    async [Symbol.asyncDispose]() {
      await machine.stop();
      folder[Symbol.dispose]();
    },
  };
}

/** The files of Nova's configuration drive; another uuid makes cloud-init take the machine for a new one. */
function configDrive({ id, name, mac, address, userData, metadata }: CloudServer): Record<string, string | Uint8Array> {
  const own = { uuid: id, name, hostname: hostName(name), meta: metadata, launch_index: 0, availability_zone: "nova" };
  const routes = [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: lanNet.gateway }];
  const network = {
    id: "network0",
    link: "tap0",
    type: "ipv4",
    ip_address: address,
    netmask: "255.255.0.0",
    routes,
    network_id: id,
  };
  const link = { id: "tap0", type: "ovs", vif_id: id, mtu: 1500, ethernet_mac_address: mac };
  return {
    "openstack/latest/meta_data.json": JSON.stringify(own),
    "openstack/latest/network_data.json": JSON.stringify({ links: [link], networks: [network], services: [] }),
    ...(userData.length === 0 ? {} : { "openstack/latest/user_data": userData }),
  };
}
