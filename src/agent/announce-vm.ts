// Tells the others that a vm is there, and what is known of it only where it runs.
import type { Dataflow } from "../coordinator/dataflow.ts";
import { type CellRecord, factCell, roleId } from "../model/cell.ts";
import type { VmFact } from "../model/vm-plan.ts";
import type { Cells } from "./cells.ts";

/** Joins the stack and settles the vm's facts; `published` are those that other vms read. */
export async function announceVm(
  { vm, instance, address, published }: { vm: string; instance: string; address: string; published: VmFact[] },
  cells: Cells,
  dataflow: Dataflow,
  signal: AbortSignal,
): Promise<void> {
  const startedMs = Date.now();
  const facts: Record<VmFact, string> = { first_address: address, name: vm };
  const publishing = Object.entries(facts).map(async ([fact, value]) => {
    const cell = factCell(vm, fact);
    const record: CellRecord = { state: "value", value, by: roleId(vm, "@vm"), attempt: 1, atMs: startedMs };
    cells.settle(cell, record);
    if (published.includes(fact as VmFact)) await dataflow.publish(cell, record, signal);
  });
  const joining = dataflow.join({ vm, instance, address, startedMs }, signal);
  await Promise.all([joining, ...publishing]);
}
