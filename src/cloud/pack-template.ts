// What goes to Heat with a template: every file that it names, read beside it, as the openstack client does. Names become file:// URLs, since
// a nested template's names are relative to its own place.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isMap, isScalar, parseDocument, visit, type Scalar } from "yaml";
import { Failure, messageOf } from "../model/failure.ts";
import type { Json, JsonMap } from "../model/json.ts";

export interface PackedTemplate {
  template: string;
  /** Contents by the names that the template uses. */
  files: Record<string, string>;
  environment: JsonMap;
  /** The parameters that the template declares. */
  parameterNames: string[];
}

export interface TemplateToPack {
  text: string;
  /** The file that it stands for: names are relative to its folder. */
  file: string;
  /** Files that are taken instead of what is on disk, by their place relative to the template. */
  given: Record<string, string>;
  environments: { file: string; text: string }[];
}

/** Packs a template; fails `give-up` when a file that it names cannot be read. */
export function packTemplate({ text, file, given, environments }: TemplateToPack): PackedTemplate {
  const folder = dirname(resolve(file));
  const packer = new Packer(new Map(Object.entries(given).map(([name, content]) => [resolve(folder, name), content])));
  const template = packer.rewrite(text, folder, isFileReference);
  const environment = environments.map((one) => packer.environment(one)).reduce(mergeEnvironments, {});
  const parameters = parseDocument(text, { version: "1.1" }).get("parameters");
  const parameterNames = isMap(parameters) ? parameters.items.map(({ key }) => String(key)) : [];
  return { template, files: packer.files, environment, parameterNames };
}

/** Tells whether a value below `key` names a file. */
type IsReference = (key: string, value: string) => boolean;

class Packer {
  readonly files: Record<string, string> = {};
  /** By path. */
  readonly #given: ReadonlyMap<string, string>;

  constructor(given: ReadonlyMap<string, string>) {
    this.#given = given;
  }

  /** Returns `text` with the names of files replaced by URLs, and takes the files in. */
  rewrite(text: string, folder: string, isReference: IsReference): string {
    const edits: { start: number; end: number; name: string }[] = [];
    const note = (key: unknown, scalar: Scalar): void => {
      const name = scalar.value;
      if (!isScalar(key) || typeof name !== "string" || scalar.range == null) return;
      if (!isReference(String(key.value), name) || isUrl(name)) return;
      const taken = this.#take(name, folder, String(key.value) === "get_file");
      if (taken !== name) edits.push({ start: scalar.range[0], end: scalar.range[1], name: taken });
    };
    visit(parseDocument(text, { version: "1.1" }), {
      Pair: (_, { key, value }) => {
        if (isScalar(value)) note(key, value);
      },
    });
    return edits
      .toSorted((left, right) => right.start - left.start)
      .reduce((edited, { start, end, name }) => edited.slice(0, start) + JSON.stringify(name) + edited.slice(end), text);
  }

  environment({ file, text }: { file: string; text: string }): JsonMap {
    const rewritten = this.rewrite(text, dirname(resolve(file)), () => false);
    const document = parseDocument(rewritten, { version: "1.1" });
    const registry = document.get("resource_registry");
    if (isMap(registry)) {
      visit(registry, {
        Pair: (_, { key, value }) => {
          const name = isScalar(value) ? value.value : undefined;
          if (!isScalar(key) || !isScalar(value) || typeof name !== "string" || name.includes("::") || isUrl(name)) return;
          if (["hooks", "restricted_actions", "base_url"].includes(String(key.value))) return;
          value.value = this.#take(name, dirname(resolve(file)), false);
        },
      });
    }
    return (document.toJS() ?? {}) as JsonMap;
  }

  // A nested template is rewritten before it is taken; one that contains itself ends at its own entry.
  #take(name: string, folder: string, isPlain: boolean): string {
    const path = resolve(folder, name);
    const url = pathToFileURL(path).href;
    if (this.files[url] !== undefined) return url;
    const content = this.#given.get(path) ?? readFile(path, name);
    this.files[url] = content;
    if (!isPlain) this.files[url] = this.rewrite(content, dirname(path), isFileReference);
    return url;
  }
}

function isFileReference(key: string, value: string): boolean {
  return key === "get_file" || (key === "type" && /\.(yaml|template)$/.test(value));
}

function isUrl(name: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(name);
}

// What is no text goes as base64, as from the client.
function readFile(path: string, name: string): string {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new Failure("give-up", "no-file", `cannot read ${name}: ${messageOf(error)}`, { cause: error });
  }
  const text = content.toString("utf8");
  return Buffer.from(text, "utf8").equals(content) ? text : content.toString("base64");
}

function mergeEnvironments(base: JsonMap, over: JsonMap): JsonMap {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const known: Json | undefined = merged[key];
    const isBoth = isPlainMap(known) && isPlainMap(value);
    merged[key] = isBoth ? mergeEnvironments(known, value) : value;
  }
  return merged;
}

function isPlainMap(value: Json | undefined): value is JsonMap {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
