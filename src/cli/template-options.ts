// The template T and the flags that every command with a template takes: -e ENV, -P name=value, -P name=@file, --json.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile, type Compiled, type CompilerInput, type Emitted } from "../compiler/compile.ts";
import { renderText } from "../diagnostics/render.ts";
import { messageOf } from "../model/failure.ts";
import type { FoundFile } from "../model/bundle.ts";
import type { Json } from "../model/json.ts";
import type { Flow } from "../model/flow.ts";
import type { ResolvedTemplate } from "../model/resolved.ts";
import type { Template } from "../model/template.ts";
import { UsageError } from "./command.ts";
import { listFiles } from "./list-files.ts";

/** For parseArgs. */
export const templateFlags = {
  environment: { type: "string", short: "e", multiple: true },
  parameter: { type: "string", short: "P", multiple: true },
} as const;

export const templateHelp = `  -e, --environment ENV     an environment file; may be given several times, later ones win
  -P, --parameter NAME=VALUE  a parameter's value; NAME=@FILE takes the content of a file`;

export interface TemplateValues {
  environment?: string[];
  parameter?: string[];
}

export interface LoadedTemplate extends Compiled {
  /** Texts of all files that were read, by the names in spans. */
  sources: Map<string, string>;
  /** Every file that was read or looked for. */
  files: Set<string>;
  /** Folders in which any change counts: what they hold travels with the plans. */
  folders: Set<string>;
}

/** A template without errors. */
export interface GoodTemplate extends Emitted {
  template: Template;
  resolved: ResolvedTemplate;
  flow: Flow;
}

type CompileOptions = Pick<CompilerInput, "counts" | "output" | "digests" | "hubServer" | "checkOnly">;

/** Reads the one template that is named and compiles it. Throws UsageError for wrong arguments and files that cannot be read. */
export function loadTemplate(positionals: string[], values: TemplateValues, options: CompileOptions = {}): LoadedTemplate {
  const [file, ...more] = positionals;
  if (file === undefined) throw new UsageError("no template is given");
  if (more.length > 0) throw new UsageError(`one template is expected, not also ${more.join(" ")}`);
  const files = new Set([file, ...(values.environment ?? [])]);
  const sources = new Map<string, string>();
  const readFile = (name: string): string | undefined => {
    files.add(name);
    const content = readIfThere(name);
    if (content !== undefined) sources.set(name, content);
    return content;
  };
  const folders = new Set<string>();
  const listBeside = (folder: string, path: string): FoundFile[] | undefined => {
    const listing = listFiles(folder, path);
    files.add(join(folder, path));
    for (const found of listing?.folders ?? []) folders.add(found);
    return listing?.files;
  };
  const text = readNamed(file);
  sources.set(file, text);
  const environments = (values.environment ?? []).map((name) => ({ file: name, text: readNamed(name) }));
  const compiled = compile({
    file,
    text,
    environments,
    parameters: (values.parameter ?? []).map(readParameter),
    host: { readFile, listFiles: listBeside, sha256 },
    ...options,
  });
  for (const one of environments) sources.set(one.file, one.text);
  return { ...compiled, files, folders, sources };
}

// Loading node:crypto takes as long as checking a small template, which needs no digest.
function sha256(content: string): string {
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(content).digest("hex");
}

/** As loadTemplate, with errors and warnings written to standard error; undefined when the template is wrong. Notes are for `check`. */
export function compileFromOptions(
  positionals: string[],
  values: TemplateValues,
  options: CompileOptions = {},
): GoodTemplate | undefined {
  const { report, sources, template, resolved, flow, emitted } = loadTemplate(positionals, values, options);
  const worthSaying = report.diagnostics.filter(({ severity }) => severity !== "note");
  process.stderr.write(renderText(worthSaying, sources));
  if (emitted === undefined || template === undefined || resolved === undefined || flow === undefined) return undefined;
  return { template, resolved, flow, ...emitted };
}

/** The value that a -P gives. */
export function readParameter(text: string): { name: string; value: string } {
  const equals = text.indexOf("=");
  if (equals < 1) throw new UsageError(`-P ${text}: NAME=VALUE or NAME=@FILE is expected`);
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
  return { name, value: value.startsWith("@") ? readNamed(value.slice(1)) : value };
}

/** Reads a file that the command line names; fails with UsageError. */
export function readNamed(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${messageOf(error)}`);
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Reads the file of --attrs. */
export function readAttrs(file: string): Record<string, Json> {
  try {
    const attrs = JSON.parse(readFileSync(file, "utf8")) as unknown;
    if (attrs !== null && typeof attrs === "object" && !Array.isArray(attrs)) return attrs as Record<string, Json>;
  } catch (error) {
    throw new UsageError(`--attrs ${file}: ${messageOf(error)}`);
  }
  throw new UsageError(`--attrs ${file}: not a JSON object of {"resource.attribute": value}`);
}
