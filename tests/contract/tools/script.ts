// The tool `script` in the contract suite: the steps in bash.
import { showValue } from "../../../src/model/cell.ts";
import type { Step, ToolUnderTest } from "../tool.ts";
import { quote } from "./quote.ts";

export const scriptUnderTest: ToolUnderTest = {
  name: "script",
  startMs: 3000,
  gaps: {},
  compose: (steps, { eager }) => ["set -eu", ...steps.map((step) => say(step, eager))].join("\n"),
};

function say(step: Step, eager: string[]): string {
  switch (step.do) {
    case "say":
      return `echo ${quote(step.text)} >> ${quote(step.file)}`;
    case "read":
      return `${eager.includes(step.input) ? eagerText(step.input) : `text=$(weft-get ${step.input})`}\n${printJson(step.file)}`;
    case "write":
      return `weft-put ${step.output} ${quote(showValue(step.value))}`;
    case "pass":
      return `weft-get ${step.input} | ${quote(process.execPath)} -p 'JSON.stringify(require("fs").readFileSync(0, "utf8").trimEnd())' | weft-put ${step.output} -`;
    case "hold":
      return `echo $$ > ${quote(step.pid)}; while [ ! -e ${quote(step.until)} ]; do sleep 0.02; done`;
    case "fail":
      return `echo ${quote(step.text)} >&2; exit 3`;
  }
}

function eagerText(input: string): string {
  return `text=\${${input}-null}`;
}

// A shell knows texts only: what is JSON stays as it is, all else is a string.
function printJson(file: string): string {
  const program = "let v; try { v = JSON.parse(process.argv[1]) } catch { v = process.argv[1] } console.log(JSON.stringify(v))";
  return `${quote(process.execPath)} -e ${quote(program)} "$text" >> ${quote(file)}`;
}
