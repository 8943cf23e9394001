// Vms as real virtual machines: qemu boots an image with cloud-init from a disk laid over a shared one, seeded by a CD, on the same
// bridge as namespace vms. Needs no root where user namespaces are allowed.
import type { ChildProcess } from "node:child_process";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { childOf, type Lan, lanMac } from "./lan.ts";
import { type BootMachine, type BootSpec, consoleFile } from "./machine.ts";

export type Accelerator = "kvm" | "tcg";

export interface QemuOptions {
  /** Folder of the run. */
  folder: string;
  /** A folder with vmlinuz, initrd.img and disk.raw, or the file of a disk with a boot loader. */
  image: string;
  accel: Accelerator;
  memoryMiB: number;
  lan: Lan;
}

interface QemuVm {
  name: string;
  mac: string;
  folder: string;
  /** Name of its network device on the bridge. */
  port: string;
  launcher: ChildProcess | undefined;
  ended: Promise<void>;
}

/** Hardware help where it is really there: some hosts offer a /dev/kvm without processors that could do it, and kernels hang on it. */
export function chooseAccelerator(): Accelerator {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync("/proc/cpuinfo", "utf8")) ? "kvm" : "tcg";
  } catch {
    return "tcg";
  }
}

/** Virtual machines on one bridge. */
export class QemuMachine implements BootMachine {
  readonly #options: QemuOptions;
  readonly #vms = new Map<string, QemuVm>();
  #made = 0;

  constructor(options: QemuOptions) {
    this.#options = options;
  }

  async boot({ name, mac, seed }: BootSpec): Promise<void> {
    const { folder: runFolder, image, lan } = this.#options;
    const port = `vm${this.#made++}`;
    const folder = join(runFolder, port);
    mkdirSync(join(folder, "seed"), { recursive: true, mode: 0o700 });
    for (const [path, content] of Object.entries(seed)) {
      mkdirSync(dirname(join(folder, "seed", path)), { recursive: true });
      writeFileSync(join(folder, "seed", path), content, { mode: 0o600 });
    }
    const label = Object.keys(seed).some((path) => path.startsWith("openstack/")) ? "config-2" : "cidata";
    await lan.run(
      "genisoimage",
      "-quiet",
      "-joliet",
      "-rock",
      "-volid",
      label,
      "-output",
      join(folder, "seed.iso"),
      join(folder, "seed"),
    );
    const isFolder = statSync(image).isDirectory();
    const disk = isFolder ? join(image, "disk.raw") : image;
    const format = isFolder ? "raw" : await formatOf(lan, disk);
    await lan.run("qemu-img", "create", "-q", "-f", "qcow2", "-F", format, "-b", disk, join(folder, "disk.qcow2"));
    await lan.run("ip", "tuntap", "add", "dev", port, "mode", "tap");
    const vm: QemuVm = { name, mac: mac ?? lanMac(name), folder, port, launcher: undefined, ended: Promise.resolve() };
    this.#vms.set(name, vm);
    await this.powerOn(name);
  }

  async powerOn(name: string): Promise<void> {
    const vm = this.#find(name);
    if (vm.launcher !== undefined) throw new Error(`${name} is on already`);
    const { lan, image, accel, memoryMiB, folder } = this.#options;
    await lan.plug(vm.port);
    const kernel = ["-kernel", join(image, "vmlinuz"), "-initrd", join(image, "initrd.img"), "-append", commandLine];
    const command = [
      "qemu-system-x86_64",
      ...(accel === "kvm" ? ["-accel", "kvm", "-cpu", "host"] : ["-accel", "tcg,thread=multi,tb-size=128", "-cpu", "Nehalem"]),
      ...`-smp 1 -m ${memoryMiB} -nographic -nodefaults -serial stdio -monitor none -device virtio-rng-pci`.split(" "),
      ...(existsSync(join(image, "vmlinuz")) ? kernel : []),
      "-drive",
      `file=${join(vm.folder, "disk.qcow2")},if=virtio,cache=unsafe`,
      "-drive",
      `file=${join(vm.folder, "seed.iso")},if=virtio,format=raw,readonly=on`,
      "-device",
      // Without the program by which it would boot from the network.
      `virtio-net-pci,netdev=lan,mac=${vm.mac},romfile=`,
      "-netdev",
      `tap,id=lan,ifname=${vm.port},script=no,downscript=no`,
    ];
    const console = openSync(consoleFile(folder, name), "a", 0o600);
    const launcher = lan.spawn(command, { stdio: ["ignore", console, console] });
    closeSync(console);
    vm.launcher = launcher;
    vm.ended = new Promise((resolve) => {
      launcher.once("exit", () => {
        vm.launcher = undefined;
        resolve();
      });
    });
  }

  async powerOff(name: string): Promise<void> {
    const vm = this.#find(name);
    await this.cut(name);
    this.#signal(vm, "SIGKILL");
    await vm.ended;
  }

  async remove(name: string): Promise<void> {
    const { folder, port } = this.#find(name);
    await this.powerOff(name);
    this.#vms.delete(name);
    await this.#options.lan.run("ip", "link", "delete", port);
    await rm(folder, { recursive: true, force: true });
  }

  cut(name: string): Promise<void> {
    return this.#options.lan.cut(this.#find(name).port);
  }

  heal(name: string): Promise<void> {
    return this.#options.lan.heal(this.#find(name).port);
  }

  async freeze(name: string): Promise<void> {
    this.#signal(this.#find(name), "SIGSTOP");
  }

  async thaw(name: string): Promise<void> {
    const vm = this.#find(name);
    this.#signal(vm, "SIGCONT");
    // nsenter stops itself with the command that it has started.
    vm.launcher?.kill("SIGCONT");
  }

  isRunning(name: string): boolean {
    return this.#vms.get(name)?.launcher !== undefined;
  }

  consoleOf(name: string): string {
    return consoleFile(this.#options.folder, name);
  }

  async stop(): Promise<void> {
    await this.#options.lan.close();
    await Promise.all([...this.#vms.values()].map(({ ended }) => ended));
  }

  #signal({ launcher }: QemuVm, signal: NodeJS.Signals): void {
    const qemu = launcher?.pid === undefined ? undefined : childOf(launcher.pid);
    if (qemu !== undefined) process.kill(qemu, signal);
  }

  #find(name: string): QemuVm {
    const vm = this.#vms.get(name);
    if (vm === undefined) throw new Error(`there is no vm ${name}`);
    return vm;
  }
}

const commandLine = "root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet mitigations=off";

async function formatOf(lan: Lan, disk: string): Promise<string> {
  const { format } = JSON.parse(await lan.run("qemu-img", "info", "--output=json", disk)) as { format: string };
  return format;
}
