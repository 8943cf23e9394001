// weft infer: run one role on this machine and print the inputs and outputs that it would declare.
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { inferRole, type InferRequest } from "../../infer/infer-role.ts";
import { inferring } from "../../infer/inferring.ts";
import { showAsYaml } from "../../infer/notes.ts";
import type { Json, JsonMap } from "../../model/json.ts";
import { findTool, tools } from "../../model/tool-names.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";

// Every option that is a path has a flag of its own: --cookbook-path, --modulepath, ...
const pathFlags = new Map(
  tools.flatMap(({ pathOptions }) => pathOptions.map((name) => [name.replaceAll("_", "-"), name] as const)),
);

export const command = {
  summary: "print the inputs and outputs that a role would declare",
  help: `
usage: weft infer --tool TOOL RUN [options]

Runs one role on this machine, watched, and prints what to paste into the template: as inputs what it reads and nothing sets, as
outputs what it writes. RUN is a file, or the text itself. Values that nobody gave are stood in for by the number 1, or by what the
declared type of a parameter allows. ansible, chef and puppet only try (--check, --why-run, --noop); a script really runs: use a machine to throw away.

  --tool TOOL               ${Object.keys(inferring).join(", ")}
  --set NAME=VALUE          the value of an input (JSON, else text); may be given several times
  --option NAME=VALUE       an option of the role (JSON, else text)
  ${[...pathFlags.keys()].map((flag) => `--${flag} DIR`).join(", ")}
  --apply                   let the tool change this machine
  --json                    one JSON document on stdout: {tool, ok, error?, inputs: [{name, optional, type?}], outputs: [{name, from?, type}]}

exit: 0 done, 2 usage, 3 the role failed (what was seen until then is printed), 130 interrupted`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        tool: { type: "string" },
        set: { type: "string", multiple: true },
        option: { type: "string", multiple: true },
        apply: { type: "boolean" },
        json: { type: "boolean" },
        ...Object.fromEntries([...pathFlags.keys()].map((flag) => [flag, { type: "string" as const, multiple: true }])),
      },
    });
    const { tool } = values;
    if (tool === undefined || inferring[tool] === undefined) {
      throw new UsageError(`--tool must be one of ${Object.keys(inferring).join(", ")}`);
    }
    const [run, ...more] = positionals;
    if (run === undefined || more.length > 0) throw new UsageError("one file, or text, to run is expected");
    const paths = [...pathFlags].flatMap(([flag, name]) => {
      const given = (values as Record<string, string[] | undefined>)[flag];
      return given === undefined ? [] : [[name, given] as const];
    });
    const options: JsonMap = { ...Object.fromEntries(paths), ...readPairs(values.option ?? [], "--option") };
    for (const name of findTool(tool)?.pathOptions ?? [])
      if (options[name] !== undefined) options[name] = makeAbsolute(options[name]);

    const interrupt = new AbortController();
    process.once("SIGINT", () => interrupt.abort()).once("SIGTERM", () => interrupt.abort());
    const request: InferRequest = {
      tool,
      run: existsSync(run) ? readFileSync(run, "utf8") : run,
      options,
      given: readPairs(values.set ?? [], "--set"),
      apply: values.apply === true,
    };
    const inferred = await inferRole(request, interrupt.signal).catch((error: unknown) => {
      if (interrupt.signal.aborted) return undefined;
      throw error;
    });
    if (inferred === undefined) return exitCodes.interrupted;
    const { failure, logTail, inputs, outputs } = inferred;
    const result = { tool, ok: failure === undefined, ...(failure === undefined ? {} : { error: failure }), inputs, outputs };
    process.stdout.write(values.json === true ? `${JSON.stringify(result, null, 2)}\n` : showAsYaml(inferred));
    if (failure === undefined) return exitCodes.done;
    const hint = "hint: what a value stood in for may need a real one: --set NAME=VALUE";
    process.stderr.write(`${logTail === undefined ? "" : `${logTail.trimEnd()}\n`}the role failed: ${failure}\n${hint}\n`);
    return exitCodes.failed;
  },
} satisfies Command;

function readPairs(texts: string[], flag: string): Record<string, Json> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf("=");
      if (equals < 1) throw new UsageError(`${flag} ${text}: NAME=VALUE is expected`);
      return [text.slice(0, equals), readValue(text.slice(equals + 1))];
    }),
  ) as Record<string, Json>;
}

function readValue(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function makeAbsolute(value: Json): Json {
  if (Array.isArray(value)) return value.map(makeAbsolute);
  return typeof value === "string" ? resolve(value) : value;
}
