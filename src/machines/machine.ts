// What `weft up` and tests ask of vms on this machine, whatever they are made of.
import type { Server } from "node:net";
import { join } from "node:path";

/** What a vm is started with. */
export interface VmStart {
  /** The vm's id. */
  vm: string;
  address: string;
  /** The agent's configuration, for a vm that is nothing but an agent and has only `folder` to itself. */
  config: (folder: string) => object;
  /** What a cloud would hand to cloud-init, for a vm that boots. */
  userData: () => string;
}

/** Where vms are put. */
export interface Machine extends AsyncDisposable {
  /** A socket that vms reach, for a hub; undefined where they reach this machine's own. */
  listen(): Promise<Server | undefined>;
  start(vm: VmStart): Promise<void>;
  /** Ends all vms and all that they have started. */
  stop(): Promise<void>;
  /** When the first vm was started: wall clock, ms. */
  readonly firstStartMs: number | undefined;
  /** The folder with what each vm has written to its console; undefined where vms have none. */
  readonly consoles: string | undefined;
}

/** The name of a vm's folder or file: members' brackets would be patterns to a shell. */
export function fileNameOf(vm: string): string {
  return vm.replace(/\[([A-Za-z0-9]+)\]/g, ".$1").replace(/[^A-Za-z0-9._-]/g, "_");
}

/** The console of a vm that boots, below the run's folder. */
export function consoleFile(runFolder: string, vm: string): string {
  return join(runFolder, "consoles", `${fileNameOf(vm)}.log`);
}

/** A vm that boots by itself: who it is, and the files in which its cloud-init finds what to do. */
export interface BootSpec {
  name: string;
  /** Its hardware address; lanMac of its name unless given. */
  mac?: string;
  /**
   * Files by their path in the seed: `user-data`, `meta-data` and `network-config` (NoCloud), or what lies on a configuration drive,
   * `openstack/latest/user_data`, `meta_data.json` and `network_data.json`.
   */
  seed: Record<string, string | Uint8Array>;
}

/** Vms that boot, on one bridge, and what may happen to them. Their disks stay until `remove`. */
export interface BootMachine {
  boot(spec: BootSpec): Promise<void>;
  /** Cuts its power: whatever it was doing is gone, and nobody is told. */
  powerOff(name: string): Promise<void>;
  /** Boots it again from its disk. */
  powerOn(name: string): Promise<void>;
  /** Switches it off and takes its disk away. */
  remove(name: string): Promise<void>;
  /** Pulls its network cable. */
  cut(name: string): Promise<void>;
  heal(name: string): Promise<void>;
  /** Stops everything inside it, as a hung vm does; its network card still answers. */
  freeze(name: string): Promise<void>;
  thaw(name: string): Promise<void>;
  isRunning(name: string): boolean;
  /** The file with all that it has written to its console. */
  consoleOf(name: string): string;
  stop(): Promise<void>;
}
