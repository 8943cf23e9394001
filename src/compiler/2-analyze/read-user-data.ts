// The user's own user_data of each vm, as parts that go through Heat's format SOFTWARE_CONFIG unharmed. What would not is reported.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Resource, Template, Value } from "../../model/template.ts";
import type { WrittenPart } from "../../model/user-data.ts";
import { textOf } from "./find-references.ts";
import { isMime, splitMime } from "./split-mime.ts";

type Call = Value & { kind: "call" };

/** Returns the parts of each vm's user_data, by the name of its resource. */
export function readUserData(template: Template, report: Report): Map<string, WrittenPart[]> {
  const found = new Map<string, WrittenPart[]>();
  for (const resource of template.resources.values()) {
    if (resource.vm !== undefined) found.set(resource.name, readParts(resource, template, report));
  }
  return found;
}

function readParts(resource: Resource, template: Template, report: Report): WrittenPart[] {
  const properties = resource.group === undefined ? resource.properties : resource.group.memberProperties;
  if (properties !== undefined && properties.kind !== "map") {
    if (properties.kind === "call") report.add("properties-by-function", properties.span, { vm: resource.name });
    return [];
  }
  const entries = new Map(properties?.entries.map(({ key, value }) => [key, value]));
  if (textOf(entries.get("user_data_update_policy")) === "REPLACE")
    report.add("user-data-replaces", entries.get("user_data_update_policy")?.span ?? resource.span, { vm: resource.name });
  const value = entries.get("user_data");
  if (value === undefined || isNothing(value)) return [];
  const format = entries.get("user_data_format");
  const isTools = format === undefined || textOf(format) === "HEAT_CFNTOOLS";
  const start = startOf(value, template);
  // With this format Heat runs scripts and nothing else, and says no word of it.
  if (isTools && (configOf(value, template) !== undefined || (start !== undefined && isNoScript(start)))) {
    report.add("user-data-ignored", value.span, { vm: resource.name });
    return [];
  }
  return new Reader(template, report, resource.name).partsOf(value);
}

function isNothing(value: Value): boolean {
  return value.kind === "literal" && (value.value === null || value.value === "");
}

function isNoScript(start: string): boolean {
  return isMime(start) || /^#(cloud-config|cloud-boothook|include|part-handler|upstart-job)|^## template: jinja/.test(start);
}

class Reader {
  readonly #template: Template;
  readonly #report: Report;
  readonly #vm: string;

  constructor(template: Template, report: Report, vm: string) {
    this.#template = template;
    this.#report = report;
    this.#vm = vm;
  }

  partsOf(value: Value, more: { subtype?: string; filename?: string } = {}): WrittenPart[] {
    const config = configOf(value, this.#template);
    if (config?.type === "OS::Heat::MultipartMime") return this.#partsOfMultipart(config);
    const start = startOf(value, this.#template);
    if (start !== undefined && isMime(start)) return this.#partsOfMime(value);
    const content = config === undefined ? value : contentOf(config, value);
    const { subtype = "plain", filename } = more;
    return [{ subtype, ...(filename === undefined ? {} : { filename }), value: content }];
  }

  #partsOfMultipart({ properties, span }: Resource): WrittenPart[] {
    const parts = entryOf(properties, "parts");
    if (parts?.kind !== "list") return this.#complain("user-data-unclear", parts?.span ?? span);
    return parts.items.flatMap((part) => {
      const config = entryOf(part, "config");
      if (config === undefined) return this.#complain("user-data-unclear", part.span);
      const filename = textOf(entryOf(part, "filename"));
      // As Heat: without a subtype the file's name says what it is.
      const subtype = textOf(entryOf(part, "subtype")) ?? filename?.replace(/\.[^.]*$/, "");
      return this.partsOf(config, {
        ...(subtype === undefined ? {} : { subtype }),
        ...(filename === undefined ? {} : { filename }),
      });
    });
  }

  // The text of each part is what the whole text was made by, with that part in its place.
  #partsOfMime(value: Value): WrittenPart[] {
    const config = configOf(value, this.#template);
    const written = config === undefined ? value : entryOf(config.properties, "config");
    const template =
      written?.kind === "call" && written.fn.startsWith("str_replace") ? entryOf(written.arg, "template") : written;
    const text = template === undefined ? undefined : wholeTextOf(template, this.#template);
    const parts = text === undefined ? undefined : splitMime(text);
    if (written === undefined || parts === undefined) return this.#complain("user-data-unclear", value.span);
    return parts.flatMap(({ type, encoding, filename, text: content }) => {
      if (!type.startsWith("text/") || !["7bit", "8bit", "binary"].includes(encoding)) {
        this.#report.add("user-data-encoding", value.span, { vm: this.#vm, type, encoding });
        return [];
      }
      const literal: Value = { kind: "literal", value: content, span: value.span };
      return [
        {
          subtype: type.slice("text/".length),
          ...(filename === undefined ? {} : { filename }),
          value: template === written ? literal : withTemplate(written as Call, literal),
        },
      ];
    });
  }

  #complain(code: "user-data-unclear", span: Value["span"]): [] {
    this.#report.add(code, span, { vm: this.#vm });
    return [];
  }
}

// Not every placeholder stands in every part.
function withTemplate(call: Call, template: Value): Value {
  if (call.arg.kind !== "map") return call;
  const entries = call.arg.entries.map((entry) => (entry.key === "template" ? { ...entry, value: template } : entry));
  return { ...call, fn: "str_replace", arg: { ...call.arg, entries } };
}

/** The config resource that is named by its id. */
function configOf(value: Value, template: Template): Resource | undefined {
  if (value.kind !== "call" || value.fn !== "get_resource") return undefined;
  const resource = template.resources.get(textOf(value.arg) ?? "");
  return resource !== undefined && /^OS::Heat::(SoftwareConfig|CloudConfig|MultipartMime)$/.test(resource.type)
    ? resource
    : undefined;
}

// Its text, where Heat itself would look it up by its id.
function contentOf(config: Resource, { span }: Value): Value {
  const items = [config.name, "config"].map((value): Value => ({ kind: "literal", value, span }));
  return { kind: "call", fn: "get_attr", fnSpan: span, arg: { kind: "list", items, span }, span };
}

function entryOf(value: Value | undefined, key: string): Value | undefined {
  return value?.kind === "map" ? value.entries.find((entry) => entry.key === key)?.value : undefined;
}

function wholeTextOf(value: Value, template: Template): string | undefined {
  if (value.kind === "call" && value.fn === "get_file") return template.files.get(textOf(value.arg) ?? "");
  return textOf(value);
}

/** What is known of the text's beginning; undefined for nothing. */
function startOf(value: Value, template: Template): string | undefined {
  const whole = wholeTextOf(value, template);
  if (whole !== undefined) return whole;
  if (value.kind !== "call") return undefined;
  const config = configOf(value, template);
  if (config?.type === "OS::Heat::CloudConfig") return "#cloud-config\n";
  if (config?.type === "OS::Heat::MultipartMime") return "Content-Type: multipart/mixed\n";
  const inner = config === undefined ? startingArgument(value) : entryOf(config.properties, "config");
  return inner === undefined ? undefined : startOf(inner, template);
}

function startingArgument({ fn, arg }: Call): Value | undefined {
  if (fn.startsWith("str_replace")) return entryOf(arg, "template");
  if (fn !== "list_join" && fn !== "Fn::Join") return undefined;
  const first = arg.kind === "list" ? arg.items[1] : undefined;
  return first?.kind === "list" ? first.items[0] : undefined;
}
