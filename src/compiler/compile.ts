// The compiler on one screen: parse, analyze, emit. Pure: the same input gives the same bytes. Who wants no plain template uses check.ts.
import type { Template } from "../model/template.ts";
import type { StackPlan } from "../model/vm-plan.ts";
import type { ProgramDigests } from "./3-emit/boot-script.ts";
import { emitHot } from "./3-emit/emit-hot.ts";
import { nameGeneration } from "./3-emit/emit-vm-plan.ts";
import { bytesOf } from "./3-emit/estimate-size.ts";
import { type Checked, checkLimits, type CompilerInput, readStack } from "./check.ts";

export type { CompilerInput, ProgramDigests };

/** What came of a template. Without errors in `report` everything is there; otherwise as much as could be made sense of. */
export interface Compiled extends Checked {
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

/** Compiles a template. What is wrong with it is in `report`; nothing throws. */
export function compile(input: CompilerInput): Compiled {
  const { checked, toEmit } = readStack(input);
  if (toEmit === undefined) return checked;
  const { parsed, template, resolved, options } = toEmit;
  const { report } = checked;
  const { plan } = options;
  const generation = nameGeneration(plan, (content) => input.host.sha256(content));
  const textOf = ({ file }: Template): string => parsed.nested.get(file) ?? parsed.text;
  const { hot, files, resourceCount } =
    parsed.isForeign === true
      ? { hot: input.text, files: {}, resourceCount: template.resources.size }
      : emitHot(textOf, resolved, { ...options, generation }, report);
  if (report.hasErrors) return checked;
  checkLimits(template, bytesOf(hot), "", resourceCount, report);
  return { ...checked, emitted: { plan, generation, hot, files } };
}
