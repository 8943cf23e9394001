// The tool `murano` in the contract suite: the steps as lines of an execution plan's Body. What it writes, its scripts write at once; what
// it passes on is its result.
import { findCommand } from "../../../src/agent/find-command.ts";
import { showValue } from "../../../src/model/cell.ts";
import type { Json } from "../../../src/model/json.ts";
import type { Step, ToolUnderTest } from "../tool.ts";
import { quote } from "./quote.ts";

export const muranoUnderTest: ToolUnderTest = {
  name: "murano",
  ...(findCommand("python3", process.env["PATH"]) === undefined ? { missing: "python3 is not installed" } : {}),
  startMs: 8000,
  gaps: {},
  compose(steps) {
    const lines = steps.map((step, index) => say(step, `script${index}`));
    const scripts = steps.flatMap((step, index) =>
      step.do === "hold" || step.do === "fail" ? [[`script${index}`, step] as const] : [],
    );
    return makePlan({
      Body: ["import json", "result = {}", append, ...lines, "return result"].join("\n"),
      scripts: { put: 'exec weft-put "$@"', ...Object.fromEntries(scripts.map(([name, step]) => [name, shell(step)])) },
    });
  },
};

/** An execution plan whose scripts are texts for a shell. */
export function makePlan({
  scripts,
  ...more
}: {
  Body: string;
  scripts?: Record<string, string>;
  [key: string]: Json | undefined;
}): Json {
  const names = Object.keys(scripts ?? {});
  return {
    FormatVersion: "2.0.0",
    ID: "0123",
    Scripts: Object.fromEntries(names.map((name) => [name, { Type: "Application", EntryPoint: `id-${name}` }])),
    Files: Object.fromEntries(
      names.map((name) => [`id-${name}`, { Name: `${name}.sh`, BodyType: "Text", Body: `#!/bin/sh\n${scripts?.[name]}\n` }]),
    ),
    ...(more as Record<string, Json>),
  };
}

const append = "def append(file, text):\n    with open(file, 'a') as trace: trace.write(text + '\\n')";

function say(step: Step, script: string): string {
  switch (step.do) {
    case "say":
      return `append(${literal(step.file)}, ${literal(step.text)})`;
    case "read":
      return `append(${literal(step.file)}, json.dumps(args[${literal(step.input)}]))`;
    case "write":
      return `put(${literal(`${step.output} ${quote(showValue(step.value))}`)})`;
    case "pass":
      return `result[${literal(step.output)}] = args.${step.input}`;
    case "hold":
    case "fail":
      return `${script}()`;
  }
}

function shell(step: Step): string {
  if (step.do === "hold") return `echo $$ > ${quote(step.pid)}; while [ ! -e ${quote(step.until)} ]; do sleep 0.05; done`;
  return step.do === "fail" ? `echo ${quote(step.text)} >&2; exit 3` : "";
}

/** Returns a value as Python writes it. */
export function literal(value: Json): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${literal(key)}: ${literal(item)}`)
    .join(", ")}}`;
}
