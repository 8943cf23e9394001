// Starts all vms as soon as this machine can: more agents starting at once than there are processors only makes all of them late.
import { availableParallelism } from "node:os";
import type { Coordinator } from "../coordinator/coordinator.ts";
import { parseKey, vmKey, type Scope } from "../coordinator/keys.ts";

// One that is slow to come does not hold up the others for longer: twice what an agent needs where Node itself takes a tenth of a second.
const patienceMs = 500;

/** Calls `start` for each vm in order; the next one's turn comes when an earlier one has shown itself at the hub, or is slow to. */
export async function startVms(
  vms: string[],
  scope: Scope,
  coordinator: Coordinator,
  start: (vm: string) => Promise<void>,
): Promise<void> {
  const arrivals = new Map<string, () => void>();
  const done = new AbortController();
  const see = (key: string): void => {
    const parsed = parseKey(key);
    if (parsed?.folder === "vms") arrivals.get(parsed.name)?.();
  };
  await coordinator.watch(
    vmKey(scope, ""),
    { snapshot: (entries) => entries.forEach(({ key }) => see(key)), change: (key) => see(key) },
    done.signal,
  );
  const queue = vms.values();
  const startInTurn = async (): Promise<void> => {
    for (const vm of queue) {
      const arrived = new Promise<void>((resolve) => {
        arrivals.set(vm, resolve);
        setTimeout(resolve, patienceMs);
      });
      await start(vm);
      await arrived;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, startInTurn));
  done.abort();
}
