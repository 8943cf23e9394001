// The template that a command compiles, as its arguments name it.
import { compile, type Compiled, type CompilerInput, type Emitted } from "../compiler/compile.ts";
import { renderText } from "../diagnostics/render.ts";
import type { Flow } from "../model/flow.ts";
import type { ResolvedTemplate } from "../model/resolved.ts";
import type { Template } from "../model/template.ts";
import { openTemplate, type TemplateValues } from "./template-options.ts";

export interface LoadedTemplate extends Compiled {
  /** Texts of all files that were read, by the names in spans. */
  sources: Map<string, string>;
}

/** A template without errors. */
export interface GoodTemplate extends Emitted {
  template: Template;
  resolved: ResolvedTemplate;
  flow: Flow;
}

type CompileOptions = Pick<CompilerInput, "counts" | "output" | "digests" | "hubServer">;

/** Reads the one template that is named and compiles it. Throws UsageError for wrong arguments and files that cannot be read. */
export function loadTemplate(positionals: string[], values: TemplateValues, options: CompileOptions = {}): LoadedTemplate {
  const { input, sources } = openTemplate(positionals, values);
  return { ...compile({ ...input, ...options }), sources };
}

/** As loadTemplate, with errors and warnings written to standard error; undefined when the template is wrong. Notes are for `check`. */
export function compileFromOptions(
  positionals: string[],
  values: TemplateValues,
  options: CompileOptions = {},
): GoodTemplate | undefined {
  const { report, sources, template, resolved, flow, emitted } = loadTemplate(positionals, values, options);
  const worthSaying = report.diagnostics.filter(({ severity }) => severity !== "note");
  process.stderr.write(renderText(worthSaying, sources));
  if (emitted === undefined || template === undefined || resolved === undefined || flow === undefined) return undefined;
  return { template, resolved, flow, ...emitted };
}
