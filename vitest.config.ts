import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// What runs leave for later ones is not to be the developer's own.
process.env["XDG_STATE_HOME"] = join(tmpdir(), "weft-tests-state");

// Whole stacks on a real Heat and on vms that boot: root, namespaces and minutes are theirs, so they run apart (npm run test:cloud).
// up-qemu skips itself unless WEFT_TEST_QEMU=1: two vms with kernels of their own take minutes where there is no KVM.
const booting = ["heat-stacks", "heat-commands", "up-netns", "up-qemu", "vm-faults"].map(
  (name) => `tests/system/${name}.test.ts`,
);

export default defineConfig({
  test: {
    reporters: ["default", "./tests/count-reporter.ts"],
    projects: [
      {
        test: {
          name: "quick",
          include: [
            "src/**/*.test.ts",
            "tests/layers.test.ts",
            "tests/golden/**/*.test.ts",
            "tests/contract/**/*.test.ts",
            "tests/fuzz/**/*.test.ts",
            "tests/schema/**/*.test.ts",
          ],
          exclude: ["tests/contract/engines/**"],
          // No file leaves anything in its process (no mutable module state), so that a worker takes the next one as it is.
          isolate: false,
          maxWorkers: "100%",
          // What hangs fails; what starts programs on a busy machine does not.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "engines",
          include: ["tests/contract/engines/**/*.test.ts"],
          // Each starts real servers and tools, and waits for their elections and time-outs.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "system",
          include: ["tests/system/**/*.test.ts"],
          exclude: booting,
          globalSetup: ["tests/system/build-first.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          // Each of these starts whole stacks: side by side they would only measure each other.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "cloud",
          include: booting,
          globalSetup: ["tests/system/build-first.ts"],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
