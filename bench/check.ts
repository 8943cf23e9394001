// `weft check` beside the validation of the real Heat engine, on the same templates: both as whole commands on a small one, both in one process
// on 500 servers; and what 10,000 roles on 2,000 vms take.
import { createHash } from "node:crypto";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, type Checked } from "../src/compiler/check.ts";

const root = join(import.meta.dirname, "..");
const heat = join(root, "tests/system/heat-accepts.py");
const python = "/usr/bin/python3";
const runs = 9;

/** Prints the ratios and the largest template's time and memory. */
export async function measureCheck(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "weft-bench-"));
  try {
    const weft = install(join(folder, "weft"));
    const small = join(folder, "small.yaml");
    writeFileSync(small, makeTemplate(2, 1));
    const hasHeat = spawnSync(python, ["-c", "import heat.engine, heatclient"]).status === 0;
    commandMs(process.execPath, [weft, "check", small]);
    // In turns, so that both meet the same load.
    const pairs = Array.from({ length: runs }, () => ({
      weftMs: commandMs(process.execPath, [weft, "check", small]),
      heatMs: hasHeat ? commandMs(python, [heat, small]) : Number.NaN,
    }));
    const [weftMs, heatMs] = [median(pairs.map((pair) => pair.weftMs)), median(pairs.map((pair) => pair.heatMs))];
    print(
      `whole command, 2 vms: weft check ${weftMs.toFixed(0)} ms, Heat ${heatMs.toFixed(0)} ms: ${ratio(heatMs, weftMs)} times`,
    );
    print(
      `  a Node that does nothing: ${median(Array.from({ length: runs }, () => commandMs(process.execPath, ["-e", "0"]))).toFixed(0)} ms`,
    );

    const many = join(folder, "many.yaml");
    writeFileSync(many, makeTemplate(500, 0));
    const { firstMs, warmMs: plainMs } = checkMs(makeTemplate(500, 0));
    const engineMs = hasHeat ? median(Array.from({ length: 3 }, () => secondsOf(many) * 1000)) : Number.NaN;
    print(
      `in process, 500 servers: weft ${plainMs.toFixed(0)} ms, Heat ${engineMs.toFixed(0)} ms: ${ratio(engineMs, plainMs)} times`,
    );
    print(`  the first time in its process: weft ${firstMs.toFixed(0)} ms: ${ratio(engineMs, firstMs)} times`);
    // The engine has none of the work that roles make.
    const { warmMs: roleMs } = checkMs(makeTemplate(500, 1));
    print(`  with a role on each: weft ${roleMs.toFixed(0)} ms, Heat the same: ${ratio(engineMs, roleMs)} times`);

    for (const vms of [500, 1000, 2000]) {
      const file = join(folder, `${vms}.yaml`);
      writeFileSync(file, makeTemplate(vms, 5));
      const { ms, megabytes } = measured(weft, file);
      print(
        `whole command, ${vms * 5} roles on ${vms} vms: ${(ms / 1000).toFixed(2)} s, ${megabytes.toFixed(0)} MB (at most 3 s and 500 MB for 10000)`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Each role but a vm's first reads an output of an earlier vm.
function makeTemplate(vms: number, rolesPerVm: number): string {
  const lines = ["heat_template_version: 2018-08-31", "resources:"];
  for (let vm = 0; vm < vms; vm++) {
    lines.push(`  vm${vm}:`, "    type: OS::Nova::Server", "    properties: {image: debian-12, flavor: m1.small}");
    if (rolesPerVm > 0) lines.push("    metadata:", "      weft:", "        tool: script", "        roles:");
    for (let role = 0; role < rolesPerVm; role++) {
      lines.push(`          - name: r${role}`, `            run: "true"`, `            outputs: {o${role}: {type: string}}`);
      const writer = vm - 1 - ((role * 13) % Math.max(1, vm));
      if (writer >= 0) lines.push(`            inputs: {IN: {get_attr: [vm${writer}, o${role}]}}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

// As users have it: what npm installs, without the sources that a checkout looks at first.
function install(folder: string): string {
  for (const part of ["package.json", "bin", "dist"]) cpSync(join(root, part), join(folder, part), { recursive: true });
  return join(folder, "bin/weft.js");
}

// A process that checks again and again, as `check --watch` does, has its code compiled after some thirty times; Python never has.
function checkMs(text: string): { firstMs: number; warmMs: number } {
  const times = Array.from({ length: 30 + runs }, () => timeMs(() => checkText(text)));
  return { firstMs: times[0] ?? Number.NaN, warmMs: median(times.slice(-runs)) };
}

function checkText(text: string): Checked {
  const sha256 = (content: string): string => createHash("sha256").update(content).digest("hex");
  return check({
    file: "t.yaml",
    text,
    environments: [],
    parameters: [],
    host: { readFile: () => undefined, listFiles: () => undefined, sha256 },
  });
}

function timeMs(run: () => unknown): number {
  const startMs = performance.now();
  run();
  return performance.now() - startMs;
}

function commandMs(program: string, args: string[]): number {
  return timeMs(() => execFileSync(program, args, { stdio: "ignore" }));
}

function secondsOf(file: string): number {
  const [verdict] = JSON.parse(execFileSync(python, [heat, file], { encoding: "utf8" })) as [
    { seconds: number; error: string | null },
  ];
  if (verdict.error !== null) throw new Error(verdict.error);
  return verdict.seconds;
}

// The child says itself how much memory it has needed.
function measured(weft: string, file: string): { ms: number; megabytes: number } {
  const report = "process.on('exit', () => process.stdout.write(String(process.resourceUsage().maxRSS)))";
  const code = `${report}; process.argv.splice(1, 0, ${JSON.stringify(weft)}); await import(${JSON.stringify(weft)})`;
  const startMs = performance.now();
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code, "--", "check", file], { encoding: "utf8" });
  return { ms: performance.now() - startMs, megabytes: Number(stdout) / 1024 };
}

function median(values: number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function ratio(one: number, other: number): string {
  return (one / other).toFixed(1);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
