// weft simulate: predicted makespan and critical path, on a virtual clock.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { withoutIndexes } from "../../model/cell.ts";
import { parseDuration } from "../../model/parse-duration.ts";
import { predict, type Prediction, type Profile } from "../../compiler/2-analyze/predict.ts";
import { suggestNearest } from "../../diagnostics/nearest.ts";
import { messageOf } from "../../model/failure.ts";
import type { Flow } from "../../model/flow.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { compileFromOptions, templateFlags, templateHelp } from "../template-options.ts";

export const command = {
  summary: "predict makespan and critical path from durations",
  help: `
usage: weft simulate T [--durations FILE] [--set VM.ROLE=TIME]... [--count GROUP=N]... [options]

Predicts when each role of template T starts and ends if every role starts as soon as what it reads exists and runs as long as said.
A duration for app[*].serve holds for all members of the group, one for app[2].serve for that member. Roles without one take no time.

  --durations FILE          JSON in ms: {"db.mysql": 1200, ...}
  --set VM.ROLE=TIME        one duration: 30s, 500ms, 2m; wins over the file
  --count GROUP=N           the size of a group whose count is a parameter
  --json                    {makespanMs, criticalPath: [ID, ...], roles: [{id, startMs, endMs}]}
${templateHelp}

exit: 0 done, 1 template wrong, 2 usage`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...templateFlags,
        durations: { type: "string" },
        set: { type: "string", multiple: true },
        count: { type: "string", multiple: true },
        json: { type: "boolean" },
      },
    });
    const counts = Object.fromEntries((values.count ?? []).map(readCount));
    const compiled = compileFromOptions(positionals, values, counts);
    if (compiled === undefined) return exitCodes.template;
    const groups = compiled.resolved.vms.flatMap(({ group, outer = [] }) =>
      group === undefined ? [] : [...outer, group].map(({ name }) => withoutIndexes(name)),
    );
    for (const group of Object.keys(counts)) if (!groups.includes(group)) throw unknownName("--count", "group", group, groups);

    const durations = { ...readDurations(values.durations), ...Object.fromEntries((values.set ?? []).map(readDurationFlag)) };
    const prediction = predict(compiled.flow, profilesFor(compiled.flow, durations));
    process.stdout.write(values.json === true ? `${JSON.stringify(prediction, null, 2)}\n` : showPrediction(prediction));
    return exitCodes.done;
  },
} satisfies Command;

function readCount(text: string): [string, number] {
  const match = /^(.+)=(\d{1,6})$/s.exec(text);
  if (match === null) throw new UsageError(`--count ${text}: GROUP=N is expected`);
  return [match[1] as string, Number(match[2])];
}

function readDurationFlag(text: string): [string, number] {
  const equals = text.lastIndexOf("=");
  const durationMs = equals < 1 ? undefined : parseDuration(text.slice(equals + 1));
  if (durationMs === undefined) throw new UsageError(`--set ${text}: VM.ROLE=TIME is expected, as in db.mysql=30s`);
  return [text.slice(0, equals), durationMs];
}

function readDurations(file: string | undefined): Record<string, number> {
  if (file === undefined) return {};
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`--durations ${file}: ${messageOf(error)}`);
  }
  const isMap = document !== null && typeof document === "object" && !Array.isArray(document);
  const entries = isMap ? Object.entries(document as Record<string, unknown>) : undefined;
  if (entries?.every((entry): entry is [string, number] => typeof entry[1] === "number" && entry[1] >= 0) !== true) {
    throw new UsageError(`--durations ${file}: {"VM.ROLE": MILLISECONDS, ...} is expected`);
  }
  return Object.fromEntries(entries);
}

// A duration of app[*].serve is every member's; a member's own wins.
function profilesFor(flow: Flow, durations: Record<string, number>): Record<string, Profile> {
  const whole = (id: string): string => id.replace(/\[\d+\]/g, "[*]");
  const known = [...new Set(flow.roles.flatMap(({ id }) => [id, whole(id)]))];
  for (const id of Object.keys(durations)) if (!known.includes(id)) throw unknownName("durations", "role", id, known);
  return Object.fromEntries(flow.roles.map(({ id }) => [id, { durationMs: durations[id] ?? durations[whole(id)] ?? 0 }]));
}

function unknownName(where: string, what: string, name: string, names: string[]): UsageError {
  const hint = suggestNearest(name, names);
  return new UsageError(`${where}: the template has no ${what} "${name}"${hint === undefined ? "" : `; ${hint}`}`);
}

function showPrediction({ makespanMs, criticalPath, roles }: Prediction): string {
  const width = Math.max(0, ...roles.map(({ id }) => id.length));
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)} s`.padStart(12);
  const rows = roles.map(({ id, startMs, endMs }) => `${id.padEnd(width)}${seconds(startMs)} to${seconds(endMs)}\n`);
  return `${rows.join("")}makespan ${(makespanMs / 1000).toFixed(3)} s, critical path: ${criticalPath.join(" -> ")}\n`;
}
