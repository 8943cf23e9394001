// Compares weft's verdict on every HOT file of a folder with the real Heat engine's, before and after compilation, and prints a page.
//
//     node tools/conformance.ts FOLDER NAME > docs/conformance.md             (NAME: what the folder holds, for the page's first line)
//     node tools/conformance.ts --each FOLDER... > docs/conformance-public.md   (a line for each; its name is what it holds, with + for /)
//
// Needs Debian's python3-heat, python3-heatclient and, from heat-common, /etc/heat/environment.d (or HEAT_ENVIRONMENT_DIR names that folder).
// The folder is not changed.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { compile, type Compiled, type Emitted } from "../src/compiler/compile.ts";

const python = "/usr/bin/python3";
const judge = join(import.meta.dirname, "../tests/system/heat-accepts.py");

interface Verdict {
  error: string | null;
  /** Of all that Heat's client would send. */
  digest: string | null;
}

interface Case {
  file: string;
  before: Verdict;
  /** Of what weft has emitted; absent when weft refuses the file. */
  after: Verdict | undefined;
  errors: string[];
  warnings: string[];
  notes: string[];
  /** It has no deployments of which roles were made, so nothing of ours is added. */
  isTheSame: boolean;
}

function compileFile(file: string): Compiled {
  const readFile = (path: string): string | undefined => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  };
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
  const text = readFileSync(file, "utf8");
  return compile({
    file,
    text,
    environments: [],
    parameters: [],
    host: { readFile, listFiles: () => undefined, sha256 },
    output: basename(file),
  });
}

function askHeat(files: string[], cwd: string): Verdict[] {
  const answer = execFileSync(python, [judge, ...files], { cwd, encoding: "utf8", maxBuffer: 2 ** 28 });
  return JSON.parse(answer) as Verdict[];
}

function examine(folder: string): Case[] {
  const scratch = mkdtempSync(join(tmpdir(), "weft-conformance-"));
  try {
    const [input, output] = [join(scratch, "input"), join(scratch, "output")];
    cpSync(folder, input, { recursive: true });
    cpSync(folder, output, { recursive: true });
    const files = readdirSync(input, { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(ya?ml|hot|template)$/.test(file))
      .filter((file) => /^["']?heat_template_version/m.test(readFileSync(join(input, file), "utf8")))
      .sort();
    const before = askHeat(files, input);
    const compiled = files.map((file) => compileFile(join(input, file)));
    for (const [index, file] of files.entries()) {
      const emitted = compiled[index]?.emitted;
      if (emitted !== undefined) writeEmitted(join(output, file), emitted);
    }
    const after = askHeat(files, output);
    return files.map((file, index) => {
      const { report, emitted } = compiled[index] as Compiled;
      const said = (severity: string): string[] =>
        report.diagnostics.filter((one) => one.severity === severity).map(({ code, message }) => `${code}: ${message}`);
      return {
        file,
        before: before[index] as Verdict,
        after: emitted === undefined ? undefined : after[index],
        errors: said("error"),
        warnings: said("warning"),
        notes: said("note"),
        isTheSame: emitted === undefined || Object.keys(emitted.files).length === 0,
      };
    });
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

// What stands in other files' place would be judged in their place too, so each set has a folder of its own beside it.
function writeEmitted(file: string, { hot, files }: Emitted): void {
  writeFileSync(file, hot);
  if (Object.keys(files).length === 0) return;
  mkdirSync(`${file}.d`, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(`${file}.d`, name), text);
}

/** What is wrong with a case; undefined when weft and Heat agree. */
function findDeviation({ before, after, errors, warnings, notes, isTheSame }: Case): string | undefined {
  if (before.error !== null) {
    if (errors.length + warnings.length + notes.length > 0) return undefined;
    return "Heat refuses it, weft says nothing";
  }
  if (errors.length > 0) return `weft refuses what Heat accepts: ${errors[0]}`;
  if (warnings.length > 0) return `weft warns of what Heat accepts: ${warnings[0]}`;
  if (after?.error !== null) return `Heat refuses what weft has emitted: ${after?.error}`;
  return !isTheSame || before.digest === after.digest ? undefined : "what weft has emitted is not the same as data";
}

function countNotes(notes: string[], kind: "is-role" | "stays"): number {
  return notes.filter((note) => note.startsWith(`deployment-${kind}:`)).length;
}

function brief(text: string): string {
  const line = text
    .replaceAll(/\s+/g, " ")
    .replaceAll("|", "\\|")
    .replaceAll(/file:\/\/\S*weft-conformance-[^/]*\/(input\/)?/g, "");
  return line.length > 150 ? `${line.slice(0, 150)}...` : line;
}

function heatVersion(): string {
  const script = "from importlib import metadata; print(metadata.version('openstack-heat'))";
  return execFileSync(python, ["-c", script], { encoding: "utf8" }).trim();
}

function describeFolder(folder: string, name: string): string {
  const cases = examine(folder);
  const accepted = cases.filter(({ before }) => before.error === null);
  const refused = cases.filter(({ before }) => before.error !== null);
  const deviations = cases.flatMap((one) => {
    const deviation = findDeviation(one);
    return deviation === undefined ? [] : [`| ${one.file} | ${brief(deviation)} |`];
  });
  const withDeployments = cases.filter(({ notes }) => countNotes(notes, "is-role") + countNotes(notes, "stays") > 0);
  const count = (wanted: (one: Case) => boolean): number => accepted.filter(wanted).length;

  return `# Conformance

Made by \`node tools/conformance.ts FOLDER NAME\` from ${name}, judged by Heat ${heatVersion()} as \`openstack orchestration template validate\` does,
without parameters and environments. Every HOT file was shown to the engine, compiled, and what came out was shown to the engine again.

| files | |
|---|---|
| HOT files | ${cases.length} |
| accepted by Heat | ${accepted.length} |
| of these: \`weft check\` has no error and no warning | ${count(({ errors, warnings }) => errors.length + warnings.length === 0)} |
| of these: what \`weft compile\` makes is accepted by Heat | ${count(({ after }) => after?.error === null)} |
| of these: no deployment of Heat's own has become a role of weft | ${count(({ isTheSame }) => isTheSame)} |
| of these: what Heat's client then sends is the same, value by value, files included | ${count(({ isTheSame, before, after }) => isTheSame && before.digest === after?.digest)} |
| refused by Heat | ${refused.length} |
| of these: weft refuses them or says why Heat may | ${refused.filter((one) => findDeviation(one) === undefined).length} |

## Deviations

${deviations.length === 0 ? "None." : `| file | deviation |\n|---|---|\n${deviations.join("\n")}`}

## Deployments of Heat's own

| file | have become roles | stay with Heat |
|---|---|---|
${withDeployments.map(({ file, notes }) => `| ${file} | ${countNotes(notes, "is-role")} | ${countNotes(notes, "stays")} |`).join("\n")}

## Refused by Heat

| file | Heat | weft |
|---|---|---|
${refused.map(({ file, before, errors, warnings, notes }) => `| ${file} | ${brief(before.error ?? "")} | ${brief([...errors, ...warnings, ...notes].join("; ") || "nothing")} |`).join("\n")}
`;
}

function describeFolders(folders: string[]): string {
  const deviations: string[] = [];
  const totals = [0, 0, 0, 0];
  const rows = folders.map((folder) => {
    const name = basename(folder).replace("+", "/");
    const cases = examine(folder);
    const accepted = cases.filter(({ before }) => before.error === null);
    const taken = accepted.filter(({ after }) => after?.error === null);
    const changed = taken.filter(({ isTheSame, before, after }) => isTheSame && before.digest !== after?.digest);
    for (const one of accepted.filter((each) => !taken.includes(each) || changed.includes(each)))
      deviations.push(`| ${name}: ${one.file} | ${brief(findDeviation(one) ?? "")} |`);
    const counts = [cases.length, accepted.length, taken.length, changed.length];
    for (const [index, count] of counts.entries()) totals[index] = (totals[index] ?? 0) + count;
    return `| ${name} | ${counts.join(" | ")} |`;
  });
  return `# Other public templates

Made by \`node tools/conformance.ts --each FOLDER...\`, judged by Heat ${heatVersion()} as conformance.md says. \`template validate\` looks less closely than a creation
does: it takes parameters that are not declared, parameters of nested templates that have no value or a default that does not fit, and attributes that no member of a
group has. No stack can be made of these without an environment. "Changed": what Heat's client then sends is not the same, though no deployment of Heat's own has become a role.

| repository | HOT files | accepted by Heat | of these compiled, and accepted again | changed |
|---|---|---|---|---|
${rows.join("\n")}
| all | ${totals.join(" | ")} |

## What Heat accepts and weft does not

${deviations.length === 0 ? "Nothing." : `| file | deviation |\n|---|---|\n${deviations.join("\n")}`}
`;
}

const [first, ...rest] = process.argv.slice(2);
const [name] = rest;
if (first === undefined || name === undefined) throw new Error("usage: node tools/conformance.ts FOLDER NAME | --each FOLDER...");
process.stdout.write(first === "--each" ? describeFolders(rest) : describeFolder(first, name));
