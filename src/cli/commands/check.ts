// weft check: all diagnostics of a template, nothing written.
import { parseArgs } from "node:util";
import { renderJson, renderText } from "../../diagnostics/render.ts";
import { exitCodes, type Command } from "../command.ts";
import { loadTemplate, templateFlags, templateHelp } from "../template-options.ts";

export const command = {
  summary: "tell all that is wrong with a template",
  help: `
usage: weft check T [options]

Checks template T: names, types, secrets, and that no roles wait for each other for ever. Every mistake is told at once, with its place;
nothing is written. Parameters need no values. "weft explain CODE" says more about a message.

${templateHelp}
  --json                    one JSON document on stdout: {ok, diagnostics: [{severity, code, message, file, line, column, ...}]}

exit: 0 no errors (warnings and notes are none), 1 template wrong, 2 usage`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...templateFlags, json: { type: "boolean" } },
    });
    const { report, sources } = loadTemplate(positionals, values);
    if (values.json === true) process.stdout.write(`${JSON.stringify(renderJson(report.diagnostics), null, 2)}\n`);
    else
      process.stderr.write(
        renderText(report.diagnostics, sources) + summarize(report.diagnostics.map(({ severity }) => severity)),
      );
    return report.hasErrors ? exitCodes.template : exitCodes.done;
  },
} satisfies Command;

function summarize(severities: string[]): string {
  const counts = ["error", "warning", "note"].flatMap((severity) => {
    const count = severities.filter((one) => one === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return counts.length === 0 ? "nothing to complain about\n" : `${counts.join(", ")}\n`;
}
