// The log of a role, from a hub: its end as it stands, or what comes as well.
import { pause } from "../coordinator/retrying.ts";
import { Failure } from "../model/failure.ts";
import type { RoleLog } from "../model/status.ts";
import { askHub, type HubAccess } from "./follow.ts";
import { readServerEvents } from "./server-events.ts";

/** Reads the end of a role's log once. Fails as askHub; a role that has not started yet has none. */
export async function readLog(access: HubAccess, role: string): Promise<RoleLog> {
  return (await (await askHub(access, `logs/${encodeURIComponent(role)}`)).json()) as RoleLog;
}

/**
 * Calls `onLog` each time that the log has grown, until it has ended or `signal` is aborted. After a lost connection it connects again.
 */
export async function followLog(
  access: HubAccess,
  role: string,
  onLog: (log: RoleLog) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const answer = await askHub(access, `logs/${encodeURIComponent(role)}?follow`, { signal });
      for await (const { data } of readServerEvents(answer.body as ReadableStream<Uint8Array>)) {
        const log = JSON.parse(data) as RoleLog;
        onLog(log);
        if (log.ended) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Failure && error.reaction === "give-up") throw error;
    }
    await pause(200, signal).catch(() => undefined);
  }
}

/**
 * What a log has more than it had: `gap` where some of it was never seen. A log is a text that grows, of which only the end is
 * there; what is masked in it may become more.
 */
export function newPart(before: RoleLog | undefined, now: RoleLog): { text: string; gap: boolean } {
  if (before === undefined || before.attempt !== now.attempt) return { text: now.text, gap: now.skippedBytes > 0 };
  if (before.skippedBytes === now.skippedBytes) return { text: now.text.slice(commonLength(before.text, now.text)), gap: false };
  for (let start = before.text.indexOf(firstLine(now.text)); start >= 0; start = nextStart(before.text, now.text, start)) {
    const known = before.text.slice(start);
    if (now.text.startsWith(known)) return { text: now.text.slice(known.length), gap: false };
  }
  return { text: now.text, gap: true };
}

function nextStart(text: string, now: string, start: number): number {
  return text.indexOf(firstLine(now), start + 1);
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf("\n") + 1);
}

function commonLength(left: string, right: string): number {
  let length = 0;
  while (length < left.length && left[length] === right[length]) length++;
  return length;
}
