// What the doors of a hub (agents' sockets, plain HTTP, events) share: the coordinator, who comes, and which generations there are.
import type { Hello } from "../coordinator/backends/hub-frames.ts";
import type { Coordinator, Entry } from "../coordinator/coordinator.ts";
import { generationKey, generationsPrefix, parseKey, type Scope } from "../coordinator/keys.ts";
import { Failure } from "../model/failure.ts";
import { type Identity, identify } from "./authorize.ts";
import type { Throttle } from "./throttle.ts";

export interface HubCore {
  coordinator: Coordinator;
  throttle: Throttle;
  /** Checks a claim, and numbers the generation of a vm when it is a new one. Fails `unauthorized`. */
  admit(claim: Omit<Hello, "v">): Promise<Identity>;
  /** The generation of a stack with the highest number; undefined before the first vm came. */
  newestGeneration(stack: string): Promise<string | undefined>;
  /** The JSON text of an entry, null for none. A change goes to its watchers one after another: only the last text is kept. */
  encodeEntry(entry: Entry | undefined): string;
}

/** Makes the core of a hub over `coordinator`; tokens and tags are made over `tokenKey`. */
export function makeHubCore(coordinator: Coordinator, tokenKey: string, throttle: Throttle): HubCore {
  const numbered = new Map<string, Promise<void>>();
  let encoded: { entry: Entry; text: string } | undefined;

  function numberOnce(scope: Scope): Promise<void> {
    const key = generationKey(scope);
    let numbering = numbered.get(key);
    if (numbering === undefined) {
      numbering = numberGeneration(coordinator, scope);
      numbering.catch(() => numbered.delete(key));
      numbered.set(key, numbering);
    }
    return numbering;
  }

  return {
    coordinator,
    throttle,
    async admit(claim) {
      const identity = identify(claim, tokenKey);
      if (identity === undefined) {
        const whose = claim.vm === undefined ? "token of the operator" : `token or rights tag of vm ${claim.vm.id}`;
        throw new Failure("give-up", "unauthorized", `this is not the ${whose} of stack ${claim.stack}`);
      }
      if (identity.kind === "vm") await numberOnce(identity);
      return identity;
    },
    async newestGeneration(stack) {
      return findNewest(await coordinator.list(generationsPrefix(stack)));
    },
    encodeEntry(entry) {
      if (entry === undefined) return "null";
      if (encoded?.entry !== entry) encoded = { entry, text: JSON.stringify(entry) };
      return encoded.text;
    },
  };
}

// Two hubs may give two generations the same number; the one written later then counts as the newer.
async function numberGeneration(coordinator: Coordinator, scope: Scope): Promise<void> {
  if ((await coordinator.read(generationKey(scope))) !== undefined) return;
  const entries = await coordinator.list(generationsPrefix(scope.stack));
  const highest = entries.reduce((number, entry) => Math.max(number, Number(entry.value)), 0);
  await coordinator.write(generationKey(scope), String(highest + 1), "absent");
}

/** Of the entries below `STACK/generations/`, the generation with the highest number. */
export function findNewest(entries: Entry[]): string | undefined {
  const byAge = entries.toSorted((left, right) => Number(left.value) - Number(right.value) || left.revision - right.revision);
  const newest = byAge.at(-1);
  return newest === undefined ? undefined : parseKey(newest.key)?.generation;
}
