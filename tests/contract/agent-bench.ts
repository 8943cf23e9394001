// A bench for agents: a coordinator in memory, a folder, plans in few words, and what the agents have said.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import type { AgentConfig } from "../../src/agent/agent-config.ts";
import { memory } from "../../src/coordinator/backends/memory.ts";
import type { Coordinator } from "../../src/coordinator/coordinator.ts";
import { type Dataflow, openDataflow } from "../../src/coordinator/dataflow.ts";
import { roleKey } from "../../src/coordinator/keys.ts";
import type { CellRecord } from "../../src/model/cell.ts";
import type { Expr } from "../../src/model/expression.ts";
import type { Json } from "../../src/model/json.ts";
import type { RoleStatus } from "../../src/model/status.ts";
import { runConfigured } from "./run-configured.ts";
import { type InputPlan, type OutputPlan, planFormat, type RolePlan, type VmPlan } from "../../src/model/vm-plan.ts";

const scope = { stack: "s", generation: "g" };

export interface AgentBench extends AsyncDisposable {
  folder: string;
  /** The environment of its agents' roles: this process's, and what is put into it. */
  env: Record<string, string | undefined>;
  coordinator: Coordinator;
  dataflow: Dataflow;
  /** What the agents logged. */
  log: string[];
  /** What `run` of these plans left in the file `trace`, line by line. */
  trace(): string[];
  /** Starts an agent; its folder is kept from start to start. */
  start(plan: VmPlan, more?: Partial<AgentConfig>): RunningAgent;
  configOf(plan: VmPlan, more?: Partial<AgentConfig>): AgentConfig;
  /** Settles a cell as if another vm's role had written it. */
  settle(cell: string, value: Json): Promise<void>;
  fail(cell: string, error: string): Promise<void>;
  status(role: string): Promise<RoleStatus | undefined>;
  /** Waits until a role's status is as `check` says. */
  until(role: string, check: (status: RoleStatus) => boolean): Promise<RoleStatus>;
  /** Waits until a role has ended. */
  ended(role: string): Promise<RoleStatus>;
}

export interface RunningAgent {
  /** Stops it and tells how it had ended. */
  stop(): Promise<"done" | "failed" | "stopped">;
}

/** Opens a bench, `more` being variables of its agents' roles; leaving it stops its agents and removes its folder. */
export async function openAgentBench(more: Record<string, string> = {}): Promise<AgentBench> {
  const env: AgentBench["env"] = { ...process.env, ...more };
  const folder = mkdtempSync(join(tmpdir(), "weft-agent-"));
  const coordinator = await memory.open();
  const dataflow = openDataflow(coordinator, scope);
  const running = new Set<RunningAgent>();
  const log: string[] = [];

  const configOf = (plan: VmPlan, more: Partial<AgentConfig> = {}): AgentConfig => {
    const stateDir = join(folder, plan.vm);
    const compiled = plan.group === undefined ? plan : { ...plan, vm: `${plan.group.name}[*]` };
    return { ...scope, vm: plan.vm, hubs: [], token: "", tag: "", plan: compiled, values: {}, stateDir, ...more };
  };
  const status = async (role: string): Promise<RoleStatus | undefined> => {
    const entry = await coordinator.read(roleKey(scope, role));
    return entry === undefined ? undefined : (JSON.parse(entry.value) as RoleStatus);
  };
  const until = (role: string, check: (status: RoleStatus) => boolean): Promise<RoleStatus> =>
    vi.waitFor(
      async () => {
        const found = await status(role);
        if (found === undefined || !check(found)) throw new Error(`${role}: ${JSON.stringify(found)}; ${log.join("; ")}`);
        return found;
      },
      { timeout: 60_000, interval: 5 },
    );

  return {
    folder,
    env,
    coordinator,
    dataflow,
    log,
    trace: () => readLines(join(folder, "trace")),
    configOf,
    start(plan, more) {
      const controller = new AbortController();
      const outcome = runConfigured(
        configOf(plan, more),
        coordinator,
        controller.signal,
        (message, details) => log.push(`${message} ${JSON.stringify(details ?? {})}`),
        env,
      );
      const agent = {
        stop: () => {
          controller.abort();
          running.delete(agent);
          return outcome;
        },
      };
      running.add(agent);
      return agent;
    },
    async settle(cell, value) {
      await dataflow.publish(cell, { state: "value", value, by: "other.role", attempt: 1, atMs: 0 });
    },
    async fail(cell, error) {
      const record: CellRecord = { state: "failed", error, origin: "db.mysql", by: "db.mysql", atMs: 0 };
      await dataflow.publish(cell, record);
    },
    status,
    until,
    ended: (role) => until(role, ({ state }) => state === "done" || state === "failed" || state === "skipped"),
    async [Symbol.asyncDispose]() {
      await Promise.all([...running].map((agent) => agent.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Returns the lines of a file, none if it is missing. */
export function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n");
  } catch {
    return [];
  }
}

export function planVm(vm: string, roles: RolePlan[], more: Partial<VmPlan> = {}): VmPlan {
  return { format: planFormat, vm, order: "listed", roles, facts: [], rights: { read: [], write: [], choose: [] }, ...more };
}

export function planRole(name: string, run: Json, more: Partial<RolePlan> = {}): RolePlan {
  const rest = { tool: "script", options: {}, inputs: [], outputs: [], after: [], onDelete: false, publishEnd: false };
  return { name, run: { kind: "value", value: run }, ...rest, onError: "fail", on: "all", ...more };
}

export function planInput(name: string, value: Expr | string, more: Partial<InputPlan> = {}): InputPlan {
  const expr: Expr = typeof value === "string" ? readCell(value) : value;
  return { name, value: expr, when: "eager", secret: false, ...more };
}

export function planOutput(cell: string, more: Partial<OutputPlan> = {}): OutputPlan {
  const name = cell.slice(cell.lastIndexOf(".") + 1);
  const rest = { secret: false, optional: false, before: [], errorOutput: false, published: true };
  return { name, cell, type: "string", publish: "on_success", ...rest, ...more };
}

export function readCell(cell: string): Expr {
  return { kind: "read", read: { kind: "cell", cell }, path: [] };
}
