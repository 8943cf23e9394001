// What cloud-init finds at its first boot, in the layout of its data source NoCloud.
import { lanMac, lanNet } from "./lan.ts";

export interface SeedOptions {
  name: string;
  /** Another one makes cloud-init take the vm for a new one. */
  instanceId: string;
  address: string;
  userData: string | Uint8Array;
}

/** The files of a NoCloud seed, by name. */
export function noCloudSeed({ name, instanceId, address, userData }: SeedOptions): Record<string, string | Uint8Array> {
  const network = {
    version: 1,
    config: [
      {
        type: "physical",
        name: "eth0",
        mac_address: lanMac(name),
        subnets: [{ type: "static", address: `${address}/${lanNet.prefixLength}`, gateway: lanNet.gateway }],
      },
    ],
  };
  return {
    "user-data": userData,
    // JSON is YAML.
    "meta-data": `${JSON.stringify({ "instance-id": instanceId, "local-hostname": hostName(name) })}\n`,
    "network-config": `${JSON.stringify(network)}\n`,
  };
}

/** The host name of a vm: `app[0]` is app-0. */
export function hostName(vm: string): string {
  const name = vm.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "");
  return name.slice(0, 63) || "vm";
}
