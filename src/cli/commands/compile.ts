// weft compile: the plain template that Heat deploys, and beside it what each agent is told.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderText } from "../../diagnostics/render.ts";
import { messageOf } from "../../model/failure.ts";
import type { StackPlan } from "../../model/vm-plan.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { loadTemplate, templateFlags, templateHelp } from "../template-options.ts";

export const command = {
  summary: "make the plain template that Heat deploys",
  help: `
usage: weft compile T [-o FILE] [options]

Writes the plain HOT template: T without what is weft's, everything else as it stands, comments too. With -o the plans of the vms
come along, as FILE.d/VM.plan.json (one plan for all members of a group).

  -o, --output FILE         write FILE and FILE.d/ instead of stdout
${templateHelp}

exit: 0 done, 1 template wrong, 2 usage`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...templateFlags, output: { type: "string", short: "o" } },
    });
    const { report, sources, emitted } = loadTemplate(positionals, values);
    process.stderr.write(renderText(report.diagnostics, sources));
    if (emitted === undefined) return exitCodes.template;
    if (values.output === undefined) process.stdout.write(emitted.hot);
    else writeAll(values.output, emitted.hot, emitted.plan);
    return exitCodes.done;
  },
} satisfies Command;

function writeAll(file: string, hot: string, plan: StackPlan): void {
  const folder = `${file}.d`;
  try {
    mkdirSync(folder, { recursive: true });
    for (const vm of plan.vms) {
      writeFileSync(join(folder, `${vm.group?.name ?? vm.vm}.plan.json`), `${JSON.stringify(vm, null, 2)}\n`);
    }
    writeFileSync(file, hot);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${messageOf(error)}`);
  }
}
