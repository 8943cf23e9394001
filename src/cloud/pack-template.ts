// What goes to Heat with a template: every file that it names, read beside it, as the openstack client does. Names become file:// URLs, since
// a nested template's names are relative to its own place.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isMap, isScalar, type Node, parseDocument, visit } from "yaml";
import { Failure, messageOf } from "../model/failure.ts";

export interface PackedTemplate {
  template: string;
  /** Contents by the names that the template and the environments use. */
  files: Record<string, string>;
  /** The environments' names among the files; later ones win. */
  environmentFiles: string[];
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
  const template = packer.rewrite(text, folder);
  const environmentFiles = environments.map((one) => packer.takeEnvironment(one));
  return { template, files: packer.files, environmentFiles, parameterNames: readParameterNames(text) };
}

function readParameterNames(text: string): string[] {
  const parameters = parseDocument(text).get("parameters");
  return isMap(parameters) ? parameters.items.map(({ key }) => String(isScalar(key) ? (key.source ?? key.value) : key)) : [];
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

  /** Returns `text` with the names of files replaced by URLs, and takes the files in; all else stays as it is written. */
  rewrite(text: string, folder: string): string {
    const { contents } = parseDocument(text);
    return contents === null ? text : this.#replace(text, contents, folder, isFileReference);
  }

  /** Takes an environment in, with the templates behind its aliases, and returns its URL. */
  takeEnvironment({ file, text }: { file: string; text: string }): string {
    const registry = parseDocument(text).get("resource_registry");
    const url = pathToFileURL(resolve(file)).href;
    this.files[url] = isMap(registry) ? this.#replace(text, registry, dirname(resolve(file)), isAlias) : text;
    return url;
  }

  #replace(text: string, node: Node, folder: string, isReference: IsReference): string {
    const edits: { start: number; end: number; url: string }[] = [];
    visit(node, {
      Pair: (_, { key, value }) => {
        if (!isScalar(key) || !isScalar(value) || typeof value.value !== "string" || value.range == null) return;
        const [where, name] = [String(key.value), value.value];
        if (!isReference(where, name) || isUrl(name)) return;
        edits.push({ start: value.range[0], end: value.range[1], url: this.#take(name, folder, where !== "get_file") });
      },
    });
    return edits
      .toSorted((left, right) => right.start - left.start)
      .reduce((edited, { start, end, url }) => edited.slice(0, start) + JSON.stringify(url) + edited.slice(end), text);
  }

  // A nested template is rewritten too; one that contains itself ends at its own entry.
  #take(name: string, folder: string, isTemplate: boolean): string {
    const path = resolve(folder, name);
    const url = pathToFileURL(path).href;
    if (this.files[url] !== undefined) return url;
    const content = this.#given.get(path) ?? readFile(path, name);
    this.files[url] = content;
    if (isTemplate) this.files[url] = this.rewrite(content, dirname(path));
    return url;
  }
}

function isFileReference(key: string, value: string): boolean {
  return key === "get_file" || (key === "type" && /\.(yaml|template)$/.test(value));
}

function isAlias(key: string, value: string): boolean {
  return !["hooks", "restricted_actions", "base_url"].includes(key) && !value.includes("::");
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
