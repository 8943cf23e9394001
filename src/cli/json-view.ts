// A run for programs: one JSON document a line on stdout, messages on stderr.
import { showCell } from "../model/cell.ts";
import type { RunView } from "./run-view.ts";

/** One event a line on stdout, messages on stderr. `startMs` is the wall clock at the run's start. */
export function jsonView(startMs: number): RunView {
  const print = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
  return {
    role({ id, state, atMs, waitingFor, error }) {
      print({
        type: "role",
        id,
        state,
        atMs: Math.max(0, Math.round(atMs - startMs)),
        ...(waitingFor.length > 0 ? { waitingFor: waitingFor.map(({ cell }) => showCell(cell)) } : {}),
        ...(error === undefined ? {} : { error }),
      });
    },
    note: (text) => void process.stderr.write(`${text}\n`),
    done({ ok, reason, outputs, makespanMs, criticalPathMs, predictedMs }) {
      print({
        type: "done",
        ok,
        ...(reason === undefined ? {} : { reason }),
        outputs,
        makespanMs,
        criticalPathMs,
        ...(predictedMs === undefined ? {} : { predictedMs }),
      });
    },
  };
}
