// What the parser's tests share: parse a text, say its diagnostics in one line each.
import { Report } from "../../diagnostics/diagnostic.ts";
import type { RoleSpec } from "../../model/role.ts";
import type { Template } from "../../model/template.ts";
import { type ParsedTemplate, parseTemplate, type TemplateSource } from "./parse-template.ts";

export interface Parsed {
  parsed: ParsedTemplate | undefined;
  /** `LINE:COLUMN CODE` of each diagnostic, in order of discovery. */
  places: string[];
  messages: string[];
  hints: (string | undefined)[];
}

/** Parses `text` as t.yaml, with files by their paths. */
export function parseInTest(text: string, options: Partial<TemplateSource> & { files?: Record<string, string> } = {}): Parsed {
  const report = new Report();
  const { files = {}, ...source } = options;
  const host = { readFile: (path: string): string | undefined => files[path], listFiles: (): undefined => undefined };
  const parsed = parseTemplate({ file: "t.yaml", text, environments: [], parameters: [], host, ...source }, report);
  return {
    parsed,
    places: report.diagnostics.map(({ span, code }) => `${span.line}:${span.column} ${code}`),
    messages: report.diagnostics.map(({ message }) => message),
    hints: report.diagnostics.map(({ hint }) => hint),
  };
}

/** Parses a template that must be right. */
export function templateOf(text: string, options: Parameters<typeof parseInTest>[1] = {}): Template {
  const { parsed, messages } = parseInTest(text, options);
  if (parsed === undefined || messages.length > 0) throw new Error(messages.join("\n"));
  return parsed.template;
}

/** A template of one vm `db` whose one role has these lines below its name, tool and run; they start at line 12, column 13. */
export function roleTemplate(...lines: string[]): string {
  return [
    "heat_template_version: 2018-08-31",
    "resources:",
    "  db:",
    "    type: OS::Nova::Server",
    "    metadata:",
    "      weft:",
    "        tool: script",
    "        roles:",
    "          - {name: first, run: echo}",
    "          - name: second",
    "            run: echo",
    ...lines.map((line) => `            ${line}`),
    "",
  ].join("\n");
}

/** The second role of a roleTemplate that must be right. */
export function roleOf(...lines: string[]): RoleSpec {
  const role = templateOf(roleTemplate(...lines)).resources.get("db")?.vm?.roles[1];
  if (role === undefined) throw new Error("there is no second role");
  return role;
}
