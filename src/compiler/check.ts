// What is wrong with a template: all of the compiler but the writing of plain templates, whose size is estimated.
import { Report } from "../diagnostics/diagnostic.ts";
import type { Flow } from "../model/flow.ts";
import type { ResolvedTemplate } from "../model/resolved.ts";
import type { Template } from "../model/template.ts";
import { type ParsedStack, parseTemplate, type TemplateSource } from "./1-parse/parse-template.ts";
import { analyze } from "./2-analyze/analyze.ts";
import { deriveRights } from "./2-analyze/derive-rights.ts";
import type { ProgramDigests } from "./3-emit/boot-script.ts";
import { emitStackPlan } from "./3-emit/emit-vm-plan.ts";
import { bytesOf } from "./3-emit/estimate-size.ts";
import { type HotOptions, measureHot } from "./3-emit/prepare-hot.ts";

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
}

/** What is known of a template. Without errors in `report` everything is there; otherwise as much as could be made sense of. */
export interface Checked {
  report: Report;
  template?: Template;
  resolved?: ResolvedTemplate;
  flow?: Flow;
}

/** What plain templates are made of. */
export interface ToEmit {
  parsed: ParsedStack;
  template: Template;
  resolved: ResolvedTemplate;
  options: Omit<HotOptions, "generation">;
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

/** Parses and analyzes. There is nothing to emit of a template with errors. */
export function readStack(input: CompilerInput): { checked: Checked; toEmit?: ToEmit } {
  const report = new Report();
  const parsed = parseTemplate(input, report);
  if (parsed === undefined) return { checked: { report } };
  const { template, resolved, flow } = analyze(parsed.template, report, input.counts);
  const checked = { report, template, resolved, flow };
  if (report.hasErrors) return { checked };
  const plan = emitStackPlan(resolved, deriveRights(resolved), (content) => input.host.sha256(content));
  const { output = "template.yaml", digests = noDigests } = input;
  const options = { plan, output, digests, hubServer: input.hubServer === true };
  return { checked, toEmit: { parsed, template, resolved, options } };
}

/** Reports a plain template that Heat would refuse for its size; `about` says whether it is an estimate. */
export function checkLimits(
  { file }: Template,
  bytes: number,
  about: "" | "about ",
  resourceCount: number,
  report: Report,
): void {
  const span = { file, line: 1, column: 1, length: 0 };
  if (bytes > maxTemplateBytes)
    report.add("too-large-for-heat", span, { what: `${about}${bytes} bytes`, limit: `${maxTemplateBytes}` });
  if (resourceCount > maxResources)
    report.add("too-large-for-heat", span, { what: `${resourceCount} resources`, limit: `${maxResources}` });
}

/** Checks a template: reports what compiling it would report, and emits nothing. Nothing throws. */
export function check(input: CompilerInput): Checked {
  const { checked, toEmit } = readStack(input);
  if (toEmit === undefined) return checked;
  const { parsed, template, resolved, options } = toEmit;
  // Nobody asks for the name of what is only checked.
  const { bytes, resourceCount } =
    parsed.isForeign === true
      ? { bytes: bytesOf(parsed.text), resourceCount: template.resources.size }
      : measureHot(parsed, resolved, { ...options, generation: "" }, checked.report);
  checkLimits(template, bytes, "about ", resourceCount, checked.report);
  return checked;
}
