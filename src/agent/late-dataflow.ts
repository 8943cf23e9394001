// A data space that is not reached yet: its verbs wait, so that roles which need nothing remote start before it is there.
import type { Dataflow } from "../coordinator/dataflow.ts";
import { untilAborted } from "../coordinator/retrying.ts";

/** Returns the dataflow that is `opening`; a verb whose own signal is aborted meanwhile rejects with its reason. */
export function lateDataflow(opening: Promise<Dataflow>): Dataflow {
  return {
    settled: async (cell, signal) => (await untilAborted(opening, signal)).settled(cell, signal),
    peek: async (cell, signal) => (await untilAborted(opening, signal)).peek(cell, signal),
    publish: async (cell, record, signal) => (await untilAborted(opening, signal)).publish(cell, record, signal),
    gather: async (cells, of, choice, signal) => (await untilAborted(opening, signal)).gather(cells, of, choice, signal),
    choose: async (choice, candidate, signal) => (await untilAborted(opening, signal)).choose(choice, candidate, signal),
    report: async (status, signal) => (await untilAborted(opening, signal)).report(status, signal),
    sendLog: async (log, signal) => (await untilAborted(opening, signal)).sendLog(log, signal),
    outline: async (outline, signal) => (await untilAborted(opening, signal)).outline(outline, signal),
    join: async (presence, signal) => (await untilAborted(opening, signal)).join(presence, signal),
  };
}
