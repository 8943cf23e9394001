// Shows a run: live lines on a terminal, plain lines elsewhere, one JSON document a line with --json.
import { styleText } from "node:util";
import { showCell } from "../model/cell.ts";
import type { Json } from "../model/json.ts";
import type { RoleState, RoleStatus } from "../model/status.ts";
import { hasEnded, listCells, roleLine, span, type Picture } from "../monitor/picture.ts";

/** How a run ended. `reason` says why it was not ok; a secret output is already masked. */
export interface RunResult {
  ok: boolean;
  reason?: "failed" | "timeout" | "interrupted" | "stalled";
  outputs: Record<string, Json>;
  makespanMs: number;
  criticalPathMs: number;
  picture: Picture;
}

/** What a run tells while it goes on. */
export interface RunView {
  role(status: RoleStatus, picture: Picture): void;
  /** A line for people: where the hub is, that a stop was asked for. */
  note(text: string): void;
  done(result: RunResult): void;
}

const marks: Record<RoleState, { sign: string; colour: "gray" | "cyan" | "green" | "red" | "yellow" }> = {
  waiting: { sign: "·", colour: "gray" },
  running: { sign: "▶", colour: "cyan" },
  done: { sign: "✔", colour: "green" },
  failed: { sign: "✘", colour: "red" },
  skipped: { sign: "–", colour: "yellow" },
};

/** One event a line on stdout, messages on stderr. `startMs` is the wall clock at the run's start. */
export function jsonView(startMs: number): RunView {
  const print = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
  return {
    role({ id, state, atMs, waitingFor, error }) {
      print({
        type: "role",
        id,
        state,
        atMs: Math.max(0, Math.round(atMs - startMs)),
        ...(waitingFor.length > 0 ? { waitingFor: waitingFor.map(({ cell }) => showCell(cell)) } : {}),
        ...(error === undefined ? {} : { error }),
      });
    },
    note: (text) => void process.stderr.write(`${text}\n`),
    done({ ok, reason, outputs, makespanMs, criticalPathMs }) {
      print({ type: "done", ok, ...(reason === undefined ? {} : { reason }), outputs, makespanMs, criticalPathMs });
    },
  };
}

/** A line for each change of a role's state, and one for the first thing that it waits for, for pipes and logs. */
export function plainView(startMs: number): RunView {
  const shown = new Map<string, string>();
  return {
    role(status, picture) {
      const state = `${status.state} ${status.attempt}`;
      const isIdle = status.state === "waiting" && status.waitingFor.length === 0;
      if (isIdle || shown.get(status.id) === state) return;
      shown.set(status.id, state);
      const seconds = Math.max(0, (status.atMs - startMs) / 1000).toFixed(2);
      process.stdout.write(`${seconds.padStart(7)} s  ${status.id} ${plainState(status, picture)}\n`);
    },
    note: (text) => void process.stdout.write(`${text}\n`),
    done: (result) => void process.stdout.write(summary(result, (_, text) => text)),
  };
}

function plainState(status: RoleStatus, picture: Picture): string {
  if (status.state === "waiting") return `waits for ${listCells(status.waitingFor.map(({ cell }) => showCell(cell)))}`;
  if (status.state === "running") return status.attempt > 1 ? `running, attempt ${status.attempt}` : "running";
  return roleLine(picture, status, status.atMs);
}

/** One line a role, redrawn in place; `roles` are all that will be, in the order to show. */
export function liveView(roles: string[], terminal: NodeJS.WriteStream): RunView {
  let picture: Picture | undefined;
  let drawn = 0;
  let dirty = false;
  let ended = false;
  const width = Math.max(...roles.map((id) => id.length));
  const colour = (name: Parameters<typeof styleText>[0], text: string): string =>
    terminal.hasColors() ? styleText(name, text) : text;
  const timer = setInterval(() => draw(), 100).unref();
  let lastDrawnMs = 0;

  function draw(force = false, rows = (terminal.rows ?? 24) - 2): void {
    // Running times go on even when nothing happens.
    if (!force && !dirty && Date.now() - lastDrawnMs < 1000) return;
    dirty = false;
    lastDrawnMs = Date.now();
    const lines = fit(roles, picture, rows).map((line) => paint(line));
    terminal.write(`${drawn > 0 ? `\x1b[${drawn}A` : ""}\x1b[0J${lines.join("")}`);
    drawn = lines.length;
  }

  function paint(line: string): string {
    const status = picture?.roles.get(line);
    const { sign, colour: name } = marks[status?.state ?? "waiting"];
    if (!roles.includes(line)) return `  ${colour("gray", line)}\n`;
    const what = status === undefined || picture === undefined ? "its vm starts" : roleLine(picture, status, Date.now());
    const text = cut(`${line.padEnd(width)}  ${oneLine(what)}`, (terminal.columns ?? 80) - 5);
    return `  ${colour(name, sign)} ${status?.state === "running" ? text : status?.state === "failed" ? colour("red", text) : colour("gray", text)}\n`;
  }

  return {
    role(_, now) {
      picture = now;
      dirty = true;
    },
    note(text) {
      if (ended) return void terminal.write(`${text}\n`);
      if (drawn > 0) terminal.write(`\x1b[${drawn}A\x1b[0J`);
      drawn = 0;
      terminal.write(`${text}\n`);
      draw(true);
    },
    done(result) {
      clearInterval(timer);
      ended = true;
      picture = result.picture;
      draw(true, roles.length);
      terminal.write(summary(result, colour));
    },
  };
}

// On a low terminal, roles that have ended or only wait for their turn give way, and a last line counts what is not shown.
function fit(roles: string[], picture: Picture | undefined, rows: number): string[] {
  if (roles.length <= rows) return roles;
  const statuses = roles.map((id) => picture?.roles.get(id));
  const open = roles.filter((_, index) => statuses[index] === undefined || !hasEnded(statuses[index]));
  const idle = new Set(
    roles.filter((_, index) => statuses[index]?.waitingFor.length === 0 && statuses[index]?.state === "waiting"),
  );
  const chosen = new Set([...open.filter((id) => !idle.has(id)), ...open.filter((id) => idle.has(id))].slice(0, rows - 1));
  const ended = roles.length - open.length;
  return [
    ...roles.filter((id) => chosen.has(id)),
    `${ended} of ${roles.length} roles have ended, ${open.length - chosen.size} more are open`,
  ];
}

function summary(result: RunResult, colour: (name: "bold" | "red" | "green" | "gray", text: string) => string): string {
  const lines: string[] = [""];
  const names = Object.keys(result.outputs);
  if (names.length > 0) {
    lines.push(colour("bold", "outputs"));
    const width = Math.max(...names.map((name) => name.length));
    for (const name of names) lines.push(`  ${name.padEnd(width)}  ${showOutput(result.outputs[name] as Json)}`);
    lines.push("");
  }
  lines.push(...failures(result.picture, colour));
  const roles = [...result.picture.roles.values()];
  const counts = (Object.keys(marks) as RoleState[])
    .map((state) => ({ state, count: roles.filter((role) => role.state === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${state}`);
  const verdict = result.ok ? colour("green", "done") : colour("red", result.reason ?? "failed");
  const vms = new Set(roles.map((role) => role.id.slice(0, role.id.lastIndexOf(".")))).size;
  lines.push(`${verdict}: ${plural(roles.length, "role")} on ${plural(vms, "vm")} (${counts.join(", ")})`);
  if (result.makespanMs > 0)
    lines.push(`makespan ${seconds(result.makespanMs)}, critical path ${seconds(result.criticalPathMs)}`);
  return `${lines.join("\n")}\n`;
}

// Each root with its log, then what failed or was skipped because of it.
function failures(picture: Picture, colour: (name: "red" | "gray", text: string) => string): string[] {
  const lines: string[] = [];
  const lost = [...picture.roles.values()].filter(
    (role) => role.state === "failed" || (role.state === "skipped" && role.origin !== undefined),
  );
  for (const root of lost.filter((role) => role.state === "failed" && (role.origin === undefined || role.origin === role.id))) {
    lines.push(colour("red", `${root.id} failed: ${root.error ?? ""}`));
    if (root.logTail !== undefined && root.logTail !== "")
      for (const line of root.logTail.split("\n")) lines.push(colour("gray", `  | ${line}`));
    for (const role of lost) {
      if (role.origin !== root.id || role.id === root.id) continue;
      lines.push(`  so ${role.id} ${role.state === "failed" ? `failed: ${oneLine(role.error ?? "")}` : "was skipped"}`);
    }
    lines.push("");
  }
  return lines;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function showOutput(value: Json): string {
  return typeof value === "string" ? value.replace(/\n$/, "").replaceAll("\n", "\n    ") : JSON.stringify(value);
}

function seconds(ms: number): string {
  return ms < 100_000 ? `${(ms / 1000).toFixed(2)} s` : span(ms);
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " / ");
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;
}
