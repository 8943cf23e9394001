// weft check: all diagnostics of a template, nothing written.
import { parseArgs } from "node:util";
import { check } from "../../compiler/check.ts";
import { renderJson, renderText } from "../../diagnostics/render.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { print } from "../print.ts";
import { openTemplate, templateFlags, templateHelp, type TemplateValues } from "../template-options.ts";
import { waitForChange, type Watched } from "../watch-files.ts";

export const command = {
  summary: "tell all that is wrong with a template",
  help: `
usage: weft check T [options]

Checks template T: names, types, secrets, and that no roles wait for each other for ever. Every mistake is told at once, with its place;
nothing is written. Parameters need no values. "weft explain CODE" says more about a message.

${templateHelp}
  --watch                   check again whenever the template or a file that it names changes, until Ctrl-C
  --json                    one JSON document on stdout: {ok, diagnostics: [{severity, code, message, file, line, column, ...}]}

exit: 0 no errors (warnings and notes are none), 1 template wrong, 2 usage`,
  printsAtOnce: true,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...templateFlags, json: { type: "boolean" }, watch: { type: "boolean" } },
    });
    const checked = checkOnce(positionals, values);
    if (values.watch !== true) return checked.hasErrors ? exitCodes.template : exitCodes.done;
    const interrupted = new AbortController();
    process.once("SIGINT", () => interrupted.abort());
    let watched: Watched = checked;
    for (;;) {
      await waitForChange(watched, interrupted.signal);
      if (interrupted.signal.aborted) return exitCodes.interrupted;
      print(2, "\n");
      watched = recheck(positionals, values) ?? watched;
    }
  },
} satisfies Command;

type Values = TemplateValues & { json?: boolean };

function checkOnce(positionals: string[], values: Values): Watched & { hasErrors: boolean } {
  const { input, sources, files, folders } = openTemplate(positionals, values);
  const { report } = check(input);
  if (values.json === true) print(1, `${JSON.stringify(renderJson(report.diagnostics), null, 2)}\n`);
  else print(2, renderText(report.diagnostics, sources) + summarize(report.diagnostics.map(({ severity }) => severity)));
  return { hasErrors: report.hasErrors, files, folders };
}

// An editor may be between removing a file and writing it again.
function recheck(positionals: string[], values: Values): Watched | undefined {
  try {
    return checkOnce(positionals, values);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    print(2, `${error.message}\n`);
    return undefined;
  }
}

function summarize(severities: string[]): string {
  const counts = ["error", "warning", "note"].flatMap((severity) => {
    const count = severities.filter((one) => one === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return counts.length === 0 ? "nothing to complain about\n" : `${counts.join(", ")}\n`;
}
