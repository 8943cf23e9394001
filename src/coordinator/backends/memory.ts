// The coordinator of one process that keeps nothing: for tests and `weft up` without a directory.
import type { Backend } from "../coordinator.ts";
import { openLocalStore } from "../local-store.ts";

export const memory = {
  scheme: "memory",
  example: "memory:",
  gaps: {},
  open: async () => openLocalStore(),
} satisfies Backend;
