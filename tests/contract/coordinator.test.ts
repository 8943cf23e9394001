// Runs the contract over the coordinators that need no engine, and kills the embedded one under load.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openEmbedded } from "../../src/coordinator/backends/embedded.ts";
import { hub } from "../../src/coordinator/backends/hub.ts";
import { memory } from "../../src/coordinator/backends/memory.ts";
import type { Coordinator } from "../../src/coordinator/coordinator.ts";
import { openHub } from "../../src/hub/hub.ts";
import { operatorToken } from "../../src/hub/tokens.ts";
import { checkContract, runWithGap } from "./coordinator.ts";

const oneProcess = "it lives inside one process: there is no connection that could be closed apart";

// What the suite disposes of stays open.
function borrow(coordinator: Coordinator): Coordinator {
  return { ...coordinator, [Symbol.asyncDispose]: async () => {} };
}

checkContract({
  name: "memory",
  gaps: {
    "presence goes when its connection is closed": oneProcess,
    "a restart keeps what was acknowledged, and revisions go on growing": "memory keeps nothing",
    "a watch and a presence live through a restart of the engine": "memory keeps nothing",
  },
  async start() {
    const coordinator = await memory.open();
    const borrowed = borrow(coordinator);
    return { connect: async () => borrowed, stop: async () => coordinator[Symbol.asyncDispose]() };
  },
});

checkContract({
  name: "embedded",
  gaps: {
    "presence goes when its connection is closed": oneProcess,
    "a watch and a presence live through a restart of the engine": oneProcess,
  },
  async start() {
    const directory = mkdtempSync(join(tmpdir(), "weft-contract-"));
    let coordinator = openEmbedded(directory);
    let borrowed = borrow(coordinator);
    return {
      connect: async () => borrowed,
      async restart() {
        await coordinator[Symbol.asyncDispose]();
        coordinator = openEmbedded(directory);
        borrowed = borrow(coordinator);
      },
      async stop() {
        await coordinator[Symbol.asyncDispose]();
        rmSync(directory, { recursive: true });
      },
    };
  },
});

checkContract({
  name: "a hub over embedded",
  gaps: hub.gaps,
  async start() {
    const directory = mkdtempSync(join(tmpdir(), "weft-contract-"));
    const start = async (port: number) => {
      const coordinator = openEmbedded(directory);
      return { coordinator, hub: await openHub({ listen: { host: "127.0.0.1", port }, coordinator, tokenKey: "key" }) };
    };
    const stop = async () => {
      await running.hub.close();
      await running.coordinator[Symbol.asyncDispose]();
    };
    let running = await start(0);
    return {
      connect: () => hub.open(`http://:${operatorToken("key", "contract")}@127.0.0.1:${running.hub.port}/contract`),
      async restart() {
        await stop();
        running = await start(running.hub.port);
      },
      async stop() {
        await stop();
        rmSync(directory, { recursive: true });
      },
    };
  },
});

test("a declared gap that passes is an error, one that fails is not", async () => {
  await expect(runWithGap("reason", async () => {})).rejects.toThrow("remove the gap");
  await runWithGap("reason", () => Promise.reject(new Error("as declared")));
  await expect(runWithGap(undefined, () => Promise.reject(new Error("a defect")))).rejects.toThrow("a defect");
});

test("embedded keeps what it acknowledged when it is killed under load", async () => {
  const directory = mkdtempSync(join(tmpdir(), "weft-killed-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const writer = spawn(process.execPath, [fileURLToPath(new URL("./embedded-writer.ts", import.meta.url)), directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(writer, "exit");
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged.push(line.split(" ")[0] as string);
    if (acknowledged.length === 500) writer.kill("SIGKILL");
  }
  await exited;
  expect(acknowledged.length).toBeGreaterThanOrEqual(500);
  await using coordinator = openEmbedded(directory);
  const kept = new Set((await coordinator.list("")).map((entry) => entry.key));
  expect(acknowledged.filter((key) => !kept.has(key))).toEqual([]);
});

test("a directory that another coordinator has open is refused", async () => {
  const directory = mkdtempSync(join(tmpdir(), "weft-locked-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  await using first = openEmbedded(directory);
  expect(() => openEmbedded(directory)).toThrow("is in use by another process");
  expect(await first.list("")).toEqual([]);
});

test("a directory that cannot be made is refused with what to do", () => {
  expect(() => openEmbedded("/dev/null/weft")).toThrow("/dev/null/weft");
});
