// The compiler on one screen: parse, analyze, emit. Pure: the same input gives the same bytes.
import { Report } from "../diagnostics/diagnostic.ts";
import type { Flow } from "../model/flow.ts";
import type { ResolvedTemplate } from "../model/resolved.ts";
import type { Template } from "../model/template.ts";
import type { StackPlan } from "../model/vm-plan.ts";
import { parseTemplate, type TemplateSource } from "./1-parse/parse-template.ts";
import { analyze } from "./2-analyze/analyze.ts";
import { deriveRights } from "./2-analyze/derive-rights.ts";
import { emitHot } from "./3-emit/emit-hot.ts";
import { emitStackPlan, nameGeneration } from "./3-emit/emit-vm-plan.ts";

export interface CompilerInput extends Omit<TemplateSource, "host"> {
  host: TemplateSource["host"] & {
    /** SHA-256 of a text as hexadecimal digits. */
    sha256(text: string): string;
  };
  /** Sizes of groups that the template leaves to a parameter, for the graph. */
  counts?: Readonly<Record<string, number>>;
}

/** What came of a template. Without errors in `report` everything is there; otherwise as much as could be made sense of. */
export interface Compiled {
  report: Report;
  template?: Template;
  resolved?: ResolvedTemplate;
  flow?: Flow;
  emitted?: Emitted;
}

export interface Emitted {
  plan: StackPlan;
  generation: string;
  /** The plain template for Heat. */
  hot: string;
}

/** Compiles a template. What is wrong with it is in `report`; nothing throws. */
export function compile(input: CompilerInput): Compiled {
  const report = new Report();
  const parsed = parseTemplate(input, report);
  if (parsed === undefined) return { report };

  const { template, resolved, flow } = analyze(parsed.template, report, input.counts);
  if (report.hasErrors) return { report, template, resolved, flow };

  const plan = emitStackPlan(resolved, deriveRights(resolved));
  const generation = nameGeneration(plan, (content) => input.host.sha256(content));
  const hot = emitHot(parsed.document, resolved, report);
  return { report, template, resolved, flow, emitted: { plan, generation, hot } };
}
