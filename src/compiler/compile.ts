// The compiler on one screen: parse, analyze, emit. Pure: the same input gives the same bytes.
import type { Document } from "yaml";
import { Report } from "../diagnostics/diagnostic.ts";
import type { Flow } from "../model/flow.ts";
import type { ResolvedTemplate } from "../model/resolved.ts";
import type { Template } from "../model/template.ts";
import type { StackPlan } from "../model/vm-plan.ts";
import { parseTemplate, type TemplateSource } from "./1-parse/parse-template.ts";
import { analyze } from "./2-analyze/analyze.ts";
import { deriveRights } from "./2-analyze/derive-rights.ts";
import type { ProgramDigests } from "./3-emit/boot-script.ts";
import { emitHot, measureHot } from "./3-emit/emit-hot.ts";
import { bytesOf } from "./3-emit/estimate-size.ts";
import { emitStackPlan, nameGeneration } from "./3-emit/emit-vm-plan.ts";

export type { ProgramDigests };

export interface CompilerInput extends Omit<TemplateSource, "host"> {
  host: TemplateSource["host"] & {
    /** SHA-256 of a text as hexadecimal digits. */
    sha256(text: string): string;
  };
  /** Sizes of groups that the template leaves to a parameter, for the graph. */
  counts?: Readonly<Record<string, number>>;
  /** The name of the file that the plain template will be; `template.yaml` if it does not matter. */
  output?: string;
  /** Of the programs that vms may fetch. Without, what is emitted is good for looking at only. */
  digests?: ProgramDigests;
  /** Let the plain template make a vm that is the hub. */
  hubServer?: boolean;
  /** Report all that is wrong, and emit nothing. */
  checkOnly?: boolean;
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
  /** What belongs beside it, in the folder OUTPUT.d: contents by name. Empty when Heat needs nothing of ours. */
  files: Record<string, string>;
}

const noDigests: ProgramDigests = {
  agent: "0".repeat(64),
  hub: "0".repeat(64),
  page: "0".repeat(64),
  runtime: { x64: "0".repeat(64) },
};

/** The defaults of Heat's max_template_size and max_resources_per_stack. */
const maxTemplateBytes = 524_288;
const maxResources = 1000;

function checkLimits({ file }: Template, bytes: number, about: string, resourceCount: number, report: Report): void {
  const span = { file, line: 1, column: 1, length: 0 };
  if (bytes > maxTemplateBytes)
    report.add("too-large-for-heat", span, { what: `${about}${bytes} bytes`, limit: `${maxTemplateBytes}` });
  if (resourceCount > maxResources)
    report.add("too-large-for-heat", span, { what: `${resourceCount} resources`, limit: `${maxResources}` });
}

/** Compiles a template, or only checks it. What is wrong with it is in `report`; nothing throws. */
export function compile(input: CompilerInput): Compiled {
  const report = new Report();
  const parsed = parseTemplate(input, report);
  if (parsed === undefined) return { report };
  const { document, isForeign = false } = parsed;

  const { template, resolved, flow } = analyze(parsed.template, report, input.counts);
  if (report.hasErrors) return { report, template, resolved, flow };

  const sha256 = (content: string): string => input.host.sha256(content);
  const plan = emitStackPlan(resolved, deriveRights(resolved), sha256);
  // Nobody asks for the name of what is only checked.
  const generation = input.checkOnly === true ? "" : nameGeneration(plan, sha256);
  const { output = "template.yaml", digests = noDigests } = input;
  const options = { plan, generation, output, digests, hubServer: input.hubServer === true };
  if (input.checkOnly === true) {
    const documentOf = ({ file }: Template): Document.Parsed => parsed.nested.get(file) ?? document;
    const { bytes, resourceCount } = isForeign
      ? { bytes: bytesOf(input.text), resourceCount: template.resources.size }
      : measureHot(documentOf, input.text, resolved, options, report);
    checkLimits(template, bytes, "about ", resourceCount, report);
    return { report, template, resolved, flow };
  }
  // Changed when it is emitted, so that each use of a nested template needs its own; the stack's own template is used once.
  const documentOf = ({ file }: Template): Document.Parsed =>
    (parsed.nested.get(file)?.clone() as Document.Parsed | undefined) ?? document;
  const { hot, files, resourceCount } = isForeign
    ? { hot: input.text, files: {}, resourceCount: template.resources.size }
    : emitHot(documentOf, resolved, options, report);
  if (report.hasErrors) return { report, template, resolved, flow };
  checkLimits(template, bytesOf(hot), "", resourceCount, report);
  return { report, template, resolved, flow, emitted: { plan, generation, hot, files } };
}
