// Builds what vms on this machine boot from, out of Debian's packages: a root file system for namespaces, or kernel, initrd and disk for qemu.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Failure, messageOf } from "../model/failure.ts";
import { toolEnv } from "./lan.ts";

export type ImageKind = "netns" | "qemu";

export interface ImageOptions {
  kind: ImageKind;
  /** Debian packages beside those that every image has. */
  packages: string[];
}

const suite = "bookworm";

const common = [
  ..."systemd systemd-sysv dbus udev cloud-init ifupdown iproute2 iputils-ping ca-certificates".split(" "),
  ..."procps curl netbase hostname openssh-client python3".split(" "),
];
const kernel = "linux-image-cloud-amd64 initramfs-tools zstd".split(" ");

// What a vm here has no use for, and what would cost seconds at each boot.
const masked = [
  ..."apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer".split(
    " ",
  ),
  ..."systemd-timesyncd.service getty.target console-getty.service".split(" "),
];

const files: Record<string, string> = {
  "etc/cloud/cloud.cfg.d/90_weft.cfg": `datasource_list: [NoCloud, ConfigDrive]
growpart: {mode: "off"}
resize_rootfs: false
locale: C.UTF-8
ssh_genkeytypes: [ed25519]
ssh: {emit_keys_to_console: false}
no_ssh_fingerprints: true
grub_dpkg: {enabled: false}
`,
  // No vm has a way to a mirror, and sources that cannot be reached cost minutes; so does a name server.
  "etc/apt/sources.list": "",
  "etc/resolv.conf": "",
  // An empty one is filled at the first boot.
  "etc/machine-id": "",
};

// dpkg leaves documents out from the moment it runs in there; mmdebstrap's own filter before that takes longer than all it leaves out. And a
// system whose /usr is merged from the start needs no Perl to merge it.
const noDocuments = `printf 'path-exclude=/usr/share/%s/*\\n' man doc locale >"$1/etc/dpkg/dpkg.cfg.d/weft"`;
const hooks = ["--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr", `--essential-hook=${noDocuments}`];

/** Where an image with these options is kept; another list of packages, or another weft, has another place. */
export function imageFolder({ kind, packages }: ImageOptions): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const recipe = JSON.stringify([suite, common, kernel, masked, files, hooks, [...packages].sort()]);
  return join(cache, "weft", `${kind}-${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}`);
}

/** Builds an image into `folder`, whole or not at all; the builder's own words go to standard error. */
export async function buildImage({ kind, packages }: ImageOptions, folder: string): Promise<void> {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  const root = kind === "netns" ? partial : join(partial, "root");
  mkdirSync(partial, { recursive: true, mode: 0o755 });
  const include = [...common, ...(kind === "qemu" ? kernel : []), ...packages].join(",");
  await run("mmdebstrap", "--mode=root", "--variant=minbase", `--include=${include}`, ...hooks, suite, root);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  for (const name of readdirSync(join(root, "etc/apt/sources.list.d"))) rmSync(join(root, "etc/apt/sources.list.d", name));
  for (const unit of masked) {
    rmSync(join(root, "etc/systemd/system", unit), { force: true });
    symlinkSync("/dev/null", join(root, "etc/systemd/system", unit));
  }
  if (kind === "qemu") await makeDisk(root, partial);
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
}

// Kernel and initrd lie beside the disk, so that the disk needs neither partitions nor a boot loader.
async function makeDisk(root: string, folder: string): Promise<void> {
  writeFileSync(join(root, "etc/fstab"), "/dev/vda / ext4 defaults,noatime 0 1\n");
  appendFileSync(join(root, "etc/initramfs-tools/modules"), "virtio_pci\nvirtio_blk\nvirtio_net\next4\n");
  writeFileSync(join(root, "etc/initramfs-tools/conf.d/weft"), "MODULES=list\nCOMPRESS=zstd\n");
  await run("chroot", root, "update-initramfs", "-u");
  for (const part of ["vmlinuz", "initrd.img"]) {
    const name = readdirSync(join(root, "boot")).find((file) => file.startsWith(`${part}-`));
    copyFileSync(join(root, "boot", name as string), join(folder, part));
  }
  rmSync(join(root, "boot"), { recursive: true });
  mkdirSync(join(root, "boot"));
  const disk = join(folder, "disk.raw");
  await run("truncate", "--size=2G", disk);
  await run("mke2fs", "-q", "-t", "ext4", "-L", "root", "-O", "^has_journal", "-d", root, disk);
  rmSync(root, { recursive: true });
}

async function run(command: string, ...args: string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", 2, 2], env: { ...toolEnv, DEBIAN_FRONTEND: "noninteractive" } });
  const [code, signal] = (await once(child, "close").catch((error: unknown) => [messageOf(error)])) as [unknown, unknown];
  if (code !== 0) throw new Failure("give-up", "image", `${command} has failed: ${String(code ?? signal)}`);
}
