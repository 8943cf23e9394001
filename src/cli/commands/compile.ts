// weft compile: the plain template that Heat deploys, and beside it what each agent is told.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import type { Emitted } from "../../compiler/compile.ts";
import { renderText } from "../../diagnostics/render.ts";
import { messageOf } from "../../model/failure.ts";
import { readProgramDigests } from "../agent-program.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { loadTemplate, templateFlags, templateHelp } from "../template-options.ts";

export const command = {
  summary: "make the plain template that Heat deploys",
  help: `
usage: weft compile T [-o FILE] [options]

Writes the plain HOT template: T without what is weft's, everything else as it stands, comments too, and with what hands each vm
its plan. That lies in FILE.d/, whose files FILE refers to: openstack stack create -t FILE STACK finds them.

  -o, --output FILE         write FILE and FILE.d/; without it the template goes to stdout, if it needs no other file
${templateHelp}

exit: 0 done, 1 template wrong, 2 usage`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...templateFlags, output: { type: "string", short: "o" } },
    });
    const { output } = values;
    const { report, sources, emitted } = loadTemplate(positionals, values, {
      digests: readProgramDigests(),
      ...(output === undefined ? {} : { output: basename(output) }),
    });
    process.stderr.write(renderText(report.diagnostics, sources));
    if (emitted === undefined) return exitCodes.template;
    const isWhole = Object.keys(emitted.files).length === 0;
    if (output === undefined && !isWhole)
      throw new UsageError("the vms need files beside the template: -o FILE writes FILE and FILE.d/");
    if (output === undefined) process.stdout.write(emitted.hot);
    else writeAll(output, emitted);
    return exitCodes.done;
  },
} satisfies Command;

function writeAll(file: string, { hot, files }: Emitted): void {
  const folder = `${file}.d`;
  try {
    if (Object.keys(files).length > 0) mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    writeFileSync(file, hot);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${messageOf(error)}`);
  }
}
