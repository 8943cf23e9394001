// Compares weft's verdict on every HOT file of a folder with the real Heat engine's, before and after compilation, and prints a page.
//
//     node tools/conformance.ts FOLDER NAME > docs/conformance.md      (NAME: what the folder holds, for the page's first line)
//
// Needs Debian's python3-heat, python3-heatclient and, from heat-common, /etc/heat/environment.d (or HEAT_ENVIRONMENT_DIR names that folder).
// The folder is not changed.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { compile, type Compiled } from "../src/compiler/compile.ts";

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
      if (emitted === undefined) continue;
      writeFileSync(join(output, file), emitted.hot);
      mkdirSync(join(output, `${file}.d`), { recursive: true });
      for (const [name, text] of Object.entries(emitted.files)) writeFileSync(join(output, `${file}.d`, name), text);
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

function brief(text: string): string {
  const line = text
    .replaceAll(/\s+/g, " ")
    .replaceAll("|", "\\|")
    .replaceAll(/file:\/\/\S*weft-conformance-[^/]*\/(input\/)?/g, "");
  return line.length > 150 ? `${line.slice(0, 150)}...` : line;
}

const [folder, name] = process.argv.slice(2);
if (folder === undefined || name === undefined) throw new Error("usage: node tools/conformance.ts FOLDER NAME");
const cases = examine(folder);
const accepted = cases.filter(({ before }) => before.error === null);
const refused = cases.filter(({ before }) => before.error !== null);
const deviations = cases.flatMap((one) => {
  const deviation = findDeviation(one);
  return deviation === undefined ? [] : [`| ${one.file} | ${brief(deviation)} |`];
});
const version = execFileSync(python, ["-c", "from importlib import metadata; print(metadata.version('openstack-heat'))"], {
  encoding: "utf8",
}).trim();
const count = (wanted: (one: Case) => boolean): number => accepted.filter(wanted).length;

process.stdout.write(`# Conformance

Made by \`node tools/conformance.ts FOLDER NAME\` from ${name}, judged by Heat ${version} as \`openstack orchestration template validate\` does,
without parameters and environments. Every HOT file was shown to the engine, compiled, and what came out was shown to the engine again.

| files | |
|---|---|
| HOT files | ${cases.length} |
| accepted by Heat | ${accepted.length} |
| of these: \`weft check\` has no error and no warning | ${count(({ errors, warnings }) => errors.length + warnings.length === 0)} |
| of these: what \`weft compile\` makes is accepted by Heat | ${count(({ after }) => after?.error === null)} |
| of these: what Heat's client then sends is the same, value by value, files included | ${count(({ before, after }) => before.digest === after?.digest)} |
| refused by Heat | ${refused.length} |
| of these: weft refuses them or says why Heat may | ${refused.filter((one) => findDeviation(one) === undefined).length} |

## Deviations

${deviations.length === 0 ? "None." : `| file | deviation |\n|---|---|\n${deviations.join("\n")}`}

## Refused by Heat

| file | Heat | weft |
|---|---|---|
${refused.map(({ file, before, errors, warnings, notes }) => `| ${file} | ${brief(before.error ?? "")} | ${brief([...errors, ...warnings, ...notes].join("; ") || "nothing")} |`).join("\n")}
`);
