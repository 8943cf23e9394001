// A recorded run: what `weft events --json` printed, to be played again. Pure.
import type { RoleStatus, VmOutline, VmPresence } from "../model/status.ts";
import type { CellState, Picture, StackEvent, StackStatus } from "./picture.ts";

/** An event that is no snapshot. */
export type News = Exclude<StackEvent, { type: "snapshot" }>;

export interface RecordedEvent {
  /** Wall clock of the recorded run, ms. */
  atMs: number;
  event: StackEvent;
}

/** What an event tells beyond what is known: of a snapshot all at first, later what was missed while the connection was lost. */
export function newsOf(known: Picture, event: StackEvent): News[] {
  return event.type === "snapshot" ? newsOfSnapshot(known, event.status) : [event];
}

function newsOfSnapshot(known: Picture, { roles, vms, cells, outlines }: StackStatus): News[] {
  const gone = [...known.vms.keys()].filter((vm) => !vms.some((present) => present.vm === vm));
  const news: News[] = [
    ...gone.map((vm): News => ({ type: "vm", vm, present: false })),
    ...outlines
      .filter(({ vm, atMs }) => known.outlines.get(vm)?.atMs !== atMs)
      .map((outline): News => ({ type: "outline", outline })),
    ...vms
      .filter(({ vm, instance }) => known.vms.get(vm)?.instance !== instance)
      .map((presence): News => ({ type: "vm", vm: presence.vm, present: true, presence })),
    ...cells.filter(({ cell }) => !known.cells.has(cell)).map((cell): News => ({ type: "cell", cell })),
    ...roles.filter(({ id, atMs }) => known.roles.get(id)?.atMs !== atMs).map((status): News => ({ type: "role", status })),
  ];
  return news.toSorted((left, right) => (timeOf(left) ?? 0) - (timeOf(right) ?? 0));
}

// An agent that has gone does not say when.
function timeOf(news: News): number | undefined {
  switch (news.type) {
    case "role":
      return news.status.atMs;
    case "cell":
      return news.cell.atMs;
    case "outline":
      return news.outline.atMs;
    case "vm":
      return news.presence?.startedMs;
  }
}

/** The line of a recording that an event makes; `nowMs` is when one that has no time of its own was seen. */
export function recordEvent(news: News, nowMs: number): string {
  switch (news.type) {
    case "role":
      return JSON.stringify({ type: "role", ...news.status });
    case "cell":
      return JSON.stringify({ type: "cell", ...news.cell });
    case "outline":
      return JSON.stringify({ type: "outline", ...news.outline });
    case "vm":
      return JSON.stringify({ type: "vm", vm: news.vm, present: news.present, atMs: timeOf(news) ?? nowMs, ...news.presence });
  }
}

/** Reads a recording. Throws an Error that names the line that is none of one. */
export function parseRecording(text: string): RecordedEvent[] {
  const events = text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const event = parseLine(line);
    if (event === undefined) throw new Error(`line ${index + 1} is no event as "weft events --json" prints them`);
    return [event];
  });
  return events.toSorted((left, right) => left.atMs - right.atMs);
}

function parseLine(line: string): RecordedEvent | undefined {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (document === null || typeof document !== "object") return undefined;
  const { type, ...rest } = document as Record<string, unknown>;
  const { atMs } = rest;
  if (typeof atMs !== "number") return undefined;
  switch (type) {
    case "role":
      return { atMs, event: { type, status: rest as unknown as RoleStatus } };
    case "cell":
      return { atMs, event: { type, cell: rest as unknown as CellState } };
    case "outline":
      return { atMs, event: { type, outline: rest as unknown as VmOutline } };
    case "vm": {
      const { vm, present, ...presence } = rest as { vm: string; present: boolean };
      return { atMs, event: { type, vm, present, ...(present ? { presence: { vm, ...presence } as VmPresence } : {}) } };
    }
    default:
      return undefined;
  }
}
