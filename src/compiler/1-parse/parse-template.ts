// A HOT template's text -> Template. Everything that is wrong is reported with its place; nothing throws.
import type { Report } from "../../diagnostics/diagnostic.ts";
import { suggestNearest } from "../../diagnostics/nearest.ts";
import { findVersion, type HeatVersion, newestVersion, versionNames } from "../../functions/heat-versions.ts";
import type { FoundFile } from "../../model/bundle.ts";
import type { Output, Template, Value } from "../../model/template.ts";
import type { Span } from "../../diagnostics/span.ts";
import { type Environment, parseEnvironment } from "./parse-environment.ts";
import { parseParameters } from "./parse-parameters.ts";
import { parseResources } from "./parse-resources.ts";
import { type ParseContext, parseValue } from "./parse-value.ts";
import { parseYaml } from "./parse-yaml.ts";
import { pathBeside } from "./path-beside.ts";
import type { TypeAlias } from "./resource-registry.ts";
import { describeValue, type Fields, openMap } from "./read-fields.ts";

export interface TemplateSource {
  file: string;
  text: string;
  /** In the order given: later ones win. */
  environments: { file: string; text: string }[];
  /** From -P: values are texts, read by the parameters' types. */
  parameters: { name: string; value: string }[];
  /** `readFile` gets a path made of the template's folder and the name in get_file. Undefined: there is nothing that can be read. */
  host: {
    readFile(path: string): string | undefined;
    /** The files below `path`, or itself. `path` is relative to `folder`, the template's. */
    listFiles(folder: string, path: string): FoundFile[] | undefined;
  };
}

export interface ParsedTemplate {
  template: Template;
  /** The template as written. `reveal` of outputs and `weft` in metadata are ours, to be taken out. */
  text: string;
  /** All of it, as far as it is known where things stand. */
  root: Value;
  /** Written in CloudFormation's form, which weft does not read: it passes through as it is. */
  isForeign?: true;
}

/** A template with all templates that it is made of. */
export interface ParsedStack extends ParsedTemplate {
  /** The texts of nested templates, by their paths. */
  nested: Map<string, string>;
}

/** The default of Heat's max_nested_stack_depth. */
const maxDepth = 5;

const sections = ["heat_template_version", "description", "parameter_groups", "parameters", "resources", "outputs"];

/** Parses a template with its environments and parameters; undefined, with reports, for a text that is no template at all. */
export function parseTemplate(source: TemplateSource, report: Report): ParsedStack | undefined {
  const root = parseYaml(source.file, source.text, report);
  const environments = source.environments.map((environment) => parseEnvironment(environment, report));
  const opened: Opened = { source, report, environments, byPath: new Map(), nested: new Map() };
  if (root === undefined) return undefined;
  const aliases = environments.flatMap((environment) => environment.aliases);
  const parsed = readTemplate({ file: source.file, text: source.text, root, aliases, within: [] }, opened);
  return parsed === undefined ? undefined : { ...parsed, nested: opened.nested };
}

/** What was read so far. A template is parsed once however often it is used, unless other aliases hold within it. */
interface Opened {
  source: TemplateSource;
  report: Report;
  environments: Environment[];
  byPath: Map<string, Template | undefined>;
  nested: ParsedStack["nested"];
}

/** One file, and the files that it lies in. */
interface TemplateFile {
  file: string;
  text: string;
  root: Value;
  aliases: readonly TypeAlias[];
  within: readonly string[];
}

function readTemplate({ file, text, root, aliases, within }: TemplateFile, opened: Opened): ParsedTemplate | undefined {
  const { source, report } = opened;
  if (root.kind !== "map") {
    report.add("not-a-template", root.span, { found: describeValue(root) });
    return undefined;
  }
  if (isCloudFormation(root)) {
    report.add("cfn-template", root.span, undefined);
    return { template: emptyTemplate(file), text, root, isForeign: true };
  }
  const { name: versionName, version } = parseVersion(openMap(root, "the template", report) as Fields, report);
  const known = version >= "2016-10-14" ? [...sections, "conditions"] : sections;
  const top = openMap(root, "the template", report, known) as Fields;

  const files = new Map<string, string>();
  const context: ParseContext = {
    file,
    version,
    versionName,
    report,
    aliases,
    inRole: false,
    openNested: (path, span, used) =>
      openNested(
        path,
        span,
        aliases.filter((alias) => !used.includes(alias)),
        [...within, file],
        opened,
      ),
    readFile(name) {
      const content = files.get(name) ?? source.host.readFile(pathBeside(file, name));
      if (content !== undefined) files.set(name, content);
      return content;
    },
    listFiles: (path) => source.host.listFiles(pathBeside(file, ""), path),
  };
  const isNested = within.length > 0;
  const resources = parseResources(top.map("resources", "the section resources"), context);
  const template: Template = {
    file,
    version: versionName,
    // What environments and -P give to parameters is for the stack itself; defaults are for all.
    parameters: parseParameters(
      top.map("parameters", "the section parameters"),
      { environments: opened.environments, given: isNested ? [] : source.parameters, isNested },
      root.span,
      context,
    ),
    resources,
    outputs: parseOutputSection(top.map("outputs", "the section outputs"), context),
    conditions: parseConditions(top.map("conditions", "the section conditions"), context),
    files,
  };
  for (const { name, span } of resources.values()) {
    const parameter = template.parameters.get(name);
    const related = parameter === undefined ? [] : [{ message: "the parameter", span: parameter.span }];
    if (parameter !== undefined) report.add("duplicate-name", span, { name }, { related });
  }
  return { template, text, root };
}

function openNested(
  path: string,
  span: Span,
  aliases: readonly TypeAlias[],
  within: readonly string[],
  opened: Opened,
): Template | undefined {
  const { report, source } = opened;
  const problem = within.includes(path)
    ? `${path} holds itself`
    : within.length > maxDepth
      ? `${path} lies more than ${maxDepth} templates deep`
      : undefined;
  if (problem !== undefined) {
    report.add("nested-limit", span, { problem });
    return undefined;
  }
  const key = JSON.stringify([path, aliases.map(({ pattern, target, resource }) => [pattern, target, resource])]);
  if (opened.byPath.has(key)) return opened.byPath.get(key);
  const text = source.host.readFile(path);
  if (text === undefined) report.add("missing-file", span, { file: path });
  const root = text === undefined ? undefined : parseYaml(path, text, report);
  const isRead = text !== undefined && root !== undefined;
  const parsed = isRead ? readTemplate({ file: path, text, root, aliases, within }, opened) : undefined;
  const template = parsed?.isForeign === true ? undefined : parsed?.template;
  if (parsed !== undefined && template !== undefined) opened.nested.set(path, parsed.text);
  opened.byPath.set(key, template);
  return template;
}

function isCloudFormation(root: Value): boolean {
  const keys = root.kind === "map" ? root.entries.map(({ key }) => key) : [];
  const isCfn = keys.includes("AWSTemplateFormatVersion") || keys.includes("HeatTemplateFormatVersion");
  return isCfn && !keys.includes("heat_template_version");
}

function emptyTemplate(file: string): Template {
  const [parameters, resources, outputs] = [new Map(), new Map(), new Map()];
  return { file, version: newestVersion, parameters, resources, outputs, conditions: new Map(), files: new Map() };
}

/** The newest version stands in for one that is missing or wrong, so that parsing goes on. */
function parseVersion(top: Fields, report: Report): { name: string; version: HeatVersion } {
  const name = top.require("heat_template_version") === undefined ? undefined : top.text("heat_template_version");
  const version = name === undefined ? newestVersion : findVersion(name);
  if (name !== undefined && version === undefined) {
    const span = top.get("heat_template_version")?.value.span ?? top.span;
    report.add("unknown-version", span, { version: name }, { hint: `Heat knows ${versionNames.join(", ")}` });
  }
  return { name: name ?? newestVersion, version: version ?? newestVersion };
}

function parseConditions(section: Fields | undefined, context: ParseContext): Map<string, Value> {
  return new Map(section?.entries().map(({ key, value }) => [key, parseValue(value, context, "condition")]));
}

function parseOutputSection(section: Fields | undefined, context: ParseContext): Map<string, Output> {
  const outputs = new Map<string, Output>();
  const known = ["value", "description", "reveal", ...(context.version >= "2016-10-14" ? ["condition"] : [])];
  for (const { key: name, keySpan, value } of section?.entries() ?? []) {
    const fields = openMap(value, `output "${name}"`, context.report, undefined, keySpan);
    for (const { key, keySpan: place } of fields?.entries().filter((entry) => !known.includes(entry.key)) ?? [])
      context.report.add("ignored-key", place, { what: `output "${name}"`, key }, { hint: suggestNearest(key, known) });
    // An explicit null is a value, though a useless one.
    const written = fields?.entries().find(({ key }) => key === "value")?.value ?? fields?.require("value")?.value;
    if (fields === undefined || written === undefined) continue;
    const output: Output = { name, span: keySpan, value: parseValue(written, context), reveal: fields.flag("reveal") };
    const condition = known.includes("condition") ? fields.get("condition") : undefined;
    if (condition !== undefined) output.condition = parseValue(condition.value, context, "condition");
    outputs.set(name, output);
  }
  return outputs;
}
