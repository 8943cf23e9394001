// weft graph: who waits for whom, role by role.
import { parseArgs } from "node:util";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { graphFormats } from "../show-graph.ts";
import { compileFromOptions } from "../load-template.ts";
import { templateFlags, templateHelp } from "../template-options.ts";

export const command = {
  summary: "show which role waits for which",
  help: `
usage: weft graph T [--format text|mermaid|dot|json] [options]

Shows the roles of template T and their dependences: values (an input reads an output), order (listed on one vm), after.
The roles of a group whose count is a parameter are shown once, as app[*].

  --format FORMAT           text (default), mermaid, dot (Graphviz) or json
  --json                    the same as --format json: {roles: [{id, vm, role, tool}], edges: [{from, to, kind, output?, input?}]}
${templateHelp}

exit: 0 done, 1 template wrong, 2 usage`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...templateFlags, format: { type: "string" }, json: { type: "boolean" } },
    });
    const name = values.format ?? (values.json === true ? "json" : "text");
    const format = Object.hasOwn(graphFormats, name) ? graphFormats[name as keyof typeof graphFormats] : undefined;
    if (format === undefined)
      throw new UsageError(`--format ${name}: one of ${Object.keys(graphFormats).join(", ")} is expected`);
    const compiled = compileFromOptions(positionals, values);
    if (compiled === undefined) return exitCodes.template;
    process.stdout.write(format(compiled.flow));
    return exitCodes.done;
  },
} satisfies Command;
