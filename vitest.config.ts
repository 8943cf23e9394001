import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// What runs leave for later ones is not to be the developer's own.
process.env["XDG_STATE_HOME"] = join(tmpdir(), "weft-tests-state");

// Whole stacks on a real Heat and on vms that boot: root, namespaces and minutes are theirs, so they can be run apart (npm run test:cloud).
// up-qemu skips itself unless WEFT_TEST_QEMU=1: two vms with kernels of their own take minutes where there is no KVM.
const booting = ["heat-stacks", "heat-commands", "up-netns", "up-qemu", "vm-faults"].map(
  (name) => `tests/system/${name}.test.ts`,
);

// What takes minutes begins first, so that no worker ends alone with it.
const longest = [
  "heat-stacks",
  "tool-chef",
  "embedded-damage",
  "chaos",
  "tool-puppet",
  "up-netns",
  "heat-commands",
  "tool-ansible",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number =>
      longest.indexOf(basename(moduleId, ".test.ts")) + 1 || longest.length + 1;
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

// Programs that start, elections and time-outs: most of it is waiting, so that two files side by side do not disturb each other.
const sideBySide = { maxWorkers: 2, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
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
          testTimeout: 300_000,
          hookTimeout: 120_000,
          // Two files run side by side already: of one, a tool at a time.
          maxConcurrency: 1,
          ...sideBySide,
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
          ...sideBySide,
        },
      },
      {
        test: {
          name: "cloud",
          include: booting,
          globalSetup: ["tests/system/build-first.ts", "tests/system/image-first.ts"],
          testTimeout: 900_000,
          hookTimeout: 600_000,
          // One Heat engine makes them all, and each has its vms: more side by side end no sooner.
          maxConcurrency: 3,
          ...sideBySide,
        },
      },
    ],
  },
});
