// What is known of a role and of a vm while a stack runs: what agents report and all views show.
import type { Order, Publish, ValueType, When } from "./role.ts";

export type RoleState = "waiting" | "running" | "done" | "failed" | "skipped";

/** One thing that a role waits for: a cell's id (`VM.ROLE.@end` for a role's end), and since when (wall clock, ms). */
export interface Waiting {
  cell: string;
  sinceMs: number;
}

/** The newest report of a role by its vm's agent. Times are the agent's wall clock in ms. */
export interface RoleStatus {
  id: string;
  state: RoleState;
  atMs: number;
  attempt: number;
  /** Before the start: what it still needs. While running: the reads in which its tool is blocked. */
  waitingFor: Waiting[];
  startedMs?: number;
  endedMs?: number;
  /** Of the attempts' lives, the time blocked in reads. */
  blockedMs?: number;
  /** The newest stretches of that time, by the agent's wall clock. */
  blocks?: [fromMs: number, toMs: number][];
  error?: string;
  /** The last lines of the tool's output, when it failed. */
  logTail?: string;
  /** The role whose failure made this one fail or be skipped. */
  origin?: string;
  /** It failed under `on_error: continue`: the run may succeed all the same. */
  tolerated?: boolean;
  /** Reads and writes by the active time (ms since start, blocked time left out) at which they happened. */
  marks?: Mark[];
}

export interface Mark {
  kind: "read" | "write";
  cell: string;
  activeMs: number;
}

/** Presence of a vm's agent: its record goes when the agent is gone. */
export interface VmPresence {
  vm: string;
  instance: string;
  address: string;
  startedMs: number;
}

/** What the roles of a vm are, as its agent tells when it starts: the graph, without any value. */
export interface VmOutline {
  vm: string;
  atMs: number;
  order: Order;
  roles: RoleOutline[];
}

/** Cells are ids; in those of a group whose members are read together `[*]` stands for the index. */
export interface RoleOutline {
  id: string;
  tool: string;
  inputs: InputOutline[];
  outputs: OutputOutline[];
  /** Ends of roles that must come first. */
  after: string[];
}

export interface InputOutline {
  name: string;
  when: When;
  secret: boolean;
  /** `of`: how many members of the group are enough, where these are not all. */
  reads: { cell: string; of?: "any" | number }[];
}

export interface OutputOutline {
  name: string;
  cell: string;
  type: ValueType;
  secret: boolean;
  publish: Publish;
}

/** The end of a role's log, secrets masked. `skippedBytes` of the file stand before `text`; `ended`: nothing more comes from this attempt. */
export interface RoleLog {
  id: string;
  attempt: number;
  skippedBytes: number;
  text: string;
  ended: boolean;
}
