// What the doors of a hub (agents' sockets, plain HTTP, events) share: the coordinator, who comes, and which generations there are.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Hello } from "../coordinator/backends/hub-frames.ts";
import type { Coordinator, Entry } from "../coordinator/coordinator.ts";
import { generationsPrefix, type Scope } from "../coordinator/keys.ts";
import { Failure } from "../model/failure.ts";
import { type Identity, identify } from "./authorize.ts";
import { admitToEpoch } from "./epochs.ts";
import { findNewest, removeGeneration, removeOldGenerations, removeStack } from "./generations.ts";
import { type Programs, ProgramServer } from "./serve-programs.ts";
import type { Throttle } from "./throttle.ts";
import { hubToken, sameSecret } from "./tokens.ts";

export interface HubCore {
  coordinator: Coordinator;
  throttle: Throttle;
  /** Tells whether this is the token of whoever runs the hub. */
  isHubToken(token: string): boolean;
  backup?: (file: string) => Promise<void>;
  /** Answers GET /metrics, where the hub has been told to. */
  metrics?: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** The stacks whose agents or operators have come to this hub. */
  stacks(): string[];
  programs: ProgramServer;
  /** Checks a claim, and finds the epoch of a vm, which it opens where that is due. Fails `unauthorized` or `superseded`. */
  admit(claim: Omit<Hello, "v">): Promise<Identity>;
  /** The epoch of a stack with the highest number; undefined before the first vm came. */
  newestGeneration(stack: string): Promise<string | undefined>;
  /** As in generations.ts; what is removed and comes again is numbered anew. */
  removeGeneration(scope: Scope): Promise<boolean>;
  removeStack(stack: string): Promise<boolean>;
  /** The JSON text of an entry, null for none. A change goes to its watchers one after another: only the last text is kept. */
  encodeEntry(entry: Entry | undefined): string;
}

export interface HubCoreOptions {
  coordinator: Coordinator;
  /** The key that tokens and tags are made over. */
  tokenKey: string;
  throttle: Throttle;
  /** When a new generation of a stack comes, all but this many of its newest are removed; without, none. */
  keepGenerations?: number | undefined;
  /** Writes a copy of the coordinator's store to a new file, where it can. */
  backup?: ((file: string) => Promise<void>) | undefined;
  /** What vms may fetch. */
  programs?: Programs | undefined;
}

/** Makes the core of a hub. */
export function makeHubCore({
  coordinator,
  tokenKey,
  throttle,
  keepGenerations,
  backup,
  programs = {},
}: HubCoreOptions): HubCore {
  const stacks = new Set<string>();
  let encoded: { entry: Entry; text: string } | undefined;

  // Nobody waits for it: what a coordinator that is away leaves undone is done when the next generation comes.
  function tidy(stack: string): void {
    if (keepGenerations === undefined) return;
    removeOldGenerations(coordinator, stack, keepGenerations).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
    });
  }

  return {
    coordinator,
    throttle,
    isHubToken: (token) => sameSecret(token, hubToken(tokenKey)),
    ...(backup === undefined ? {} : { backup }),
    programs: new ProgramServer(programs),
    async admit(claim) {
      const identity = identify(claim, tokenKey);
      if (identity === undefined) {
        const whose = claim.vm === undefined ? "token of the operator" : `token or rights tag of vm ${claim.vm.id}`;
        throw new Failure("give-up", "unauthorized", `this is not the ${whose} of stack ${claim.stack}`);
      }
      stacks.add(identity.stack);
      if (identity.kind === "operator" || claim.vm === undefined) return identity;
      const { epoch, isNew } = await admitToEpoch(coordinator, claim.stack, claim.vm);
      if (isNew) tidy(claim.stack);
      return { ...identity, epoch };
    },
    async newestGeneration(stack) {
      return findNewest(await coordinator.list(generationsPrefix(stack)));
    },
    removeGeneration: (scope) => removeGeneration(coordinator, scope),
    stacks: () => [...stacks],
    removeStack(stack) {
      stacks.delete(stack);
      return removeStack(coordinator, stack);
    },
    encodeEntry(entry) {
      if (entry === undefined) return "null";
      if (encoded?.entry !== entry) encoded = { entry, text: JSON.stringify(entry) };
      return encoded.text;
    },
  };
}
