// weft image: builds what `weft up --vms netns` and `--vms qemu` boot from.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildImage, imageFolder, type ImageOptions } from "../../machines/build-image.ts";
import { missingSystem, missingTools } from "../../machines/missing.ts";
import { exitCodes, type Command } from "../command.ts";
import { failMissing } from "../fail-missing.ts";

export const command = {
  summary: "build what vms on this machine boot from",
  help: `
usage: weft image [--qemu] [--out DIR] [--packages P,Q] [--without-node]

Builds an image of Debian 12 with systemd and cloud-init from Debian's packages, in about a minute, and prints where it is: the root
file system that "weft up --vms netns" lays its vms over or, with --qemu, kernel, initrd and disk for "weft up --vms qemu".
It is built once and kept; "weft up" finds it there. Needs root and mmdebstrap.

  --qemu            a bootable image instead of a root file system
  --out DIR         build it there, anew; default: below $XDG_CACHE_HOME/weft, unless it is there already
  --packages P,Q    more Debian packages in it
  --without-node    without Debian's Node: agents then fetch a runtime from the hub, as on most clouds' images`,
  async run(args) {
    const { values } = parseArgs({
      args,
      options: {
        qemu: { type: "boolean" },
        out: { type: "string" },
        packages: { type: "string" },
        "without-node": { type: "boolean" },
      },
    });
    const more = (values.packages ?? "").split(",").filter((name) => name !== "");
    const options: ImageOptions = {
      kind: values.qemu === true ? "qemu" : "netns",
      packages: [...(values["without-node"] === true ? [] : ["nodejs"]), ...more],
    };
    const folder = values.out === undefined ? imageFolder(options) : resolve(values.out);
    if (values.out === undefined && existsSync(folder)) {
      process.stderr.write("the image is there already\n");
    } else {
      const tools = options.kind === "qemu" ? ["mmdebstrap", "mke2fs"] : ["mmdebstrap"];
      failMissing([...missingSystem("the image's files belong to root"), ...missingTools(...tools)]);
      await buildImage(options, folder);
    }
    process.stdout.write(`${folder}\n`);
    return exitCodes.done;
  },
} satisfies Command;
