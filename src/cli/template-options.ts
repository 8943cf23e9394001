// The template T and the flags that every command with a template takes: -e ENV, -P name=value, -P name=@file, --json.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CompilerInput } from "../compiler/check.ts";
import { messageOf } from "../model/failure.ts";
import type { FoundFile } from "../model/bundle.ts";
import type { Json } from "../model/json.ts";
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

/** What was read, and will be read while the template is compiled. */
export interface OpenedTemplate {
  input: Pick<CompilerInput, "file" | "text" | "environments" | "parameters" | "host">;
  /** Texts of all files that were read, by the names in spans. */
  sources: Map<string, string>;
  /** Every file that was read or looked for. */
  files: Set<string>;
  /** Folders in which any change counts: what they hold travels with the plans. */
  folders: Set<string>;
}

/** Reads the one template that is named. Throws UsageError for wrong arguments and files that cannot be read. */
export function openTemplate(positionals: string[], values: TemplateValues): OpenedTemplate {
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
  const environments = (values.environment ?? []).map((name) => ({ file: name, text: readNamed(name) }));
  for (const one of [{ file, text }, ...environments]) sources.set(one.file, one.text);
  const parameters = (values.parameter ?? []).map(readParameter);
  const host = { readFile, listFiles: listBeside, sha256 };
  return { input: { file, text, environments, parameters, host }, sources, files, folders };
}

// Loading node:crypto takes as long as checking a small template, which needs no digest.
function sha256(content: string): string {
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(content).digest("hex");
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
