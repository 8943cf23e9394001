// The stack's outputs at the end of a run: what Heat would resolve, and what roles have written.
import type { Dataflow } from "../coordinator/dataflow.ts";
import { chooseBranches, evaluateExpr } from "../functions/evaluate.ts";
import type { HeatPlayer } from "../machines/play-heat.ts";
import { cellsOf, readsOf, visitExpr, type Read } from "../model/expression.ts";
import { canonicalJson, type Json } from "../model/json.ts";
import type { StackPlan } from "../model/vm-plan.ts";

/** Fails with UnknownToUs when an output asks for what only a cloud knows: better before a run than after it. */
export function checkOutputs(plan: StackPlan, heat: HeatPlayer): void {
  for (const [name, { value, condition }] of Object.entries(plan.outputs)) {
    if (!heat.holds(condition)) continue;
    visitExpr(chooseBranches(value, heat.lookup), (inner) => {
      const isForHeat = inner.kind === "param" || inner.kind === "attr" || inner.kind === "call";
      if (isForHeat && readsOf(inner).length === 0) heat.evaluate(inner, { output: name });
    });
  }
}

/** Evaluates the stack's outputs; one that needs a value that nobody wrote is null, a secret is `"***"`. */
export async function readOutputs(plan: StackPlan, heat: HeatPlayer, dataflow: Dataflow): Promise<Record<string, Json>> {
  const outputs: Record<string, Json> = {};
  for (const [name, { value: written, secret, condition }] of Object.entries(plan.outputs)) {
    if (!heat.holds(condition)) continue;
    const value = chooseBranches(written, heat.lookup);
    const read = new Map<string, Json>();
    for (const inner of readsOf(value)) read.set(canonicalJson(inner as unknown as Json), await peekRead(inner, heat, dataflow));
    const missing = [...read.values()].includes(null);
    outputs[name] = missing ? null : secret ? "***" : evaluate(value, read);
  }
  return outputs;

  function evaluate(value: StackPlan["outputs"][string]["value"], read: Map<string, Json>): Json {
    return evaluateExpr(value, { ...heat.lookup, read: (inner) => read.get(canonicalJson(inner as unknown as Json)) ?? null });
  }
}

// Null where a value is missing: outputs are read at the end of a run, when nothing more will come.
async function peekRead(read: Read, heat: HeatPlayer, dataflow: Dataflow): Promise<Json> {
  if (read.present !== undefined && !heat.holds(read.present)) return null;
  if (read.kind === "cell") return peekValue(read.cell, dataflow);
  const cells = cellsOf(read, heat.evaluate(read.size));
  if (read.of === "all") return Promise.all(cells.map((cell) => peekValue(cell, dataflow)));
  const values = (await Promise.all(cells.map((cell) => peekValue(cell, dataflow)))).filter((value) => value !== null);
  if (read.of === "any") return values[0] ?? null;
  return values.length < read.of ? null : values.slice(0, read.of);
}

async function peekValue(cell: string, dataflow: Dataflow): Promise<Json> {
  const record = await dataflow.peek(cell);
  return record?.state === "value" ? record.value : null;
}
