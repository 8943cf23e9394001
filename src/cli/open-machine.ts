// Opens the kind of vms that `weft up --vms` names, or says all that this machine lacks for it.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { BootedVms } from "../machines/booted.ts";
import { imageFolder } from "../machines/build-image.ts";
import { Lan, lanAddress } from "../machines/lan.ts";
import type { BootMachine, Machine } from "../machines/machine.ts";
import { type Missing, missingKernelParts, missingSystem, missingTap, missingTools } from "../machines/missing.ts";
import { NetnsMachine } from "../machines/netns.ts";
import { chooseAddresses, ProcessMachine } from "../machines/process.ts";
import { type Accelerator, chooseAccelerator, QemuMachine } from "../machines/qemu.ts";
import { agentProgram } from "./agent-program.ts";
import { failMissing } from "./fail-missing.ts";

export const vmKinds = ["process", "netns", "qemu"] as const;
export type VmKind = (typeof vmKinds)[number];

export interface MachineChoice {
  kind: VmKind;
  /** What to boot from; absent: what `weft image` has built. */
  image?: string;
  accel?: Accelerator;
  memoryMiB?: number;
}

/** Chooses addresses for `count` vms of a kind. */
export async function addressesOf(kind: VmKind, count: number): Promise<string[]> {
  if (kind === "process") return chooseAddresses(count);
  return Array.from({ length: count }, (_, position) => lanAddress(position));
}

/** Opens a machine for `count` vms in the run's `folder`. Fails with UsageError that names all that is missing. */
export async function openMachine(choice: MachineChoice, folder: string, count: number): Promise<Machine> {
  const { kind } = choice;
  if (kind === "process") return new ProcessMachine({ folder, agent: [process.execPath, agentProgram()] });
  const image = resolve(choice.image ?? imageFolder({ kind, packages: ["nodejs"] }));
  failMissing(kind === "netns" ? missingForNetns(image, count) : missingForQemu(image));
  const lan = await Lan.open();
  const boots: BootMachine =
    kind === "netns"
      ? new NetnsMachine({ folder, base: image, lan })
      : new QemuMachine({
          folder,
          image,
          accel: choice.accel ?? chooseAccelerator(),
          memoryMiB: choice.memoryMiB ?? 512,
          lan,
        });
  return new BootedVms(boots, lan, folder);
}

function missingForNetns(image: string, count: number): Missing[] {
  const missing = [
    ...missingSystem("vms are namespaces with a root file system of their own"),
    ...missingTools("unshare", "nsenter", "ip", "systemd-nspawn"),
  ];
  if (process.platform === "linux") missing.push(...missingKernelParts(count));
  return existsSync(`${image}/etc/cloud`) ? missing : [...missing, missingImage(image, "sudo npx weft image")];
}

function missingForQemu(image: string): Missing[] {
  const missing = [
    ...missingSystem(),
    ...missingTools("unshare", "nsenter", "ip", "qemu-system-x86_64", "qemu-img", "genisoimage"),
    ...missingTap(),
  ];
  return existsSync(image) ? missing : [...missing, missingImage(image, "sudo npx weft image --qemu, or --image PATH")];
}

function missingImage(image: string, hint: string): Missing {
  return { what: `an image to boot from (${image})`, hint };
}
