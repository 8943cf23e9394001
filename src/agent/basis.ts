// What a run of a role is made of, as digests, and whether it is the same in another generation.
import { createHmac } from "node:crypto";
import { canonicalJson, type Json } from "../model/json.ts";
import type { Waiting } from "../model/status.ts";
import type { InputPlan, OutputPlan, RolePlan } from "../model/vm-plan.ts";
import { linkAbort } from "./abort.ts";
import type { Cells } from "./cells.ts";
import type { Basis } from "./journal.ts";

/** A digest of a value that tells nothing to those who do not have the stack's seal key. */
export type Digest = (value: Json) => string;

/** Makes the digest of one stack's agents. */
export function makeDigest(sealKey: string): Digest {
  return (value) => createHmac("sha256", sealKey).update(canonicalJson(value)).digest("hex").slice(0, 32);
}

/**
 * The definition of a role: all that its plan says, but what only tells when it runs, who reads it, or where values come from.
 * `run` is what it runs, resolved.
 */
export function definitionOf(plan: RolePlan, run: Json): Json {
  const { after: _after, onError: _onError, timeoutMs: _timeout, publishEnd: _end, on: _on, ...rest } = plan;
  const inputs = plan.inputs.map(
    ({ value: _value, default: _default, waitTimeoutMs: _limit, secret: _secret, ...input }) => input,
  );
  const outputs = plan.outputs.map(({ cell: _cell, published: _published, secret: _secret, ...output }) => output);
  return { ...rest, run, inputs, outputs } as unknown as Json;
}

export interface Comparison {
  plan: RolePlan;
  /** What it runs, resolved. */
  run: Json;
  /** Values of its eager inputs. */
  inputs: Record<string, Json>;
  cells: Cells;
  digest: Digest;
  signal: AbortSignal;
  onWaiting: (need: string, waiting: Waiting[]) => void;
  /** An output that was written at once stands, although it is not known yet whether all is the same: it was written before that was read. */
  onStanding: (output: OutputPlan, value: Json) => void;
}

/**
 * Tells whether a run that was made of `basis` and wrote `written` at once would be made of the same now. Waits for what it has read, in
 * the order that the compiler has proved free of deadlocks: an output written at once depends on what may be read before it.
 */
export async function isSameRun(comparison: Comparison, basis: Basis, written: Record<string, Json>): Promise<boolean> {
  const { plan, run, inputs, digest, onStanding } = comparison;
  if (digest(definitionOf(plan, run)) !== basis.definition) return false;
  const isSame = ({ name }: InputPlan): boolean => digest(inputs[name] as Json) === basis.inputs[name];
  if (!plan.inputs.filter(({ when }) => when === "eager").every(isSame)) return false;

  const { controller, unlink } = linkAbort([comparison.signal]);
  const reads = plan.inputs.filter(({ name, when }) => when !== "eager" && basis.inputs[name] !== undefined);
  const compared = reads.map(async (input) => {
    return { input, isSame: await isSameRead(comparison, input, basis.inputs[input.name] as string, controller.signal) };
  });
  try {
    const standing = plan.outputs.filter(({ name, publish }) => publish === "on_write" && Object.hasOwn(written, name));
    for (const output of standing) {
      const before = compared.filter((_, index) => !output.before.includes((reads[index] as InputPlan).name));
      allSame(before).then(
        (same) => same && !controller.signal.aborted && onStanding(output, written[output.name] as Json),
        // Told below, where all are awaited.
        () => undefined,
      );
    }
    const same = await allSame(compared);
    comparison.signal.throwIfAborted();
    return same;
  } finally {
    unlink();
    controller.abort();
  }
}

// Resolves false with the first that is not: what the others come to does not matter then.
function allSame(compared: Promise<{ isSame: boolean }>[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    for (const one of compared) one.then(({ isSame }) => isSame || resolve(false), reject);
    Promise.all(compared).then((all) => resolve(all.every(({ isSame }) => isSame)), reject);
  });
}

async function isSameRead(
  { cells, digest, signal, onWaiting }: Comparison,
  input: InputPlan,
  earlier: string,
  until: AbortSignal,
): Promise<boolean> {
  const { controller, unlink } = linkAbort([until]);
  // A role that could not wait for longer runs, and says so itself.
  const { waitTimeoutMs: ms } = input;
  const timer = ms === undefined ? undefined : setTimeout(() => controller.abort(), ms);
  try {
    const onOwn = (waiting: Waiting[]): void => onWaiting(`input ${input.name}`, waiting);
    const resolution = await cells.resolveInput(input, { signal: controller.signal, onWaiting: onOwn });
    return resolution.state === "value" && digest(resolution.value) === earlier;
  } catch (error) {
    if (signal.aborted || controller.signal.aborted) return false;
    throw error;
  } finally {
    clearTimeout(timer);
    unlink();
  }
}
