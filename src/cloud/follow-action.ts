// Follows what Heat does to a stack until it has ended: events as they come, and who holds it up when none come.
import { pause } from "../coordinator/retrying.ts";
import { Failure } from "../model/failure.ts";
import { findStack, listEvents, listResources, type HeatEvent, type Stack, type StackResource } from "./heat.ts";
import type { CloudSession } from "./session.ts";

const pollMs = 1000;
const defaultQuietMs = 60_000;

export interface ActionView {
  /** How long Heat may be silent before that is told; again after twice the time. Default: a minute. */
  quietMs?: number;
  event(event: HeatEvent): void;
  /** Heat is silent; these resources are under way. */
  quiet(waiting: StackResource[], sinceMs: number): void;
  /** Heat cannot be asked just now. */
  trouble(text: string): void;
}

/** The id of the newest event, from which an action that begins now is followed. */
export async function newestEvent(session: CloudSession, stack: Stack): Promise<string | undefined> {
  return (await listEvents(session, stack, undefined)).at(-1)?.id;
}

/** What is followed, and from where. */
export interface Action {
  /** Undefined: whatever is under way. */
  name: "CREATE" | "UPDATE" | "DELETE" | undefined;
  /** The stack as it stood before the action was asked for. */
  before: Stack;
  /** The newest event then. */
  marker: string | undefined;
}

/**
 * Follows an action, telling its events, and returns the stack when it has ended; undefined when the stack is gone. A Heat that is away
 * for a while is waited for.
 */
export async function followAction(
  session: CloudSession,
  { name, before, marker }: Action,
  view: ActionView,
  signal: AbortSignal,
): Promise<Stack | undefined> {
  const { quietMs = defaultQuietMs } = view;
  let after = marker;
  let quietSinceMs = Date.now();
  let nextSayMs = quietMs;
  let told = "";
  for (;;) {
    try {
      // The stack first: what it has come to, the events of the same round tell.
      const now = await findStack(session, before.id);
      if (now === undefined || now.stack_status === "DELETE_COMPLETE") return undefined;
      const events = await listEvents(session, before, after);
      for (const event of events) view.event(event);
      after = events.at(-1)?.id ?? after;
      if (hasEnded(now, before, name)) return await withOutputs(session, now, signal);
      if (events.length > 0) [quietSinceMs, nextSayMs] = [Date.now(), quietMs];
      if (Date.now() - quietSinceMs >= nextSayMs) {
        nextSayMs *= 2;
        view.quiet(await findOpen(session, before), quietSinceMs);
      }
      told = "";
    } catch (error) {
      if (signal.aborted) throw error;
      // Parts of a stack that goes, or of one under way, may be gone before it is: the next look tells.
      if (error instanceof Failure && error.code === "not-found") {
        await pause(pollMs, signal);
        continue;
      }
      if (!(error instanceof Failure) || error.reaction !== "retry") throw error;
      if (error.message !== told) view.trouble(error.message);
      told = error.message;
    }
    await pause(pollMs, signal);
  }
}

// For a moment after the end the outputs of nested stacks may be missing.
async function withOutputs(session: CloudSession, ended: Stack, signal: AbortSignal): Promise<Stack> {
  const read = async (): Promise<Stack> => (await findStack(session, ended.id, true)) ?? ended;
  const stack = await read();
  if (stack.outputs.every(({ output_value }) => output_value !== null)) return stack;
  await pause(pollMs, signal);
  return read();
}

async function findOpen(session: CloudSession, stack: Stack): Promise<StackResource[]> {
  const resources = await listResources(session, stack);
  return resources.filter(({ resource_status }) => isUnderWay(resource_status));
}

// Heat may say how the last action ended until it has begun this one, and notes the time at which it has.
function hasEnded(now: Stack, before: Stack, name: Action["name"]): boolean {
  if (isUnderWay(now.stack_status)) return false;
  if (name !== undefined && !now.stack_status.startsWith(name)) return false;
  if (name === "CREATE" || isUnderWay(before.stack_status)) return true;
  return now.updated_time !== before.updated_time || now.stack_status !== before.stack_status;
}

/** Tells whether an action is not at its end. */
export function isUnderWay(status: string): boolean {
  return status.endsWith("_IN_PROGRESS");
}
