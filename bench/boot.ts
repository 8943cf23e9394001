// A vm that boots by the real cloud-init: how long from the moment at which cloud-init starts the agent until the first role runs, the
// agent's fetching included, and what the agent holds in memory. One namespace vm at a time; vm and machine have one clock.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readStatus } from "../src/monitor/follow.ts";
import { netnsMissing, VmBed } from "../tests/system/vm-bed.ts";
import { quantile } from "./engines.ts";

const boots = 3;

/** Runs the measurement and prints a row for each figure. */
export async function measureBoot(): Promise<void> {
  const missing = netnsMissing();
  if (missing !== undefined) return void process.stdout.write(`not measured: ${missing}\n`);
  const samples = [];
  for (let boot = 0; boot < boots; boot++) samples.push(await measureOne());
  for (const [name, text, unit, target] of [
    ["agentMs", "cloud-init starts the agent until the first role runs", "ms", "at most 2000"],
    ["bootMs", "of the vm's boot until then", "ms", ""],
    ["residentMiB", "agent's resident memory when its roles have ended", "MiB", "at most 80"],
    ["peakMiB", "at most until then", "MiB", ""],
  ] as const) {
    const values = samples.map((sample) => sample[name]);
    const figures = `p50 ${quantile(values, 0.5).toFixed(0)} ${unit}  slowest ${Math.max(...values).toFixed(0)}`;
    process.stdout.write(`${text.padEnd(56)} ${figures}${target === "" ? "" : `  (${target})`}\n`);
  }
}

async function measureOne(): Promise<Record<"agentMs" | "bootMs" | "residentMiB" | "peakMiB", number>> {
  await using bed = await VmBed.open(join(import.meta.dirname, "boot.yaml"));
  await bed.openHub();
  const bootedMs = Date.now();
  await bed.boot("vm");
  for (;;) {
    const role = (await readStatus(bed.access)).roles.find(({ id, state }) => id === "vm.first" && state === "done");
    if (role?.startedMs === undefined) {
      await delay(50);
      continue;
    }
    // The last file that weft's part of the user_data writes before it asks systemd to start the service.
    const begunMs = statSync(join(bed.machine.rootOf("vm"), "etc/systemd/system/weft-agent.service")).mtimeMs;
    const memory = readFileSync(`/proc/${bed.agentOf("vm")}/status`, "utf8");
    const [residentMiB, peakMiB] = ["VmRSS", "VmHWM"].map(
      (field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(memory)?.[1]) / 1024,
    ) as [number, number];
    return { agentMs: role.startedMs - begunMs, bootMs: role.startedMs - bootedMs, residentMiB, peakMiB };
  }
}
