// How a generation has ended on this vm, for whoever told of it: the stack outputs that it hands over, or why it failed.
import { roleId } from "../model/cell.ts";
import type { Json } from "../model/json.ts";
import type { VmPlan } from "../model/vm-plan.ts";
import type { Cells } from "./cells.ts";
import { endedWell } from "../progress/progress-cells.ts";
import { endOf, type Progress } from "../progress/progress.ts";

export type Outcome = { ok: true; outputs: Record<string, Json> } | { ok: false; error: string };

/** Tells how the roles of `progress`, which have all ended, did so; waits for what the vm's stack outputs read. */
export async function runOutcome({ vm, roles }: Progress, plan: VmPlan, cells: Cells, signal: AbortSignal): Promise<Outcome> {
  const ended = vm.roles.map((role) => ({
    role,
    end: endOf(roles[role.name] ?? { phase: "queued", attempt: 0, failures: 0, awaiting: [] }),
  }));
  const failures = ended.flatMap(({ role, end }) =>
    end?.state === "failed" && !endedWell(role, end)
      ? [`${roleId(vm.vm, role.name)} failed: ${end.error ?? "no reason given"}`]
      : [],
  );
  if (failures.length > 0) return { ok: false, error: failures.join("; ") };
  const outputs: Record<string, Json> = {};
  for (const [name, { value, secret }] of Object.entries(plan.outputs ?? {})) {
    if (secret) continue;
    const resolution = await cells.resolve(value, { signal });
    if (resolution.state === "failed") return { ok: false, error: `stack output ${name}: ${resolution.error}` };
    outputs[name] = resolution.value;
  }
  return { ok: true, outputs };
}
