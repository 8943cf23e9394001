// The picture of a running stack: a pure fold over what the hub tells, and the questions that every view asks of it.
import { parseCellId, roleId, showCell } from "../model/cell.ts";
import type { RoleStatus, VmOutline, VmPresence } from "../model/status.ts";

/** A cell that is settled, without its value: who settled it, when, in which attempt, and the SHA-256 of the value's canonical JSON. */
export interface CellState {
  cell: string;
  state: "value" | "absent" | "failed";
  by: string;
  atMs: number;
  attempt?: number;
  sha256?: string;
}

/** The document of GET /v1/stacks/STACK/status, and of the first event of the event stream. */
export interface StackStatus {
  stack: string;
  generation: string;
  roles: RoleStatus[];
  vms: VmPresence[];
  cells: CellState[];
  outlines: VmOutline[];
}

/** What the event stream says, in its own order. */
export type StackEvent =
  | { type: "snapshot"; status: StackStatus }
  | { type: "role"; status: RoleStatus }
  | { type: "vm"; vm: string; present: boolean; presence?: VmPresence }
  | { type: "cell"; cell: CellState }
  | { type: "outline"; outline: VmOutline };

export interface Picture {
  roles: ReadonlyMap<string, RoleStatus>;
  vms: ReadonlyMap<string, VmPresence>;
  cells: ReadonlyMap<string, CellState>;
  outlines: ReadonlyMap<string, VmOutline>;
}

export const emptyPicture: Picture = { roles: new Map(), vms: new Map(), cells: new Map(), outlines: new Map() };

/** Returns the picture after `event`. */
export function updatePicture(picture: Picture, event: StackEvent): Picture {
  return updateAll(picture, [event]);
}

/** Returns the picture after all of `events`, in their order. What none of them touches stays the same object. */
export function updateAll(picture: Picture, events: StackEvent[]): Picture {
  let next = picture;
  const own = new Set<unknown>();
  // Copied once, however many events follow.
  const edit = <Value>(map: ReadonlyMap<string, Value>): Map<string, Value> => {
    const copy = own.has(map) ? (map as Map<string, Value>) : new Map(map);
    own.add(copy);
    return copy;
  };
  for (const event of events) {
    switch (event.type) {
      case "snapshot": {
        const { roles, vms, cells, outlines } = event.status;
        next = {
          roles: new Map(roles.map((role) => [role.id, role])),
          vms: new Map(vms.map((vm) => [vm.vm, vm])),
          cells: new Map(cells.map((cell) => [cell.cell, cell])),
          outlines: new Map(outlines.map((outline) => [outline.vm, outline])),
        };
        break;
      }
      case "role":
        next = { ...next, roles: edit(next.roles).set(event.status.id, event.status) };
        break;
      case "cell":
        next = { ...next, cells: edit(next.cells).set(event.cell.cell, event.cell) };
        break;
      case "outline":
        next = { ...next, outlines: edit(next.outlines).set(event.outline.vm, event.outline) };
        break;
      case "vm": {
        const vms = edit(next.vms);
        if (event.present && event.presence !== undefined) vms.set(event.vm, event.presence);
        else vms.delete(event.vm);
        next = { ...next, vms };
        break;
      }
    }
  }
  return next;
}

const byName = new Intl.Collator("en", { numeric: true });

/** The outlines in the order of their vms' names, `app[2]` before `app[10]`. */
export function sortOutlines(outlines: Picture["outlines"]): VmOutline[] {
  return [...outlines.values()].toSorted((left, right) => byName.compare(left.vm, right.vm));
}

/** Tells whether a role will change its state no more. */
export function hasEnded(status: RoleStatus): boolean {
  return status.state === "done" || status.state === "failed" || status.state === "skipped";
}

/** Of a role that runs: how long it has been active, in ms, the time blocked in reads left out. */
export function activeMs(picture: Picture, id: string, nowMs: number): number {
  const { startedMs, blockedMs = 0, waitingFor = [] } = picture.roles.get(id) ?? {};
  if (startedMs === undefined) return 0;
  const blockedSince = Math.min(nowMs, ...waitingFor.map(({ sinceMs }) => sinceMs));
  return Math.max(0, nowMs - startedMs - blockedMs - (nowMs - blockedSince));
}

/** The role that settles `cell`; for a cell of a whole group the members' roles that may. Undefined for a fact of a vm. */
export function writersOf(picture: Picture, cell: string): string[] | undefined {
  const parts = parseCellId(cell);
  if (parts === undefined || parts.role === "@vm") return undefined;
  const id = roleId(parts.vm, parts.role);
  if (picture.roles.has(id)) return [id];
  const member = new RegExp(`^${parts.vm.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\[[A-Za-z0-9]+\\]\\.${parts.role}$`);
  const members = [...picture.roles.keys()].filter((candidate) => member.test(candidate));
  return members.length > 0 ? members : [id];
}

/** One step of an answer to "why": indented below the step that it explains. */
export interface WhyLine {
  depth: number;
  text: string;
  /** The role that the line is about. */
  role?: string;
}

/**
 * Explains a role down to its roots: what it waits for, who writes that, what that role waits for in turn, and whether the writer
 * is slow (its agent is there) or dead (no heartbeat). `nowMs` is the wall clock, `usual` how long roles took in an earlier run.
 */
export function explainRole(
  picture: Picture,
  id: string,
  nowMs: number,
  usual: Readonly<Record<string, { durationMs: number }>> = {},
): WhyLine[] {
  const lines: WhyLine[] = [];
  const seen = new Set<string>();
  describe(id, 0);
  return lines;

  function describe(role: string, depth: number): void {
    const status = picture.roles.get(role);
    if (status === undefined) {
      lines.push({ depth, role, text: `${role} has not been reported: ${vmState(picture, vmOf(role))}` });
      return;
    }
    lines.push({ depth, role, text: `${role} ${roleLine(picture, status, nowMs)}${usually(status)}` });
    if (seen.has(role)) return;
    seen.add(role);
    if (status.state === "failed" || status.state === "skipped") {
      if (status.origin !== undefined && status.origin !== role) describe(status.origin, depth + 1);
      else if (status.logTail !== undefined)
        for (const line of status.logTail.split("\n")) lines.push({ depth: depth + 1, text: `| ${line}` });
      return;
    }
    const { vms, roles } = causesOf(picture, status);
    for (const { vm, cell } of vms)
      lines.push({ depth: depth + 1, text: `${showCell(cell)} comes with the agent of ${vm}: ${vmState(picture, vm)}` });
    for (const cause of roles) describe(cause, depth + 1);
  }

  function usually({ id: role, state, waitingFor }: RoleStatus): string {
    const before = usual[role];
    if (state !== "running" || before === undefined || waitingFor.length > 0) return "";
    const restMs = before.durationMs - activeMs(picture, role, nowMs);
    return `, usually ${span(before.durationMs)}${restMs > 0 ? `: about ${span(restMs)} more` : ""}`;
  }
}

/** What an open role waits for itself: roles, and agents of vms, each with the cell that comes with it. */
export function causesOf(
  picture: Picture,
  { id, state, waitingFor }: RoleStatus,
): { roles: string[]; vms: { vm: string; cell: string }[] } {
  if (state === "waiting" && waitingFor.length === 0) return { roles: turnHolders(picture, id), vms: [] };
  const writers = new Set<string>();
  const vms: { vm: string; cell: string }[] = [];
  for (const { cell } of waitingFor) {
    const found = writersOf(picture, cell);
    if (found === undefined) vms.push({ vm: parseCellId(cell)?.vm ?? cell, cell });
    else for (const writer of found) writers.add(writer);
  }
  // A role that has done its part explains nothing, unless all have.
  const open = [...writers].filter((writer) => !isDone(picture, writer));
  return { roles: open.length > 0 ? open : [...writers], vms };
}

// Who has to end before a role of the same vm has its turn.
function turnHolders(picture: Picture, id: string): string[] {
  const { order, roles = [] } = picture.outlines.get(vmOf(id)) ?? {};
  const ids = roles.map((role) => role.id);
  if (order === "listed")
    return ids
      .slice(0, ids.indexOf(id))
      .filter((before) => !isOver(picture, before))
      .slice(0, 1);
  if (order === "one_at_a_time") return ids.filter((other) => other !== id && picture.roles.get(other)?.state === "running");
  return [];
}

/** One role's state in words: `waits 3 s for db.mysql.port`, `runs for 2 s`, `failed: exit 1`. `room`: how long lists of cells may make it. */
export function roleLine(picture: Picture, status: RoleStatus, nowMs: number, room = Infinity): string {
  const dead = picture.vms.has(vmOf(status.id)) ? "" : ", but its agent is dead";
  switch (status.state) {
    case "waiting":
      return `${waitingLine(status, nowMs, room - dead.length)}${dead}`;
    case "running": {
      const attempt = status.attempt > 1 ? `, attempt ${status.attempt}` : "";
      const runs = `runs for ${span(nowMs - (status.startedMs ?? status.atMs))}${attempt}`;
      if (status.waitingFor.length === 0) return `${runs}${dead}`;
      return `${runs}, ${waitingLine(status, nowMs, room - runs.length - 2 - dead.length)}${dead}`;
    }
    case "done":
      return `done in ${span((status.endedMs ?? status.atMs) - (status.startedMs ?? status.atMs))}`;
    case "failed":
      return `failed: ${status.error ?? "no reason given"}`;
    case "skipped":
      return status.origin === undefined
        ? "skipped: another member was chosen"
        : `skipped: ${status.error ?? `${status.origin} failed`}`;
  }
}

function waitingLine(status: RoleStatus, nowMs: number, room: number): string {
  if (status.waitingFor.length === 0) return "waits for its turn";
  const since = Math.min(...status.waitingFor.map((waiting) => waiting.sinceMs));
  const waits = `waits ${span(nowMs - since)} for `;
  return `${waits}${listCells(
    status.waitingFor.map((waiting) => showCell(waiting.cell)),
    room - waits.length,
  )}`;
}

/** The first cells of a list, as many as have room, and how many more there are. */
export function listCells(cells: string[], room = Infinity): string {
  for (let count = Math.min(3, cells.length); ; count--) {
    const more = cells.length > count ? ` and ${cells.length - count} more` : "";
    const shown = cells.slice(0, count).join(", ");
    if (shown.length + more.length <= room) return `${shown}${more}`;
    if (count > 1) continue;
    // The first letters of a name say nothing.
    return more !== "" && room - more.length < 8 ? `${cells.length} values` : `${cut(shown, room - more.length)}${more}`;
  }
}

/** Shortens a text that is too long. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function isDone(picture: Picture, id: string): boolean {
  const status = picture.roles.get(id);
  return status !== undefined && (status.state === "done" || (status.state === "skipped" && status.origin === undefined));
}

/** Whether a role has come to its end. */
export function isOver(picture: Picture, id: string): boolean {
  const status = picture.roles.get(id);
  return status !== undefined && hasEnded(status);
}

function vmState(picture: Picture, vm: string): string {
  const present = picture.vms.get(vm);
  return present === undefined
    ? "no agent of that vm is there (not started yet, or dead)"
    : `its agent is there, at ${present.address}`;
}

/** The vm of a role. */
export function vmOf(id: string): string {
  return id.slice(0, id.lastIndexOf("."));
}

/** A length of time for people: `0.4 s`, `12 s`, `3 min 5 s`. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
