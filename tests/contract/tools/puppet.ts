// The tool `puppet` in the contract suite: the steps as statements of a manifest. Functions act while it is evaluated, in their order.
import { join } from "node:path";
import { findCommand } from "../../../src/agent/find-command.ts";
import type { Json } from "../../../src/model/json.ts";
import type { Step, ToolUnderTest } from "../tool.ts";
import { quote } from "./quote.ts";

export const puppetUnderTest: ToolUnderTest = {
  name: "puppet",
  ...(findCommand("puppet", process.env["PATH"]) === undefined ? { missing: "puppet-agent is not installed" } : {}),
  startMs: 10_000,
  options: { modulepath: join(import.meta.dirname, "puppet-modules") },
  gaps: {},
  compose: (steps) => steps.map(say).join("\n"),
  composeDeferred: ({ output, input, file }) => `
    exec { 'write': command => 'weft-put ${output} up', provider => shell }
    -> file { ${literal(file)}: content => lookup(${literal(input)}) }`,
};

function say(step: Step): string {
  switch (step.do) {
    case "say":
      return `contract::append(${literal(step.file)}, ${literal(step.text)})`;
    case "read":
      return `contract::append(${literal(step.file)}, lookup(${literal(step.input)}, {default_value => undef}), true)`;
    case "write":
      return `$${step.output} = ${literal(step.value)}`;
    case "pass":
      return `$${step.output} = lookup(${literal(step.input)})`;
    case "hold": {
      const command = `echo $$ > ${quote(step.pid)}; while [ ! -e ${quote(step.until)} ]; do sleep 0.05; done`;
      return `exec { 'hold': command => ${literal(command)}, provider => shell, timeout => 0 }`;
    }
    case "fail":
      return `fail(${literal(step.text)})`;
  }
}

/** Returns a value as Puppet writes it. */
export function literal(value: Json): string {
  if (typeof value === "string") return `'${value.replace(/[\\']/g, "\\$&")}'`;
  if (value === null) return "undef";
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${literal(key)} => ${literal(item)}`)
    .join(", ")}}`;
}
