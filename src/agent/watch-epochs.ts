// Hears that the stack goes on: another generation has been opened, or ours anew.
import type { Coordinator, Entry } from "../coordinator/coordinator.ts";
import { generationOf, generationsPrefix, parseKey } from "../coordinator/keys.ts";
import { retrying } from "../coordinator/retrying.ts";

/**
 * Until `signal` is aborted, calls `onAnew` once when a newer epoch of the generation of `epoch` is there, and `onOther` for each newer one of
 * another generation.
 */
export async function watchEpochs(
  coordinator: Coordinator,
  { stack, epoch }: { stack: string; epoch: string },
  { onAnew, onOther }: { onAnew: () => void; onOther: () => void },
  signal: AbortSignal,
): Promise<void> {
  const epochs = new Map<string, Entry>();
  const told = new Set<string>();
  const see = (): void => {
    const own = epochs.get(epoch);
    if (own === undefined || signal.aborted) return;
    for (const [other, entry] of epochs) {
      if (!isNewer(entry, own) || told.has(other)) continue;
      told.add(other);
      if (generationOf(other) === generationOf(epoch)) return onAnew();
      onOther();
    }
  };
  const note = (entry: Entry): void => {
    const key = parseKey(entry.key);
    if (key?.folder === "generations") epochs.set(key.generation, entry);
  };
  const observer = {
    snapshot: (entries: Entry[]) => {
      entries.forEach(note);
      see();
    },
    change: (_key: string, entry: Entry | undefined) => {
      if (entry !== undefined) note(entry);
      see();
    },
  };
  await retrying(() => coordinator.watch(generationsPrefix(stack), observer, signal), signal);
}

// Two hubs may have given two epochs the same number.
function isNewer(entry: Entry, other: Entry): boolean {
  return (Number(entry.value) - Number(other.value) || entry.revision - other.revision) > 0;
}
