// The timeline as it is shown: for each vm the stretches in which its roles waited, ran and were blocked inside. Pure.
import type { RoleStatus } from "../model/status.ts";
import { hasEnded, type Picture } from "../monitor/picture.ts";

export interface Bar {
  role: string;
  kind: "waiting" | "running" | "blocked" | "failed";
  fromMs: number;
  toMs: number;
}

export interface TimelineRow {
  vm: string;
  present: boolean;
  bars: Bar[];
}

/** When the first vm came, and the last moment to show. */
export function spanOf(picture: Picture, nowMs: number): { fromMs: number; toMs: number } {
  const starts = [...picture.outlines.values()].map(({ atMs }) => atMs);
  const roles = [...picture.roles.values()];
  const fromMs = Math.min(nowMs, ...starts, ...roles.flatMap(({ startedMs }) => startedMs ?? []));
  const isOver = roles.length > 0 && roles.every(hasEnded);
  const lastMs = Math.max(fromMs, ...roles.map(({ endedMs, atMs }) => endedMs ?? atMs));
  return { fromMs, toMs: Math.max(fromMs + 1000, isOver ? lastMs : nowMs) };
}

/** One row a vm, in the order in which they came. */
export function timelineRows(picture: Picture, nowMs: number): TimelineRow[] {
  return [...picture.outlines.values()].map(({ vm, atMs, order, roles }) => {
    let freeMs = atMs;
    const bars: Bar[] = [];
    for (const { id } of roles) {
      const status = picture.roles.get(id);
      if (status === undefined || status.state === "skipped") continue;
      bars.push(...barsOf(status, freeMs, nowMs));
      if (order === "listed") freeMs = status.endedMs ?? nowMs;
    }
    return { vm, present: picture.vms.has(vm), bars };
  });
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
