// weft simulate: predicted makespan and critical path, on a virtual clock.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { withoutIndexes } from "../../model/cell.ts";
import { parseDuration } from "../../model/parse-duration.ts";
import { predict, type Prediction, type Profile } from "../../monitor/predict.ts";
import { suggestNearest } from "../../diagnostics/nearest.ts";
import { messageOf } from "../../model/failure.ts";
import type { Flow } from "../../model/flow.ts";
import { advise, type Advice, findIdle } from "../../monitor/advise.ts";
import type { Profiles } from "../../monitor/estimate.ts";
import { readHistory } from "../run-history.ts";
import { stackName } from "../stack-name.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { compileFromOptions } from "../load-template.ts";
import { templateFlags, templateHelp } from "../template-options.ts";

export const command = {
  summary: "predict makespan and critical path from durations",
  help: `
usage: weft simulate T [--durations FILE] [--set VM.ROLE=TIME]... [--count GROUP=N]... [options]

Predicts when each role of template T starts and ends if every role starts as soon as what it reads exists and runs as long as said.
A duration for app[*].serve holds for all members of the group, one for app[2].serve for that member. Roles without one take no time.
Without --durations and --set, those of the last "weft up" of this stack on this machine are taken. Ends with what could be done sooner: which
input is worth asking for later (lazily), which role is worth splitting, so that its readers need not wait for its end.

  --durations FILE          JSON in ms: {"db.mysql": 1200, ...}
  --set VM.ROLE=TIME        one duration: 30s, 500ms, 2m; wins over the file
  --count GROUP=N           the size of a group whose count is a parameter
  --json                    {makespanMs, criticalPath: [ID, ...], roles: [{id, startMs, endMs}], idle: [{vm, idleMs}], advice: [{kind, role, gainMs, ...}]}
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
    const compiled = compileFromOptions(positionals, values, { counts });
    if (compiled === undefined) return exitCodes.template;
    const groups = compiled.resolved.vms.flatMap(({ group, outer = [] }) =>
      group === undefined ? [] : [...outer, group].map(({ name }) => withoutIndexes(name)),
    );
    for (const group of Object.keys(counts)) if (!groups.includes(group)) throw unknownName("--count", "group", group, groups);

    const { flow } = compiled;
    const set = Object.fromEntries((values.set ?? []).map(readDurationFlag));
    const recorded = values.durations === undefined ? readHistory(stackName(compiled.template.file)) : undefined;
    if (recorded !== undefined) process.stderr.write(`durations of the run of ${new Date(recorded.atMs).toLocaleString()}\n`);
    const profiles = {
      ...knownProfiles(flow, recorded?.roles ?? {}),
      ...profilesFor(flow, { ...readDurations(values.durations), ...set }),
    };
    const prediction = predict(flow, profiles);
    const thoughts = { idle: findIdle(flow, prediction), advice: advise(flow, profiles, prediction) };
    const json = values.json === true;
    process.stdout.write(
      json ? `${JSON.stringify({ ...prediction, ...thoughts }, null, 2)}\n` : showPrediction(prediction, thoughts),
    );
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
  const given = (id: string): number | undefined => durations[id] ?? durations[whole(id)];
  return Object.fromEntries(
    flow.roles.flatMap(({ id }) => (given(id) === undefined ? [] : [[id, { durationMs: given(id) as number }]])),
  );
}

// Members that were not there in the recorded run, or a group whose size is not known, take as long as the first member did.
function knownProfiles(flow: Flow, recorded: Profiles): Record<string, Profile> {
  const profileOf = (id: string): Profile | undefined =>
    recorded[id] ?? withoutMarks(recorded[id.replace(/\[(\d+|\*)\]\./, "[0].")]);
  return Object.fromEntries(
    flow.roles.flatMap(({ id }) => (profileOf(id) === undefined ? [] : [[id, profileOf(id) as Profile]])),
  );
}

// Marks name the cells of the member that they were taken from.
function withoutMarks(profile: Profile | undefined): Profile | undefined {
  return profile === undefined ? undefined : { durationMs: profile.durationMs };
}

function unknownName(where: string, what: string, name: string, names: string[]): UsageError {
  const hint = suggestNearest(name, names);
  return new UsageError(`${where}: the template has no ${what} "${name}"${hint === undefined ? "" : `; ${hint}`}`);
}

interface Thoughts {
  idle: { vm: string; idleMs: number }[];
  advice: Advice[];
}

const mostIdle = 6;

function showPrediction({ makespanMs, criticalPath, roles }: Prediction, { idle, advice }: Thoughts): string {
  const width = Math.max(0, ...roles.map(({ id }) => id.length));
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)} s`.padStart(12);
  const rows = roles.map(({ id, startMs, endMs }) => `${id.padEnd(width)}${seconds(startMs)} to${seconds(endMs)}\n`);
  const idlest = idle.filter(({ idleMs }) => idleMs > 0).toSorted((left, right) => right.idleMs - left.idleMs);
  const waits = idlest.slice(0, mostIdle).map(({ vm, idleMs }) => `${vm} ${(idleMs / 1000).toFixed(3)} s`);
  const more = idlest.length > mostIdle ? ` and ${idlest.length - mostIdle} more vms` : "";
  return [
    rows.join(""),
    `makespan ${(makespanMs / 1000).toFixed(3)} s, critical path: ${criticalPath.join(" -> ")}\n`,
    waits.length === 0 ? "" : `idle: ${waits.join(", ")}${more}\n`,
    ...advice.map((one) => `advice: ${showAdvice(one)}, up to ${(one.gainMs / 1000).toFixed(3)} s sooner\n`),
  ].join("");
}

function showAdvice(advice: Advice): string {
  if (advice.kind === "split")
    return `split ${advice.role}, or publish its outputs at once (publish: on_write): readers need not wait for its end`;
  return `let ${advice.role} ask for ${advice.input} (of ${advice.from}) where it needs it (when: lazy), not before its start`;
}
