// Compiles a template given as text, for tests. Files are those that are handed in.
import { createHash } from "node:crypto";
import type { FoundFile } from "../../src/model/bundle.ts";
import { compile, type Compiled, type Emitted } from "../../src/compiler/compile.ts";

/** Compiles `resources` (and what follows it) of a template; `files` are what get_file finds, and what lies in folders that travel. */
export function compileText(
  resources: string,
  files: Record<string, string> = {},
  counts: Record<string, number> = {},
  version = "2018-08-31",
): Compiled {
  return compile({
    file: "stack.yaml",
    text: `heat_template_version: ${version}\n${resources}`,
    environments: [],
    parameters: [],
    counts,
    host: {
      readFile: (name) => files[name],
      listFiles: (_folder, path) => listBelow(files, path),
      sha256: (text) => createHash("sha256").update(text).digest("hex"),
    },
  });
}

function listBelow(files: Record<string, string>, folder: string): FoundFile[] | undefined {
  const below = Object.entries(files).filter(([name]) => name.startsWith(`${folder}/`));
  if (below.length === 0) return undefined;
  return below.map(([name, text]) => {
    const path = name.slice(folder.length + 1);
    return { path, kind: "file", sizeBytes: text.length, executable: false, read: () => ({ text }) };
  });
}

/** As compileText, for a template that must be without errors. */
export function emitText(resources: string, files: Record<string, string> = {}, version?: string): Emitted {
  const { report, emitted } = compileText(resources, files, {}, version);
  if (emitted === undefined) throw new Error(report.diagnostics.map(({ code, message }) => `${code}: ${message}`).join("\n"));
  return emitted;
}

/** The codes of all diagnostics with the text of line and column, notes left out. */
export function problemsOf({ report }: Compiled): string[] {
  return report.diagnostics
    .filter(({ severity }) => severity !== "note")
    .map(({ code, span }) => `${code} at ${span.line}:${span.column}`);
}

/** A vm with roles, or with `count` a group of such vms, as a resource of a template. `roles` is YAML in flow style. */
export function vm(name: string, roles: string, options: { count?: string; order?: string } = {}): string {
  const weft = `{tool: script, order: ${options.order ?? "listed"}, roles: ${roles}}`;
  const definition = `type: OS::Nova::Server, properties: {image: i, flavor: f}, metadata: {weft: ${weft}}`;
  if (options.count === undefined) return `  ${name}: {${definition}}\n`;
  return `  ${name}: {type: OS::Heat::ResourceGroup, properties: {count: ${options.count}, resource_def: {${definition}}}}\n`;
}
