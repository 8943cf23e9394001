// Hears of the roles that the operator retries, in this vm or another.
import type { Coordinator, Entry } from "../coordinator/coordinator.ts";
import { parseKey, retriesPrefix, type Scope } from "../coordinator/keys.ts";
import { retrying } from "../coordinator/retrying.ts";

/** Calls `onRetry` with a role's id and how often it was retried, for all there are and all that come, until `signal` is aborted. */
export async function watchRetries(
  coordinator: Coordinator,
  scope: Scope,
  onRetry: (role: string, count: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const see = (entry: Entry): void => {
    const key = parseKey(entry.key);
    if (key?.folder === "retries") onRetry(key.name, Number(entry.value));
  };
  const observer = {
    snapshot: (entries: Entry[]) => entries.forEach(see),
    change: (_key: string, entry: Entry | undefined) => entry !== undefined && see(entry),
  };
  await retrying(() => coordinator.watch(retriesPrefix(scope), observer, signal), signal);
}
