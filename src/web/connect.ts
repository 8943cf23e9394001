// Speaks to the hub that served this page: the event stream with the operator's token, a role's log, earlier generations.
import type { RoleLog } from "../model/status.ts";
import type { StackEvent, StackStatus } from "../monitor/picture.ts";
import { readServerEvents } from "../monitor/server-events.ts";

export interface Access {
  stack: string;
  token: string;
}

/** The hub does not take the token, or knows nothing of the stack. */
export class Refused extends Error {}

/** Asks for what stands below the stack. Throws Refused with the hub's words, or what `fetch` throws when nobody answers. */
export async function ask({ stack, token }: Access, path: string, signal?: AbortSignal): Promise<Response> {
  const answer = await fetch(`/v1/stacks/${encodeURIComponent(stack)}/${path}`, {
    headers: { authorization: `Bearer ${token}` },
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.ok) return answer;
  const { error = answer.statusText } = (await answer.json().catch(() => ({}))) as { error?: string };
  throw new Refused(error);
}

/** Follows the stack until `signal` is aborted; `onState` tells whether the line is up. Ends by throwing Refused. */
export async function follow(
  access: Access,
  onEvents: (events: StackEvent[]) => void,
  onState: (state: "live" | "lost") => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const answer = await ask(access, "events", signal);
      onState("live");
      for await (const { type, data } of readServerEvents(answer.body as ReadableStream<Uint8Array>)) {
        const event = toEvent(type, JSON.parse(data));
        if (event !== undefined) onEvents([event]);
      }
    } catch (error) {
      if (signal.aborted || error instanceof Refused) throw error;
    }
    onState("lost");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function toEvent(type: string, document: unknown): StackEvent | undefined {
  if (type === "snapshot") return { type, status: document as StackStatus };
  if (type === "role") return { type, status: document } as StackEvent;
  if (type === "cell") return { type, cell: document } as StackEvent;
  if (type === "outline") return { type, outline: document } as StackEvent;
  if (type === "vm") return { type, ...(document as object) } as StackEvent;
  return undefined;
}

/** The status of the generation before the newest; undefined where there is none. */
export async function askEarlier(access: Access): Promise<StackStatus | undefined> {
  const { generations } = (await (await ask(access, "generations")).json()) as { generations: { generation: string }[] };
  const earlier = generations.at(-2);
  if (earlier === undefined) return undefined;
  return (await (await ask(access, `status?generation=${encodeURIComponent(earlier.generation)}`)).json()) as StackStatus;
}

/** Calls `onLog` with the end of a role's log and each time that it has grown, until `signal` is aborted. */
export async function followLog(access: Access, role: string, onLog: (log: RoleLog) => void, signal: AbortSignal): Promise<void> {
  const answer = await ask(access, `logs/${encodeURIComponent(role)}?follow`, signal);
  for await (const { data } of readServerEvents(answer.body as ReadableStream<Uint8Array>)) onLog(JSON.parse(data) as RoleLog);
}
