// The tool `ansible` in the contract suite: the steps as tasks of a playbook.
import { findCommand } from "../../../src/agent/find-command.ts";
import type { Json } from "../../../src/model/json.ts";
import type { Step, ToolUnderTest } from "../tool.ts";
import { quote } from "./quote.ts";

export const ansibleUnderTest: ToolUnderTest = {
  name: "ansible",
  ...(findCommand("ansible-playbook", process.env["PATH"]) === undefined ? { missing: "ansible-core is not installed" } : {}),
  startMs: 12_000,
  gaps: {},
  compose: (steps) => `[{"hosts": "localhost", "gather_facts": false, "tasks": [${steps.map(say).join(",\n")}]}]`,
};

function say(step: Step): string {
  switch (step.do) {
    case "say":
      return shell(`echo ${quote(step.text)} >> ${quote(step.file)}`);
    case "read":
      return shell(`printf '%s\\n' {{ ${step.input} | default(none) | to_json | quote }} >> ${quote(step.file)}`);
    case "write":
      return `{"ansible.builtin.set_fact": {"${step.output}": ${literal(step.value)}}}`;
    case "pass":
      return `{"ansible.builtin.set_fact": {"${step.output}": "{{ ${step.input} }}"}}`;
    case "hold":
      return shell(`echo $$ > ${quote(step.pid)}; while [ ! -e ${quote(step.until)} ]; do sleep 0.05; done`);
    case "fail":
      return `{"ansible.builtin.fail": {"msg": ${JSON.stringify(step.text)}}}`;
  }
}

function shell(command: string): string {
  return `{"ansible.builtin.shell": {"cmd": ${JSON.stringify(command)}}}`;
}

// JSON is YAML; the tag keeps what looks like a template from being one.
function literal(value: Json): string {
  if (typeof value === "string") return `!unsafe ${JSON.stringify(value)}`;
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${literal(item)}`)
    .join(", ")}}`;
}
