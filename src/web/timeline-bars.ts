// The timeline as it is shown: for each vm the stretches in which its roles waited, ran and were blocked inside. Pure.
import type { RoleStatus, VmOutline } from "../model/status.ts";
import { hasEnded, type Picture } from "../monitor/picture.ts";

export interface Bar {
  role: string;
  kind: "waiting" | "running" | "blocked" | "failed";
  fromMs: number;
  toMs: number;
}

/** When the first vm came, and the last moment to show. */
export function spanOf(picture: Picture, nowMs: number): { fromMs: number; toMs: number } {
  let fromMs = nowMs;
  let lastMs = 0;
  let isOver = picture.roles.size > 0;
  for (const { atMs } of picture.outlines.values()) fromMs = Math.min(fromMs, atMs);
  for (const status of picture.roles.values()) {
    fromMs = Math.min(fromMs, status.startedMs ?? fromMs);
    lastMs = Math.max(lastMs, status.endedMs ?? status.atMs);
    isOver &&= hasEnded(status);
  }
  return { fromMs, toMs: Math.max(fromMs + 1000, isOver ? lastMs : nowMs) };
}

/** The bars of one vm, its roles in their order. */
export function barsOfVm(picture: Picture, { atMs, order, roles }: VmOutline, nowMs: number): Bar[] {
  let freeMs = atMs;
  const bars: Bar[] = [];
  for (const { id } of roles) {
    const status = picture.roles.get(id);
    if (status === undefined || status.state === "skipped") continue;
    bars.push(...barsOf(status, freeMs, nowMs));
    if (order === "listed") freeMs = status.endedMs ?? nowMs;
  }
  return bars;
}

function barsOf(status: RoleStatus, freeMs: number, nowMs: number): Bar[] {
  const { id: role, startedMs, state, blocks = [], waitingFor } = status;
  const waitsMs = Math.min(startedMs ?? nowMs, ...waitingFor.map(({ sinceMs }) => sinceMs));
  const fromMs = startedMs === undefined ? Math.max(freeMs, waitsMs) : freeMs;
  const toMs = startedMs ?? (hasEnded(status) ? status.atMs : nowMs);
  const waiting: Bar[] =
    toMs > fromMs && (startedMs !== undefined || waitingFor.length > 0) ? [{ role, kind: "waiting", fromMs, toMs }] : [];
  if (startedMs === undefined) return waiting;
  const endMs = status.endedMs ?? nowMs;
  const open: [number, number][] = state === "running" && waitingFor.length > 0 ? [[waitsMsOf(waitingFor), nowMs]] : [];
  return [
    ...waiting,
    { role, kind: state === "failed" ? "failed" : "running", fromMs: startedMs, toMs: endMs },
    ...[...blocks, ...open].map(([from, to]): Bar => ({ role, kind: "blocked", fromMs: from, toMs: to })),
  ];
}

function waitsMsOf(waitingFor: RoleStatus["waitingFor"]): number {
  return Math.min(...waitingFor.map(({ sinceMs }) => sinceMs));
}
