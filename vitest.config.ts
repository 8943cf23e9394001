import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    reporters: ["default", "./tests/count-reporter.ts"],
    projects: [
      {
        test: {
          name: "quick",
          include: ["src/**/*.test.ts", "tests/layers.test.ts", "tests/golden/**/*.test.ts", "tests/contract/*.test.ts"],
        },
      },
      {
        test: {
          name: "engines",
          include: ["tests/contract/engines/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Real engines, some of them heavy: side by side they would only slow each other.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "system",
          include: ["tests/system/**/*.test.ts"],
          globalSetup: ["tests/system/build-first.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          // Each of these starts whole stacks: side by side they would only measure each other.
          fileParallelism: false,
        },
      },
    ],
  },
});
