// Runs one role once with the agent's own parts round it, and without any other vm: its inputs are values.
import { mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ActiveClock } from "../agent/active-clock.ts";
import { makeDigest } from "../agent/basis.ts";
import { Cells } from "../agent/cells.ts";
import { Files } from "../agent/files.ts";
import { type Answering, openLocalSocket } from "../agent/local-socket.ts";
import { RoleSession } from "../agent/role-session.ts";
import { type AttemptResult, runRole } from "../agent/run-role.ts";
import { writeShims } from "../agent/shims.ts";
import type { Prepared } from "../agent/tool.ts";
import { memory } from "../coordinator/backends/memory.ts";
import { openDataflow } from "../coordinator/dataflow.ts";
import type { Json } from "../model/json.ts";
import { planFormat, type RolePlan } from "../model/vm-plan.ts";

export interface AloneRequest {
  plan: RolePlan;
  /** Values of the eager inputs. */
  inputs: Record<string, Json>;
  /** An empty folder; the attempt's is `attempt` in it. */
  folder: string;
  /** Of the tool, beside PATH and what the agent's socket needs. */
  env: Record<string, string | undefined>;
  signal: AbortSignal;
  /** Changes what the adapter has prepared. */
  change(prepared: Prepared): Prepared;
  /** What answers the role's programs in place of its session. */
  answer?(session: RoleSession): Answering;
  onStarted?(pid: number): void;
}

/** Runs the role; rejects with the signal's reason when it is aborted. */
export async function runAlone(request: AloneRequest): Promise<AttemptResult> {
  const { plan, inputs, folder, signal } = request;
  await using coordinator = await memory.open();
  const dataflow = openDataflow(coordinator, { stack: "alone", generation: "alone" });
  const rights = { read: [], write: [], choose: [] };
  const vm = { format: planFormat, vm: "here", order: "listed" as const, roles: [plan], facts: [], rights };
  const cells = new Cells(vm, {}, dataflow, () => false);
  const clock = new ActiveClock();
  const ignore = (): void => {};
  const ground = { plan, cells, dataflow, signal, keep: ignore, onWaiting: ignore, sendLog: async () => {} };
  const digest = makeDigest("alone");
  const session = new RoleSession({ vm: "here", attempt: 1, ground, clock, marks: [], signal, learnSecret: ignore, digest });
  const answering = request.answer?.(session) ?? session;
  await using socket = await openLocalSocket(folder, () => answering);
  const bin = join(folder, "bin");
  const found = request.env["PATH"] ?? "/usr/bin:/bin";
  writeShims(bin, found);
  const path = `${bin}${delimiter}${found}`;
  mkdirSync(join(folder, "logs"), { recursive: true });
  return await runRole({
    vm: "here",
    plan,
    cells,
    clock,
    signal,
    inputs,
    session,
    answering,
    folder: join(folder, "attempt"),
    roleFolder: join(folder, "role"),
    logPath: join(folder, "logs/role.log"),
    env: { ...request.env, PATH: path, WEFT_SOCKET: socket.path, WEFT_ROLE: plan.name, WEFT_VM: "here" },
    files: new Files(join(folder, "files")),
    mask: (text) => text,
    onStarted: (pid) => request.onStarted?.(pid),
    change: (prepared) => request.change(prepared),
  });
}
