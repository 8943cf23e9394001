// The tool `salt` in the contract suite: the steps as Jinja of a state file. Functions act while it is rendered, in their order.
import { findCommand } from "../../../src/agent/find-command.ts";
import type { Json } from "../../../src/model/json.ts";
import type { Step, ToolUnderTest } from "../tool.ts";
import { quote } from "./quote.ts";

export const saltUnderTest: ToolUnderTest = {
  name: "salt",
  ...(findCommand("salt-call", process.env["PATH"]) === undefined
    ? { missing: "salt-call is not installed, and neither Debian nor a registry has it" }
    : {}),
  isOptional: true,
  startMs: 15_000,
  gaps: {},
  compose: (steps) => {
    const files = [...new Set(steps.flatMap((step) => ("file" in step ? [step.file] : [])))];
    return [...files.map((file) => call("file.touch", file)), ...steps.map(say), "done:\n  test.nop: []"].join("\n");
  },
};

function say(step: Step): string {
  switch (step.do) {
    case "say":
      return call("file.append", step.file, step.text);
    case "read":
      return `{%- do salt['file.append'](${literal(step.file)}, salt['pillar.get'](${literal(step.input)}, none) | json) %}`;
    case "write":
      return call("weft.put", step.output, step.value);
    case "pass":
      return `{%- do salt['weft.put'](${literal(step.output)}, pillar[${literal(step.input)}]) %}`;
    case "hold":
      return call("cmd.shell", `echo $$ > ${quote(step.pid)}; while [ ! -e ${quote(step.until)} ]; do sleep 0.05; done`);
    case "fail":
      return `{{ raise(${literal(step.text)}) }}`;
  }
}

function call(name: string, ...args: Json[]): string {
  return `{%- do salt['${name}'](${args.map(literal).join(", ")}) %}`;
}

/** Returns a value as Jinja writes it. */
export function literal(value: Json): string {
  if (value === null) return "none";
  if (typeof value === "string") return JSON.stringify(value).replace(/\{/g, "\\x7b");
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${literal(key)}: ${literal(item)}`)
    .join(", ")}}`;
}
