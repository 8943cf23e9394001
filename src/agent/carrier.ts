// How deployments come to an agent, and how it tells what came of them. Implementations: carrier-file.ts, carrier-heat.ts.
import type { Deployment } from "../model/vm-identity.ts";
import type { Outcome } from "./run-outcome.ts";

/**
 * What a carrier has brought; `id` is another one for every delivery, and the same for ever for one. `delete`: the vm leaves, and its roles for
 * that run, those of `deployment`, or (without) of what it was told last.
 */
export type Delivery =
  | { id: string; action: "run"; deployment: Deployment }
  | { id: string; action: "delete"; deployment?: Deployment };

export interface Carrier {
  /**
   * Calls `take` with the newest delivery, and with each newer one, until `signal` is aborted. After a restart of the agent the one that it had
   * comes again.
   */
  follow(take: (delivery: Delivery) => void, signal: AbortSignal): Promise<void>;
  /** There may be a newer one. */
  nudge(): void;
  /** Tells how a delivery has ended; resolves when that is told, or of no interest to anybody any more. */
  answer(delivery: Delivery, outcome: Outcome, signal: AbortSignal): Promise<void>;
}
