// Which epoch of its generation a vm is in: it joins the newest, or opens another one where its configuration begins anew. Of a vm's
// instances the newest counts; one that is superseded is never admitted again.
import type { VmClaim } from "../coordinator/backends/hub-frames.ts";
import type { Coordinator, Expected } from "../coordinator/coordinator.ts";
import { epochName, generationKey, generationOf, generationsPrefix, instanceKey, type Scope } from "../coordinator/keys.ts";
import { Failure } from "../model/failure.ts";
import { sortGenerations } from "./generations.ts";
import { parseObject } from "./parse-frames.ts";

/** What is kept of a vm for good, across generations. */
export interface InstanceRecord {
  /** The one that counts. */
  instance: string;
  /** Where it is, and the digest with which it came there. */
  epoch: string;
  inputs: string;
  /** Instances before it. */
  superseded: string[];
}

/**
 * Chooses the epoch for a claim whose tag is right; `epochs` are the stack's, the oldest first. Undefined: the
 * instance is superseded. Pure.
 */
export function chooseEpoch(
  { generation, instance = "", inputs = "", epoch }: VmClaim,
  record: InstanceRecord | undefined,
  epochs: string[],
): string | undefined {
  if (record?.superseded.includes(instance) === true) return undefined;
  const isKnown = record?.instance === instance;
  if (epoch !== undefined && (isKnown || record === undefined)) return epoch;
  const own = epochs.filter((other) => generationOf(other) === generation);
  const last = own.at(-1);
  const isSettled = isKnown && record.inputs === inputs && generationOf(record.epoch) === generation;
  // Written into the record, and cut off before it was numbered.
  if (isSettled && !epochs.includes(record.epoch)) return record.epoch;
  const before = record === undefined ? -1 : epochs.indexOf(record.epoch);
  // Newer than where the vm was: whoever opened it, for another vm or for this one, all begin anew there.
  if (last !== undefined && (epochs.indexOf(last) > before || (isSettled && last === record.epoch))) return last;
  const counts = [...own, ...(record === undefined ? [] : [record.epoch])]
    .filter((other) => generationOf(other) === generation)
    .map((other) => Number(/~(\d+)$/.exec(other)?.[1] ?? 1));
  return epochName(generation, Math.max(0, ...counts) + 1);
}

/**
 * Admits a vm, whose tag is right, to an epoch and tells which. Its record is written first: from then on an instance before it is out.
 * Fails `superseded`; or `unauthorized` for a claim without instance where instances have come.
 */
export async function admitToEpoch(
  coordinator: Coordinator,
  stack: string,
  claim: VmClaim,
): Promise<{ epoch: string; isNew: boolean }> {
  const { id, instance, inputs = "" } = claim;
  if (claim.epoch !== undefined && generationOf(claim.epoch) !== claim.generation)
    throw new Failure("give-up", "unauthorized", `${claim.epoch} is no epoch of generation ${claim.generation}`);
  const write = async (text: string, expected: Expected): Promise<boolean> =>
    (await coordinator.write(instanceKey(stack, id), text, expected)).written;
  for (;;) {
    const [entry, numbers] = await Promise.all([
      coordinator.read(instanceKey(stack, id)),
      coordinator.list(generationsPrefix(stack)),
    ]);
    const record = entry === undefined ? undefined : (parseObject(entry.value) as unknown as InstanceRecord);
    if (instance === undefined && record !== undefined)
      throw new Failure("give-up", "unauthorized", `vm ${id} must say which instance of it this is`);
    const epochs = sortGenerations(numbers);
    const epoch = chooseEpoch(claim, record, epochs);
    if (epoch === undefined) throw superseded(id);
    // One that comes back to where it was changes nothing, even when it is somewhere else by now too.
    const isBack = claim.epoch !== undefined && record?.instance === instance;
    if (instance !== undefined && !isBack) {
      const text = JSON.stringify(recordAfter(record, { instance, epoch, inputs }));
      const isWritten = text === entry?.value || (await write(text, entry?.revision ?? "absent"));
      if (!isWritten) continue;
    }
    return { epoch, isNew: !epochs.includes(epoch) && (await numberEpoch(coordinator, { stack, generation: epoch })) };
  }
}

/** What a superseded instance is told. */
export function superseded(vm: string): Failure {
  return new Failure("give-up", "superseded", `vm ${vm} has been replaced: another instance of it has come since this one`);
}

function recordAfter(record: InstanceRecord | undefined, now: Omit<InstanceRecord, "superseded">): InstanceRecord {
  const { superseded = [], instance = now.instance } = record ?? {};
  return { ...now, superseded: instance === now.instance ? superseded : [...superseded, instance] };
}

/** Gives an epoch its number, unless it has one. Two hubs may give two the same one; the one written later then counts as the newer. */
async function numberEpoch(coordinator: Coordinator, scope: Scope): Promise<boolean> {
  const entries = await coordinator.list(generationsPrefix(scope.stack));
  const highest = entries.reduce((number, entry) => Math.max(number, Number(entry.value)), 0);
  return (await coordinator.write(generationKey(scope), String(highest + 1), "absent")).written;
}
