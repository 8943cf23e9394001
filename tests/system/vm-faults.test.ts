// What may happen to a vm that has booted by the real cloud-init, and to its hub: in the end every role has run.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withEngine } from "../contract/engines/engine-present.ts";
import { kernelRefuses, netnsMissing, VmBed } from "./vm-bed.ts";

const patience = { timeout: 120_000, interval: 100 };
// A long one takes longer than it tells more: by hand.
const cutSeconds = Number(process.env["WEFT_CUT_SECONDS"] ?? 0);

withEngine(
  "systemd-nspawn",
  netnsMissing(),
  () => {
    let bed: VmBed;
    const runs = (role: string): number =>
      bed
        .readFile("vm", "var/tmp/runs")
        .split("\n")
        .filter((line) => line === role).length;
    const becomes = (role: string, state: string): Promise<void> => expect.poll(() => bed.stateOf(role), patience).toBe(state);

    beforeAll(async () => {
      bed = await VmBed.open(join(import.meta.dirname, "vm-faults.yaml"));
    }, 600_000);
    afterAll(() => bed?.[Symbol.asyncDispose]());

    test("a vm that boots before its hub says so on its console, and begins when the hub is there, after the user's own script", async () => {
      await bed.boot("vm");
      await expect
        .poll(() => bed.consoleOf("vm"), patience)
        .toContain("weft: cannot fetch https://10.77.0.1:8470/agent/agent.cjs");
      await bed.openHub();
      await becomes("vm.first", "done");
      expect(runs("first")).toBe(1);
    });

    test("after a power cut the role under way runs again, and what had succeeded does not", async () => {
      await becomes("vm.power", "running");
      await expect.poll(() => runs("power begun"), patience).toBe(1);
      await bed.machine.powerOff("vm");
      expect(bed.machine.isRunning("vm")).toBe(false);
      await bed.put("gate.open.power", "on");
      await bed.machine.powerOn("vm");
      await becomes("vm.power", "done");
      expect([runs("first"), runs("power begun"), runs("power")]).toEqual([1, 2, 1]);
    });

    test("a role that reboots its vm is run again when it is up", async () => {
      await bed.put("gate.open.reboot", "now");
      await becomes("vm.reboot", "done");
      expect([runs("first"), runs("reboot")]).toEqual([1, 1]);
    });

    test("an agent that is killed comes back, and so does the role that it was running", async () => {
      await expect.poll(() => runs("agent begun"), patience).toBeGreaterThan(0);
      await becomes("vm.agent", "running");
      const begun = runs("agent begun");
      const agent = bed.agentOf("vm");
      process.kill(agent, "SIGKILL");
      await expect.poll(() => runs("agent begun"), patience).toBe(begun + 1);
      await bed.put("gate.open.agent", "alive");
      await becomes("vm.agent", "done");
      expect(runs("agent")).toBe(1);
    });

    test(`what is settled while the cable is out (WEFT_CUT_SECONDS=${cutSeconds}) arrives when it is back`, async () => {
      await bed.machine.cut("vm");
      await bed.put("gate.open.cable", "in");
      await delay(cutSeconds * 1000);
      expect(runs("cable")).toBe(0);
      await bed.machine.heal("vm");
      await becomes("vm.cable", "done");
    });

    test("a hub that goes and comes back finds the vm waiting", async () => {
      await bed.closeHub();
      await bed.put("gate.open.hub", "back");
      await bed.openHub();
      await becomes("vm.hub", "done");
    });

    test("a vm that hangs for a while goes on", async () => {
      await bed.machine.freeze("vm");
      await bed.put("gate.open.frozen", "thawed");
      await bed.machine.thaw("vm");
      await becomes("vm.frozen", "done");
      expect(runs("frozen")).toBe(1);
    });
  },
  kernelRefuses(),
);
