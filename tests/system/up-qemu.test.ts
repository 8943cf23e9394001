// `weft up --vms qemu`: the handshake on two virtual machines with their own kernels. Minutes without KVM, so only when asked for.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./stack-bed.ts";

test.skipIf(process.env["WEFT_TEST_QEMU"] !== "1")(
  "the handshake runs on virtual machines (takes minutes: WEFT_TEST_QEMU=1, after weft image --qemu)",
  { timeout: 900_000 },
  () => {
    const args = [join(root, "bin/weft.js"), "up", join(root, "examples/handshake/stack.yaml"), "--vms", "qemu", "--json"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) as string)).toMatchObject({
      ok: true,
      outputs: { story: "a2 thanks b1 for: b1 answers: hello from a1" },
    });
  },
);
