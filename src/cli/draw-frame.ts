// One picture of a run for a terminal: a line a role, by vm, and a last line that tells how far it is. Pure.
import { estimateRestMs, type Profiles } from "../monitor/estimate.ts";
import { activeMs, cut, hasEnded, type Picture, roleLine, span } from "../monitor/picture.ts";
import { oneLine, splitRoleId, stateMarks, type Style } from "./run-view.ts";

export interface Frame {
  /** Ids of all roles that will be, in the order to show. */
  roles: string[];
  picture: Picture;
  usual: Profiles;
  startMs: number;
  nowMs: number;
  columns: number;
  /** Lines that there is room for. */
  rows: number;
}

/** A line of styled pieces, not longer than the frame is wide. */
export type Line = { text: string; style?: Style }[];

const widestName = 24;
const widestBar = 20;

/** Draws the frame in at most `rows` lines: where not every role has room, those that run or wait for something come first. */
export function drawFrame(frame: Frame): Line[] {
  const { roles, rows } = frame;
  const shown = roles.length < rows ? roles : chooseRoles(frame);
  const parts = shown.map((id) => ({ id, ...splitRoleId(id) }));
  // On a narrow terminal what a role does matters more than the end of its name.
  const widest = Math.min(widestName, Math.max(8, Math.floor(frame.columns / 4)));
  const widthOf = (names: string[]): number => Math.min(widest, Math.max(0, ...names.map((name) => name.length)));
  const vmWidth = widthOf(parts.map(({ vm }) => vm));
  const roleWidth = widthOf(parts.map(({ role }) => role));
  const lines = parts.map(({ id, vm, role }, position): Line => {
    const status = frame.picture.roles.get(id);
    const { sign, style } = stateMarks[status?.state ?? "waiting"];
    const name = vm === parts[position - 1]?.vm ? "" : vm;
    const room = frame.columns - vmWidth - roleWidth - 9;
    const what = cut(oneLine(describe(frame, id, room)), room);
    return [
      { text: `  ${cut(name, vmWidth).padEnd(vmWidth)}  `, style: "bold" },
      { text: `${sign} `, style },
      { text: `${cut(role, roleWidth).padEnd(roleWidth)}  ` },
      status?.state === "running" ? { text: what } : { text: what, style: status?.state === "failed" ? "red" : "gray" },
    ];
  });
  return [...lines, progressLine(frame, shown)];
}

function describe({ picture, usual, nowMs }: Frame, id: string, room: number): string {
  const status = picture.roles.get(id);
  if (status === undefined) return picture.vms.has(splitRoleId(id).vm) ? "waits for its turn" : "its vm starts";
  const text = roleLine(picture, status, nowMs, room);
  const before = usual[id]?.durationMs;
  if (status.state !== "running" || before === undefined || status.waitingFor.length > 0) return text;
  const active = activeMs(picture, id, nowMs);
  return active > before * 1.5 && active > before + 1000
    ? `${text}, longer than the usual ${span(before)}`
    : `${text} of about ${span(before)}`;
}

// What runs, waits or has failed comes first, then what waits for its turn, then what has ended.
function chooseRoles({ roles, picture, rows }: Frame): string[] {
  const rank = (id: string): number => {
    const status = picture.roles.get(id);
    if (status?.state === "running" || status?.state === "failed") return 0;
    if (status === undefined || hasEnded(status)) return status === undefined ? 2 : 3;
    return status.waitingFor.length > 0 ? 1 : 2;
  };
  const chosen = new Set(
    roles
      .map((id, position) => ({ id, position, rank: rank(id) }))
      .toSorted((left, right) => left.rank - right.rank || left.position - right.position)
      .slice(0, Math.max(0, rows - 1))
      .map(({ id }) => id),
  );
  return roles.filter((id) => chosen.has(id));
}

function progressLine(frame: Frame, shown: string[]): Line {
  const { roles, picture, usual, startMs, nowMs, columns } = frame;
  const ended = roles.filter((id) => {
    const status = picture.roles.get(id);
    return status !== undefined && hasEnded(status);
  }).length;
  const restMs = ended < roles.length ? estimateRestMs(picture, usual, nowMs) : undefined;
  const hidden = roles.length - shown.length;
  const texts = [
    `${ended} of ${roles.length} roles${hidden > 0 ? ` (${hidden} not shown)` : ""}`,
    span(nowMs - startMs),
    ...(restMs === undefined ? [] : [`about ${span(restMs)} to go`]),
  ];
  const text = cut(texts.join(", "), columns - 4);
  const barWidth = Math.max(0, Math.min(widestBar, columns - text.length - 5));
  const full = Math.round((ended / Math.max(1, roles.length)) * barWidth);
  return [
    { text: `  ${"█".repeat(full)}`, style: "green" },
    { text: "░".repeat(barWidth - full), style: "gray" },
    { text: `  ${text}` },
  ];
}
