// A value written on one vm until a role blocked on another has it: two real agents and a hub on the durable embedded coordinator,
// beside a bare TCP round trip and a direct etcd put-to-watch, sample by sample in the same run.
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { AgentConfig } from "../src/agent/agent-config.ts";
import { rightsTag, vmToken } from "../src/hub/tokens.ts";
import type { InputPlan, OutputPlan, VmPlan } from "../src/model/vm-plan.ts";
import { Bed, firstLine, quantile, startEcho, startEtcd, tcpRoundTrip } from "./engines.ts";
import { EtcdClient } from "./etcd-client.ts";

const root = join(import.meta.dirname, "..");
const samples = 1000;
const warmUp = 200;
export const tokenKey = "bench-bench-bench-bench";
const value = "v".repeat(128);

/** Runs the measurement and prints a row for each figure. */
export async function measureHop(): Promise<void> {
  await using bed = new Bed();
  const etcd = await startEtcd(bed);
  const tcp = await tcpRoundTrip(await startEcho(bed));
  const hop = await startHop(bed, "hop", "embedded:hub-data", samples + warmUp);
  const direct = etcd === undefined ? undefined : await startDirect(etcd);

  const times: Record<"tcp" | "etcd" | "hop", number[]> = { tcp: [], etcd: [], hop: [] };
  for (let index = 0; index < samples + warmUp; index++) {
    const row = { tcp: await tcp(), etcd: (await direct?.measure(index)) ?? Number.NaN, hop: await hop(index) };
    if (index < warmUp) continue;
    for (const name of ["tcp", "etcd", "hop"] as const) times[name].push(row[name]);
  }
  direct?.close();

  for (const [name, text] of [
    ["tcp", "loopback TCP round trip"],
    ["etcd", "etcd put to watch, direct, fsync"],
    ["hop", "weft hop: agent, hub, embedded with fsync, agent"],
  ] as const) {
    const [p50, p95] = [quantile(times[name], 0.5), quantile(times[name], 0.95)];
    process.stdout.write(`${text.padEnd(52)} p50 ${p50.toFixed(3)} ms  p95 ${p95.toFixed(3)} ms\n`);
  }
  const ratio = quantile(times.hop, 0.5) / quantile(times.etcd, 0.5);
  process.stdout.write(
    etcd === undefined
      ? "no etcd on this machine: no ratio (apt-get install etcd-server)\n"
      : `hop / etcd, p50: ${ratio.toFixed(2)} (at most 1.5)\n`,
  );
}

// One process writes and watches, on two connections, as two vms would.
export async function startDirect(url: string): Promise<{ measure(index: number): Promise<number>; close(): void }> {
  const [writer, reader] = [new EtcdClient(url), new EtcdClient(url)];
  let arrived: (() => void) | undefined;
  await reader.watch("hop", () => arrived?.());
  return {
    async measure(index) {
      const startMs = performance.now();
      const seen = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const put = writer.put("hop", `${value}${index}`);
      await seen;
      const elapsedMs = performance.now() - startMs;
      await put;
      return elapsedMs;
    },
    close() {
      writer.close();
      reader.close();
    },
  };
}

/**
 * Starts a hub on `coordinator` and two agents, in a folder of the bed; the result measures the hop of value `index`, of `count`, in ms.
 * The measuring process is the client of both agents' sockets, in the place of the roles' programs: one clock.
 */
export async function startHop(
  bed: Bed,
  name: string,
  coordinator: string,
  count: number,
): Promise<((index: number) => Promise<number>) & { hubUrl: string }> {
  const folder = join(bed.folder, name);
  mkdirSync(folder);
  const weft = join(root, "bin/weft.js");
  const hub = bed.spawn(process.execPath, [weft, "hub", "--listen", "127.0.0.1:0", "--coordinator", coordinator], {
    WEFT_TOKEN_KEY: tokenKey,
  });
  const hubUrl = (await firstLine(hub)).replace("hub at ", "");
  const names = Array.from({ length: count }, (_, index) => `v${index}`);
  const writer = startAgent(bed, folder, hubUrl, plan("a", "write", { outputs: names }));
  const reader = startAgent(bed, folder, hubUrl, plan("b", "read", { inputs: names }));
  for (const { stateDir } of [writer, reader]) await existing(join(stateDir, "agent.sock"));
  await existing(join(folder, "a.running"));
  await existing(join(folder, "b.running"));
  const measure = async (index: number): Promise<number> => {
    const [reading, writing] = [await dial(reader.stateDir), await dial(writer.stateDir)];
    const got = answered(reading);
    reading.write(`GET /v1/read/inputs/v${index} HTTP/1.0\r\naccept: text/plain\r\n\r\n`);
    // Blocked in the hub by now, as a role would be that came first.
    await new Promise((resolve) => setTimeout(resolve, 2));
    const startMs = performance.now();
    const put = answered(writing);
    writing.write(
      `PUT /v1/write/outputs/v${index} HTTP/1.0\r\ncontent-type: text/plain\r\ncontent-length: ${value.length}\r\n\r\n${value}`,
    );
    await got;
    const elapsedMs = performance.now() - startMs;
    await put;
    return elapsedMs;
  };
  return Object.assign(measure, { hubUrl });
}

// What weft-get and weft-put do: one connection, one plain request, read to the end.
async function dial(stateDir: string): Promise<Socket> {
  const socket = connect(join(stateDir, "agent.sock"));
  await once(socket, "connect");
  return socket;
}

async function answered(socket: Socket): Promise<void> {
  const [answer] = (await once(socket, "data")) as [Buffer];
  if (!answer.toString().startsWith("HTTP/1.1 20")) throw new Error(`an agent answers: ${answer.toString()}`);
}

function plan(vm: string, role: string, names: { inputs?: string[]; outputs?: string[] }): VmPlan {
  const inputs = (names.inputs ?? []).map((name): InputPlan => ({
    name,
    value: { kind: "read", read: { kind: "cell", cell: `a.write.${name}` }, path: [] },
    when: "lazy",
    secret: false,
  }));
  const outputs = (names.outputs ?? []).map((name): OutputPlan => ({
    name,
    cell: `${vm}.${role}.${name}`,
    type: "string",
    secret: false,
    optional: true,
    publish: "on_write",
    before: [],
    errorOutput: false,
    published: true,
  }));
  return {
    format: 1,
    vm,
    order: "listed",
    roles: [
      {
        name: role,
        tool: "script",
        run: { kind: "value", value: `touch "$BENCH_FOLDER/${vm}.running"; exec sleep 600` },
        options: {},
        inputs,
        outputs,
        after: [],
        onError: "fail",
        onDelete: false,
        publishEnd: false,
        on: "all",
      },
    ],
    facts: [],
    rights: { read: inputs.map(({ name }) => `a.write.${name}`), write: outputs.map(({ cell }) => cell), choose: [] },
  };
}

function startAgent(bed: Bed, folder: string, hubUrl: string, vmPlan: VmPlan): { stateDir: string } {
  const stateDir = join(folder, vmPlan.vm);
  mkdirSync(stateDir);
  const who = { stack: "bench", generation: "g1", vm: vmPlan.vm };
  const config: AgentConfig = {
    ...who,
    hubs: [hubUrl],
    token: vmToken(tokenKey, who.stack, who.vm),
    tag: rightsTag(tokenKey, who.stack, who.vm, who.generation, vmPlan.rights),
    plan: vmPlan,
    values: {},
    stateDir,
    exitWithParent: true,
  };
  writeFileSync(join(stateDir, "agent.json"), JSON.stringify(config), { mode: 0o600 });
  bed.spawn(process.execPath, [join(root, "dist/agent.cjs"), "--config", join(stateDir, "agent.json")], {
    BENCH_FOLDER: folder,
  });
  return { stateDir };
}

async function existing(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 10));
}
