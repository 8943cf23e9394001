// What a role costs beside its own work: a chain of empty roles that hop between two vms, per role.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Bed } from "./engines.ts";

const root = join(import.meta.dirname, "..");
const roles = 60;

/** Runs the chain once and prints the time that a role took beyond its own process's life. */
export async function measureOverhead(): Promise<void> {
  await using bed = new Bed();
  const file = join(bed.folder, "chain.yaml");
  writeFileSync(file, chain());
  const child = spawn(process.execPath, [join(root, "bin/weft.js"), "up", file, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await once(child, "close");
  const events = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; id?: string; state?: string; atMs: number; criticalPathMs?: number });
  const ends = events.filter(({ type, state }) => type === "role" && state === "done").map(({ atMs }) => atMs);
  const starts = events.filter(({ type, state }) => type === "role" && state === "running").map(({ atMs }) => atMs);
  const wallMs = Math.max(...ends) - Math.min(...starts);
  const ownMs = events.at(-1)?.criticalPathMs ?? Number.NaN;
  process.stdout.write(
    `chain of ${roles} roles over two vms: ${wallMs.toFixed(0)} ms, the roles' processes ${ownMs.toFixed(0)} ms\n`,
  );
  process.stdout.write(`overhead per role: ${((wallMs - ownMs) / roles).toFixed(1)} ms beside the process's life (at most 30)\n`);
}

// Role i on one vm reads what role i-1 on the other has written.
function chain(): string {
  const vm = (name: string, own: number): string => {
    const list = Array.from({ length: roles / 2 }, (_, step) => step * 2 + own).map((index) => {
      const input =
        index === 0 ? "" : `\n            inputs: {PREVIOUS: {get_attr: [${own === 0 ? "right" : "left"}, v${index - 1}]}}`;
      return `          - name: r${index}\n            run: echo ${index} > $heat_outputs_path.v${index}${input}\n            outputs: {v${index}: {type: number}}`;
    });
    return `  ${name}:\n    type: OS::Nova::Server\n    properties: {image: i, flavor: f}\n    metadata:\n      weft:\n        tool: script\n        roles:\n${list.join("\n")}\n`;
  };
  return `heat_template_version: 2018-08-31\nresources:\n${vm("left", 0)}${vm("right", 1)}outputs:\n  last: {value: {get_attr: [right, v${roles - 1}]}}\n`;
}
