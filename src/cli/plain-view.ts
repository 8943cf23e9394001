// A run for pipes and logs: a line for each change, never taken back.
import { showCell } from "../model/cell.ts";
import type { RoleStatus } from "../model/status.ts";
import { listCells, roleLine, type Picture } from "../monitor/picture.ts";
import { summarizeRun } from "./run-summary.ts";
import type { RunView } from "./run-view.ts";

/** A line for each change of a role's state, and one for the first thing that it waits for, for pipes and logs. */
export function plainView(startMs: number): RunView {
  const shown = new Map<string, string>();
  return {
    role(status, picture) {
      const state = `${status.state} ${status.attempt}`;
      const isIdle = status.state === "waiting" && status.waitingFor.length === 0;
      if (isIdle || shown.get(status.id) === state) return;
      shown.set(status.id, state);
      const seconds = Math.max(0, (status.atMs - startMs) / 1000).toFixed(2);
      process.stdout.write(`${seconds.padStart(7)} s  ${status.id} ${plainState(status, picture)}\n`);
    },
    note: (text) => void process.stdout.write(`${text}\n`),
    done: (result) => void process.stdout.write(summarizeRun(result, (_, text) => text)),
  };
}

function plainState(status: RoleStatus, picture: Picture): string {
  if (status.state === "waiting") return `waits for ${listCells(status.waitingFor.map(({ cell }) => showCell(cell)))}`;
  if (status.state === "running") return status.attempt > 1 ? `running, attempt ${status.attempt}` : "running";
  return roleLine(picture, status, status.atMs);
}
