// How a run is shown: what all its views have in common.
import type { Json } from "../model/json.ts";
import type { RoleState, RoleStatus } from "../model/status.ts";
import type { Picture } from "../monitor/picture.ts";

/** How a run ended. `reason` says why it was not ok; a secret output is already masked. */
export interface RunResult {
  ok: boolean;
  reason?: "failed" | "timeout" | "interrupted" | "stalled";
  outputs: Record<string, Json>;
  makespanMs: number;
  criticalPathMs: number;
  /** What the run before let expect, on this machine. */
  predictedMs?: number;
  picture: Picture;
}

/** What a run tells while it goes on. */
export interface RunView {
  role(status: RoleStatus, picture: Picture): void;
  /** Where a person can look on; the address logs in. */
  page?(url: string): void;
  /** A line for people: where the hub is, that a stop was asked for. */
  note(text: string): void;
  done(result: RunResult): void;
}

export type Style = "bold" | "gray" | "cyan" | "green" | "red" | "yellow";

export const stateMarks: Record<RoleState, { sign: string; style: Style }> = {
  waiting: { sign: "·", style: "gray" },
  running: { sign: "▶", style: "cyan" },
  done: { sign: "✔", style: "green" },
  failed: { sign: "✘", style: "red" },
  skipped: { sign: "–", style: "yellow" },
};

/** A text of several lines on one. */
export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " / ");
}

/** The id of the vm that a role belongs to, and the role's own name. */
export function splitRoleId(id: string): { vm: string; role: string } {
  const dot = id.lastIndexOf(".");
  return { vm: id.slice(0, dot), role: id.slice(dot + 1) };
}
