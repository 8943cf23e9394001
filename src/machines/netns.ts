// Vms as namespaces: network, processes, mounts and name of their own, a root file system laid over a shared base, and the real
// systemd and cloud-init inside, started by systemd-nspawn. Needs root.
import type { ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Cgroup, removeCgroup } from "./cgroup.ts";
import { Lan, lanMac } from "./lan.ts";
import { type BootMachine, type BootSpec, consoleFile } from "./machine.ts";
import { hostName } from "./seed.ts";

export interface NetnsOptions {
  /** Folder of the run, on a file system that overlays can write to; its name is that of the run's control groups too. */
  folder: string;
  /** The root file system below that of all vms; nobody writes to it. */
  base: string;
  lan: Lan;
}

interface NetnsVm {
  name: string;
  mac: string;
  folder: string;
  /** Name of its network namespace, of its cable and of its control group. */
  port: string;
  group: Cgroup;
  isOn: boolean;
  /** Resolves when it is off and its network is gone. */
  ended: Promise<void>;
}

// systemd-nspawn's exit status when the system inside wants to be started again.
const wantsReboot = 133;

/** Vms as namespaces on one bridge. */
export class NetnsMachine implements BootMachine {
  readonly #options: NetnsOptions;
  readonly #vms = new Map<string, NetnsVm>();
  #made = 0;
  #stopping = false;

  constructor(options: NetnsOptions) {
    this.#options = options;
  }

  async boot({ name, mac, seed }: BootSpec): Promise<void> {
    const { base, folder: runFolder, lan } = this.#options;
    const port = `vm${this.#made++}`;
    const folder = join(runFolder, port);
    const [upper, work, root] = ["upper", "work", "root"].map((part) => join(folder, part)) as [string, string, string];
    // The uppermost folder becomes the vm's `/`, which everybody in it must be able to enter.
    for (const part of [folder, upper, work, root]) mkdirSync(part, { mode: 0o755 });
    for (const [path, content] of Object.entries(seed)) {
      const source = path.startsWith("openstack/") ? "config_drive" : "nocloud";
      const file = join(upper, "var/lib/cloud/seed", source, path);
      mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
      writeFileSync(file, content, { mode: 0o600 });
    }
    await lan.run("mount", "-t", "overlay", "weft", "-o", `lowerdir=${base},upperdir=${upper},workdir=${work}`, root);
    const group = new Cgroup(join(basename(runFolder), port));
    const vm: NetnsVm = { name, mac: mac ?? lanMac(name), folder, port, group, isOn: false, ended: Promise.resolve() };
    this.#vms.set(name, vm);
    await this.#switchOn(vm);
  }

  async #switchOn(vm: NetnsVm): Promise<void> {
    const { lan } = this.#options;
    await lan.addNamespace(vm.port, vm.port, vm.mac);
    vm.isOn = true;
    const launcher = this.#launch(vm);
    const exit = new Promise<number | null>((resolve) => launcher.once("exit", resolve));
    vm.ended = exit.then(async (code) => {
      vm.isOn = false;
      if (this.#stopping) return;
      // Another boot finds another network card, as on a real machine.
      await lan.removeNamespace(vm.port, vm.port);
      if (code === wantsReboot) await this.#switchOn(vm);
    });
  }

  #launch(vm: NetnsVm): ChildProcess {
    const { folder, port, group } = vm;
    const console = openSync(consoleFile(this.#options.folder, vm.name), "a", 0o600);
    const nspawn = [
      ..."systemd-nspawn --quiet --boot --register=no --keep-unit --link-journal=no".split(" "),
      ..."--resolv-conf=off --timezone=off --console=read-only --capability=CAP_NET_ADMIN".split(" "),
      // cloud-init asks the first process's environment who made the machine where the system does not tell.
      "--setenv=product_name=OpenStack Nova",
      `--machine=${hostName(vm.name)}`,
      `--directory=${join(folder, "root")}`,
    ];
    // Not nspawn's own --network-namespace-path, with which the vm would see the network devices of the machine in /sys.
    const enter = ["nsenter", `--net=/run/netns/${port}`, "--", ...nspawn];
    const joinGroup = 'while [ "$1" != -- ]; do echo 0 >"$1" || exit; shift; done; shift; exec "$@"';
    const launcher = this.#options.lan.spawn(["sh", "-c", joinGroup, "sh", ...group.doors, "--", ...enter], {
      stdio: ["ignore", console, console],
    });
    closeSync(console);
    return launcher;
  }

  async powerOff(name: string): Promise<void> {
    const vm = this.#find(name);
    if (!vm.isOn) return;
    // First the cable: a vm without power says no goodbye, but the kernel would for a killed process.
    await this.cut(name);
    vm.group.kill();
    await vm.ended;
  }

  async powerOn(name: string): Promise<void> {
    const vm = this.#find(name);
    if (vm.isOn) throw new Error(`${name} is on already`);
    await this.#switchOn(vm);
  }

  async remove(name: string): Promise<void> {
    const { folder, port } = this.#find(name);
    await this.powerOff(name);
    this.#vms.delete(name);
    const { lan, folder: runFolder } = this.#options;
    await lan.run("umount", join(folder, "root"));
    await removeCgroup(join(basename(runFolder), port));
    rmSync(folder, { recursive: true, force: true });
  }

  cut(name: string): Promise<void> {
    return this.#options.lan.cut(this.#find(name).port);
  }

  heal(name: string): Promise<void> {
    return this.#options.lan.heal(this.#find(name).port);
  }

  async freeze(name: string): Promise<void> {
    this.#find(name).group.freeze(true);
  }

  async thaw(name: string): Promise<void> {
    this.#find(name).group.freeze(false);
  }

  isRunning(name: string): boolean {
    return this.#vms.get(name)?.isOn === true;
  }

  consoleOf(name: string): string {
    return consoleFile(this.#options.folder, name);
  }

  /** The vm's root file system, as it looks from outside; what is in its memory only (/run, /tmp) is not there. */
  rootOf(name: string): string {
    return join(this.#find(name).folder, "upper");
  }

  /** The name of its control group: part of a line in the /proc/PID/cgroup of all its processes. */
  groupOf(name: string): string {
    return join(basename(this.#options.folder), this.#find(name).port);
  }

  /** Ends the vms and the network; their folders stay. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#options.lan.close();
    await Promise.all([...this.#vms.values()].map(({ ended }) => ended));
    await removeCgroup(basename(this.#options.folder));
  }

  #find(name: string): NetnsVm {
    const vm = this.#vms.get(name);
    if (vm === undefined) throw new Error(`there is no vm ${name}`);
    return vm;
  }
}
