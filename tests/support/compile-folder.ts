// The folders of examples/ and tests/golden: compiles them, and writes what is emitted where the Heat engine can read it.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { listFiles } from "../../src/cli/list-files.ts";
import { compile, type Compiled, type CompilerInput, type Emitted } from "../../src/compiler/compile.ts";

export const root: string = join(import.meta.dirname, "../..");

/** Every folder with a template, as `examples/shop`. */
export const folders: string[] = ["examples", "tests/golden"].flatMap((parent) =>
  readdirSync(join(root, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, parent, entry.name, "stack.yaml")))
    .map((entry) => `${parent}/${entry.name}`),
);

/** Compiles a folder's stack.yaml with its environments and parameters.json. Names in diagnostics are relative to the folder, so that they are the same everywhere. */
export function compileFolder(
  folder: string,
  run: (input: CompilerInput) => Compiled = compile,
): { compiled: Compiled; sources: Map<string, string> } {
  const sources = new Map<string, string>();
  const read = (name: string): string | undefined => {
    const file = join(root, folder, name);
    const text = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    if (text !== undefined) sources.set(name, text);
    return text;
  };
  const text = read("stack.yaml") ?? "";
  const environments = ["env.yaml", "env-2.yaml"].flatMap((file) => {
    const content = read(file);
    return content === undefined ? [] : [{ file, text: content }];
  });
  const parameters = JSON.parse(read("parameters.json") ?? "{}") as Record<string, string>;
  const compiled = run({
    file: "stack.yaml",
    text,
    environments,
    parameters: Object.entries(parameters).map(([name, value]) => ({ name, value })),
    host: {
      readFile: read,
      listFiles: (_folder, path) => listFiles(join(root, folder), path)?.files,
      sha256: (content) => createHash("sha256").update(content).digest("hex"),
    },
  });
  return { compiled, sources };
}

/** Writes template.yaml and template.yaml.d/ to `target`, with the files of the template's own folder beside it; returns the path of the template. */
export function writeEmitted({ hot, files }: Emitted, target: string, folder?: string): string {
  const file = join(target, "template.yaml");
  mkdirSync(`${file}.d`, { recursive: true });
  if (folder !== undefined) {
    const isPartOfIt = (path: string): boolean => basename(path) !== "expected";
    cpSync(join(root, folder), target, { recursive: true, filter: isPartOfIt });
  }
  writeFileSync(file, hot);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(`${file}.d`, name), text);
  return file;
}
