// The end of a run in words.
import type { Json } from "../model/json.ts";
import type { RoleState } from "../model/status.ts";
import { type Picture, span } from "../monitor/picture.ts";
import { oneLine, type RunResult, splitRoleId, stateMarks, type Style } from "./run-view.ts";

/** The end of a run in words: outputs, what failed and why, counts, how long it took. `paint` gives a text its style. */
export function summarizeRun(result: RunResult, paint: (style: Style, text: string) => string): string {
  const lines: string[] = [""];
  const names = Object.keys(result.outputs);
  if (names.length > 0) {
    lines.push(paint("bold", "outputs"));
    const width = Math.max(...names.map((name) => name.length));
    for (const name of names) lines.push(`  ${name.padEnd(width)}  ${showOutput(result.outputs[name] as Json)}`);
    lines.push("");
  }
  lines.push(...failures(result.picture, paint));
  const roles = [...result.picture.roles.values()];
  const counts = (Object.keys(stateMarks) as RoleState[])
    .map((state) => ({ state, count: roles.filter((role) => role.state === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${state}`);
  const verdict = result.ok ? paint("green", "done") : paint("red", result.reason ?? "failed");
  const vms = new Set(roles.map((role) => splitRoleId(role.id).vm)).size;
  lines.push(`${verdict}: ${plural(roles.length, "role")} on ${plural(vms, "vm")} (${counts.join(", ")})`);
  if (result.makespanMs > 0)
    lines.push(`makespan ${seconds(result.makespanMs)}, critical path ${seconds(result.criticalPathMs)}${predicted(result)}`);
  return `${lines.join("\n")}\n`;
}

// Each root with its log, then what failed or was skipped because of it.
function failures(picture: Picture, paint: (style: Style, text: string) => string): string[] {
  const lines: string[] = [];
  const lost = [...picture.roles.values()].filter(
    (role) => role.state === "failed" || (role.state === "skipped" && role.origin !== undefined),
  );
  for (const root of lost.filter((role) => role.state === "failed" && (role.origin === undefined || role.origin === role.id))) {
    lines.push(paint("red", `${root.id} failed: ${root.error ?? ""}`));
    if (root.logTail !== undefined && root.logTail !== "")
      for (const line of root.logTail.split("\n")) lines.push(paint("gray", `  | ${line}`));
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

function predicted({ predictedMs, makespanMs }: RunResult): string {
  if (predictedMs === undefined) return "";
  const percent = ((makespanMs - predictedMs) / predictedMs) * 100;
  return `, predicted from the run before ${seconds(predictedMs)} (${percent < 0 ? "" : "+"}${percent.toFixed(1)} %)`;
}
