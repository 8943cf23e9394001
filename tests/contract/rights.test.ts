// Runs the contract of rights over the coordinators that need no engine.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openEmbedded } from "../../src/coordinator/backends/embedded.ts";
import { memory } from "../../src/coordinator/backends/memory.ts";
import { checkRights } from "./rights.ts";

checkRights("memory", () => memory.open());

checkRights("embedded", async () => {
  const directory = mkdtempSync(join(tmpdir(), "weft-rights-"));
  const coordinator = openEmbedded(directory);
  onTestFinished(async () => {
    await coordinator[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });
  return coordinator;
});
