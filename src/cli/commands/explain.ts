// weft explain: what a diagnostic means and how to mend it.
import { parseArgs } from "node:util";
import { catalogue, type Code } from "../../diagnostics/catalogue.ts";
import { suggestNearest } from "../../diagnostics/nearest.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";

export const command = {
  summary: "say what a diagnostic means and how to mend it",
  help: `
usage: weft explain [CODE]

Explains the diagnostic CODE, the word in brackets: shop.yaml:41:33: error[unknown-attribute]: ... Without CODE: lists all codes.

exit: 0 done, 2 there is no such code`,
  async run(args) {
    const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
    const [code, ...more] = positionals;
    if (more.length > 0) throw new UsageError("one code at a time");
    process.stdout.write(code === undefined ? listCodes() : explain(code));
    return exitCodes.done;
  },
} satisfies Command;

const codes = Object.keys(catalogue) as Code[];

function listCodes(): string {
  const width = Math.max(...codes.map((code) => code.length));
  return codes.map((code) => `${code.padEnd(width)}  ${catalogue[code].severity}\n`).join("");
}

function explain(text: string): string {
  const code = codes.find((one) => one === text);
  if (code === undefined) {
    const hint = suggestNearest(text, codes);
    throw new UsageError(`there is no diagnostic "${text}"${hint === undefined ? "" : `; ${hint}`}`);
  }
  return `${catalogue[code].severity}[${code}]\n\n${catalogue[code].why}\n`;
}
