// How long the roles of a stack took when it ran last on this machine: what predictions and estimates are made of.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Profiles } from "../monitor/estimate.ts";

const historyFormat = 1;

/** One run. `makespanMs` as measured. */
export interface RunHistory {
  atMs: number;
  makespanMs: number;
  roles: Profiles;
}

/** Reads the newest run of `stack`; undefined when there was none, or its file is of another version. */
export function readHistory(stack: string): RunHistory | undefined {
  try {
    const { format, ...history } = JSON.parse(readFileSync(fileOf(stack), "utf8")) as RunHistory & { format: number };
    return format === historyFormat ? history : undefined;
  } catch {
    // Only predictions are lost with it.
    return undefined;
  }
}

/** Keeps a run in place of the one before. That it cannot be written is no reason for a run to fail. */
export function writeHistory(stack: string, history: RunHistory): void {
  const file = fileOf(stack);
  try {
    mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, JSON.stringify({ format: historyFormat, ...history }), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    return;
  }
}

function fileOf(stack: string): string {
  const state = process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local/state");
  return join(state, "weft/runs", `${encodeURIComponent(stack)}.json`);
}
