// Settles a cell of an ended role: for the readers here at once, for those elsewhere as soon as the coordinator has it.
import type { Dataflow } from "../coordinator/dataflow.ts";
import { type CellRecord, roleId } from "../model/cell.ts";
import { Failure } from "../model/failure.ts";
import type { RolePlan } from "../model/vm-plan.ts";
import type { Cells } from "./cells.ts";
import { type CellOwner, endCellOf, type Settlement } from "../progress/progress-cells.ts";

/** The record of a settlement: who settles it, at which attempt, and when. */
export function makeRecord(settlement: Settlement, by: string, attempt: number): CellRecord {
  const { cell: _, ...settled } = settlement;
  const atMs = Date.now();
  return settled.state === "value" ? { ...settled, by, attempt, atMs } : { ...settled, by, atMs };
}

/** Settles one cell. Resolves with the reason when the coordinator refuses an output's value for good, else with undefined. */
export async function settleCell(
  { owner, plan, attempt }: { owner: CellOwner; plan: RolePlan; attempt: number },
  settlement: Settlement,
  { cells, dataflow, signal }: { cells: Cells; dataflow: Dataflow; signal: AbortSignal },
): Promise<string | undefined> {
  const { cell } = settlement;
  const record = makeRecord(settlement, roleId(owner.vm, plan.name), attempt);
  cells.settle(cell, record);
  const isEnd = cell === endCellOf(owner, plan);
  const published = isEnd ? plan.publishEnd : plan.outputs.some((output) => output.cell === cell && output.published);
  if (!published) return undefined;
  try {
    await dataflow.publish(cell, record, signal);
  } catch (error) {
    if (error instanceof Failure && record.state === "value" && !isEnd) return error.message;
    throw error;
  }
  return undefined;
}
