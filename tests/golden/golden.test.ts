// Compiles every folder of examples/ and of this one, and compares with what lies in its expected/. UPDATE_GOLDEN=1 rewrites that;
// a file that is missing there is written at home and is a failure in CI.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { graphFormats } from "../../src/cli/show-graph.ts";
import { check } from "../../src/compiler/check.ts";
import type { Compiled } from "../../src/compiler/compile.ts";
import { catalogue } from "../../src/diagnostics/catalogue.ts";
import { renderText } from "../../src/diagnostics/render.ts";
import { compileFolder, folders, root } from "../support/compile-folder.ts";

const isUpdate = process.env["UPDATE_GOLDEN"] === "1";
const isCi = process.env["CI"] !== undefined && process.env["CI"] !== "";

test.for(folders)("%s compiles to what is expected", (folder) => {
  const expected = join(root, folder, "expected");
  const made = makeAll(folder);
  const kept = existsSync(expected) ? readdirSync(expected, { recursive: true, withFileTypes: true }) : [];
  const stale = kept
    .filter((entry) => entry.isFile())
    .map((entry) => relative(expected, join(entry.parentPath, entry.name)))
    .filter((name) => !made.has(name));
  if (isUpdate) for (const name of stale) rmSync(join(expected, name));
  else expect(stale, "files in expected/ that are no longer made").toEqual([]);

  for (const [name, text] of made) {
    const file = join(expected, name);
    if (isUpdate || (!existsSync(file) && !isCi)) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    expect(existsSync(file), `${folder}/expected/${name} is missing: run with UPDATE_GOLDEN=1 and look at it`).toBe(true);
    expect(text, name).toBe(readFileSync(file, "utf8"));
  }
});

test.for(folders)("%s: a check reports what compiling reports", (folder) => {
  const { compiled, sources } = compileFolder(folder);
  const checked = compileFolder(folder, check);
  expect(checked.compiled.emitted).toBeUndefined();
  expect(renderText(checked.compiled.report.diagnostics, checked.sources)).toBe(renderText(compiled.report.diagnostics, sources));
});

test("every diagnostic of the catalogue has a golden case", () => {
  const texts = folders.map((folder) => {
    const file = join(root, folder, "expected/diagnostics.txt");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  });
  const shown = new Set([...texts.join("").matchAll(/: (?:error|warning|note)\[([a-z-]+)\]: /g)].map(([, code]) => code));
  // A file that shows this would be too large to keep: see tests/fuzz/hostile-templates.test.ts.
  shown.add("file-too-large");
  // And what shows this: see src/compiler/1-parse/parse-options.test.ts.
  shown.add("bundle-too-large");
  expect(Object.keys(catalogue).filter((code) => !shown.has(code))).toEqual([]);
});

// File name -> text.
function makeAll(folder: string): Map<string, string> {
  const { compiled, sources } = compileFolder(folder);
  const diagnostics = renderText(compiled.report.diagnostics, sources);
  return new Map([...(diagnostics === "" ? [] : [["diagnostics.txt", diagnostics] as const]), ...filesOf(compiled)]);
}

function filesOf({ emitted, flow }: Compiled): [string, string][] {
  if (emitted === undefined || flow === undefined) return [];
  // What is the same in every stack is kept once.
  const files = Object.entries(emitted.files).filter(([name]) => name !== "weft.boot.yaml");
  return [
    ["template.yaml", emitted.hot],
    ["graph.txt", graphFormats.text(flow)],
    ...files.map(([name, text]): [string, string] => [`template.yaml.d/${name}`, text]),
  ];
}
