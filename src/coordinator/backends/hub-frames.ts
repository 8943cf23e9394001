// What agents and hubs say to each other over the WebSocket /v1/connect: JSON texts, one frame each.
// An agent says hello, waits for `welcome`, then sends requests; each request's `id` names all answers to it.
import type { Reaction } from "../../model/failure.ts";
import type { Rights } from "../../model/vm-plan.ts";
import type { Entry, Expected } from "../coordinator.ts";

/** Grows when an older side could misread a newer one; a hub refuses a version that it does not know. */
export const protocolVersion = 2;

/** Both sides ping this often, and give a connection up on which nothing came for two intervals. */
export const pingIntervalMs = 2500;

/** Who connects: a vm with its rights, which `tag` proves, or (without `vm`) the stack's operator. */
export interface Hello {
  v: number;
  stack: string;
  token: string;
  vm?: VmClaim;
}

/** `generation` is the one that `tag` is made over. Without `instance` nobody is superseded, and nothing is begun anew. */
export interface VmClaim {
  id: string;
  generation: string;
  rights: Rights;
  tag: string;
  /** Tells this vm from one that had its name before, or has it after. */
  instance?: string;
  /** Digest of what else the vm was told for this generation: another one asks for a new epoch. */
  inputs?: string;
  /** The epoch that the hub named in an earlier welcome, to be in that one again. */
  epoch?: string;
}

export type Request = { id: number } & RequestBody;

/** `stop` ends the watch or join of that id and has no answer. */
export type RequestBody =
  | { verb: "read"; key: string }
  | { verb: "list"; prefix: string }
  | { verb: "write"; key: string; value: string; expected: Expected }
  | { verb: "remove"; key: string }
  | { verb: "watch"; prefix: string }
  | { verb: "join"; key: string; value: string }
  | { verb: "stop" };

export interface FailureFrame {
  reaction: Reaction;
  code: string;
  message: string;
}

/** The answer to a hello: a vm's keys are those of `epoch`. */
export type Greeting = { welcome: true; epoch?: string } | { refused: FailureFrame };

/**
 * What a hub says of a request. `result` is null for a read key that is not there, and for joined. A watch has no result but
 * snapshots and changes; `entry` is null for a removal.
 */
export type Answer =
  | { id: number; result: unknown }
  | { id: number; failure: FailureFrame }
  | { id: number; snapshot: Entry[] }
  | { id: number; key: string; entry: Entry | null };
