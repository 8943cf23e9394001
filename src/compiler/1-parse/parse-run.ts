// What a role runs. Murano's plans and templates are YAML in files or texts, which are read here: agents read JSON only.
import { Report } from "../../diagnostics/diagnostic.ts";
import type { Value } from "../../model/template.ts";
import { type ParseContext, parseValue } from "./parse-value.ts";
import { parseYaml } from "./parse-yaml.ts";
import { pathBeside } from "./path-beside.ts";

/** Reads the value of `run`. In a text of Murano's there are no functions of Heat; what is wrong there is reported. */
export function parseRun(value: Value, tool: string, context: ParseContext): Value {
  const run = parseValue(value, context);
  if (tool !== "murano") return run;
  if (run.kind === "literal" && typeof run.value === "string") return parsePlan(run.value, run, context);
  if (run.kind !== "call" || run.fn !== "get_file" || run.arg.kind !== "literal") return run;
  const name = String(run.arg.value);
  const text = context.readFile(name);
  return (text === undefined ? undefined : parseYaml(pathBeside(context.file, name), text, context.report)) ?? run;
}

// Where in the template a line of an inline text stands is not known: it is wrong as a whole.
function parsePlan(text: string, run: Value, { file, report }: ParseContext): Value {
  const own = new Report();
  const plan = parseYaml(file, text, own);
  for (const { severity, message } of own.diagnostics) {
    if (severity === "error") report.add("yaml-syntax", run.span, { problem: `in the plan: ${message}` });
  }
  return plan ?? run;
}
