// Waits for what a role needs before it may start: its eager inputs, and the roles that it comes after.
import { messageOf } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import type { Waiting } from "../model/status.ts";
import type { RolePlan } from "../model/vm-plan.ts";
import type { Cells, Resolution, WaitOptions } from "./cells.ts";
import type { Event } from "../progress/progress.ts";

export interface NeedsParts {
  plan: RolePlan;
  cells: Cells;
  /** Receives the values of eager inputs by name. */
  inputs: Record<string, Json>;
  signal: AbortSignal;
  onWaiting: (need: string, waiting: Waiting[]) => void;
  onEvent: (event: Event) => void;
}

/** Waits for each of `needs` (`input NAME`, `after ROLE`) and tells by an event when it is met, or cannot be, until aborted. */
export function awaitNeeds(parts: NeedsParts, needs: string[]): void {
  for (const need of needs) void awaitNeed(parts, need);
}

async function awaitNeed(parts: NeedsParts, need: string): Promise<void> {
  const { plan, cells, signal, onEvent } = parts;
  const role = plan.name;
  const input = plan.inputs.find(({ name }) => need === `input ${name}`);
  const afters = plan.after.filter(({ role }) => need === `after ${role}`);
  const options: WaitOptions = { signal, onWaiting: (waiting) => parts.onWaiting(need, waiting) };
  const resolving = input === undefined ? cells.resolveAfters(afters, options) : cells.resolveInput(input, options);
  const resolution = await resolving.catch((error: unknown): Resolution => ({ state: "failed", error: messageOf(error) }));
  if (signal.aborted) return;
  if (resolution.state === "value") {
    if (input !== undefined) parts.inputs[input.name] = resolution.value;
    return onEvent({ type: "met", role, need });
  }
  const { error, origin } = resolution;
  onEvent({ type: "unmet", role, need, error, ...(origin === undefined ? {} : { origin }) });
}
