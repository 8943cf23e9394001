// What a kind of vm needs of this machine: what is missing, and the command that brings it.
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cgroupRoots } from "./cgroup.ts";
import { toolEnv } from "./lan.ts";

export interface Missing {
  what: string;
  /** A command, or what to do. */
  hint: string;
}

const debianPackages: Record<string, string> = {
  unshare: "util-linux",
  nsenter: "util-linux",
  ip: "iproute2",
  "systemd-nspawn": "systemd-container",
  mmdebstrap: "mmdebstrap",
  mke2fs: "e2fsprogs",
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-img": "qemu-utils",
  genisoimage: "genisoimage",
};

/** Tools that PATH does not have, as one thing missing. */
export function missingTools(...names: string[]): Missing[] {
  const folders = (toolEnv["PATH"] ?? "").split(delimiter);
  const missing = names.filter((name) => !folders.some((folder) => isOpen(join(folder, name), constants.X_OK)));
  if (missing.length === 0) return [];
  const packages = [...new Set(missing.map((name) => debianPackages[name] ?? name))].join(" ");
  return [{ what: missing.join(", "), hint: `apt-get install ${packages}, or your system's packages of them` }];
}

/** Linux, and the superuser where `root` says why. */
export function missingSystem(root?: string): Missing[] {
  if (process.platform !== "linux") return [{ what: "Linux", hint: "these vms are made of its namespaces" }];
  if (root === undefined || process.getuid?.() === 0) return [];
  return [{ what: "root", hint: `${root}: run it with sudo` }];
}

/** The device through which a virtual machine joins a bridge. */
export function missingTap(): Missing[] {
  const device = "/dev/net/tun";
  if (!existsSync(device)) return [{ what: device, hint: "modprobe tun" }];
  return isOpen(device, constants.R_OK | constants.W_OK)
    ? []
    : [{ what: `a right to use ${device}`, hint: `chmod 666 ${device}` }];
}

/** What the kernel must have for namespace vms, `count` of them. */
export function missingKernelParts(count: number): Missing[] {
  const missing: Missing[] = [];
  if (!/\boverlay\b/.test(readFileSync("/proc/filesystems", "utf8")))
    missing.push({ what: "the overlay file system", hint: "modprobe overlay" });
  const [unified] = cgroupRoots();
  if (unified === undefined || !existsSync(join(unified, "cgroup.controllers")))
    missing.push({ what: "control groups of version 2", hint: "mount -t cgroup2 none /sys/fs/cgroup" });
  // systemd of one vm takes about six.
  const limit = "/proc/sys/fs/inotify/max_user_instances";
  if (Number(readFileSync(limit, "utf8")) < 6 * count)
    missing.push({
      what: `inotify instances for ${count} vms`,
      hint: `sysctl -w fs.inotify.max_user_instances=${8 * count + 128}`,
    });
  return missing;
}

function isOpen(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
