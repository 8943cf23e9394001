// The tool `chef` in the contract suite: the steps as resources of a recipe, which act in their order while Chef converges.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Json } from "../../../src/model/json.ts";
import { chefEnvironment, chefMissing } from "../../engines/chef.ts";
import type { Step, ToolUnderTest } from "../tool.ts";

const cookbooks = mkdtempSync(join(tmpdir(), "weft-cookbooks-"));
process.once("exit", () => rmSync(cookbooks, { recursive: true, force: true }));

/** Returns a version of Chef as the suite knows tools; `mode` is the role's option. */
export function chefUnderTest(version: string, mode: "client" | "solo"): ToolUnderTest {
  const missing = chefMissing(version);
  return {
    name: "chef",
    title: `chef ${version} as ${mode}`,
    ...(missing === undefined ? {} : { missing }),
    env: chefEnvironment(version),
    startMs: 10_000,
    options: { mode, cookbook_path: cookbooks, config: join(import.meta.dirname, "chef-client.rb") },
    gaps: {},
    compose: (steps) => writeCookbook({ "recipes/default.rb": steps.map(say).join("\n") }),
    composeDeferred: ({ output, input, file }) =>
      writeCookbook({
        "recipes/default.rb": `
          execute 'weft-put ${output} up'
          file(${literal(file)}) { content node[${literal(input)}] }`,
      }),
  };
}

/** Writes a cookbook of files by their paths in it, and returns the run list that runs its default recipe. */
export function writeCookbook(files: Record<string, string>): string {
  const name = `c${createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16)}`;
  for (const [path, text] of Object.entries({ ...files, "metadata.rb": `name '${name}'` })) {
    mkdirSync(dirname(join(cookbooks, name, path)), { recursive: true });
    writeFileSync(join(cookbooks, name, path), text);
  }
  return `recipe[${name}]`;
}

function say(step: Step, index: number): string {
  return `ruby_block('${index} ${step.do}') { block { ${act(step)} } }`;
}

function act(step: Step): string {
  switch (step.do) {
    case "say":
      return append(step.file, literal(step.text));
    case "read":
      return append(step.file, `node[${literal(step.input)}].to_json`);
    case "write":
      return `node.default[${literal(step.output)}] = ${literal(step.value)}`;
    case "pass":
      return `node.default[${literal(step.output)}] = node[${literal(step.input)}]`;
    case "hold":
      return `File.write(${literal(step.pid)}, "#{$$}\\n"); sleep 0.05 until File.exist?(${literal(step.until)})`;
    case "fail":
      return `raise ${literal(step.text)}`;
  }
}

/** Ruby that appends the text of an expression to a file as a line. */
export function append(file: string, expression: string): string {
  return `File.write(${literal(file)}, "#{${expression}}\\n", mode: 'a')`;
}

/** Returns a value as Ruby writes it. */
export function literal(value: Json): string {
  if (typeof value === "string") return `'${value.replace(/[\\']/g, "\\$&")}'`;
  if (value === null) return "nil";
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${literal(key)} => ${literal(item)}`)
    .join(", ")}}`;
}
