// weft generations: what a hub keeps of a stack.
import { parseArgs } from "node:util";
import type { GenerationSummary } from "../../hub/generations.ts";
import { askHub } from "../../monitor/follow.ts";
import { exitCodes, type Command } from "../command.ts";
import { accessFlags, accessHelp, findHub } from "../find-hub.ts";

export const command = {
  summary: "list what a hub keeps of a stack",
  help: `
usage: weft generations [--json] [--hub URL --stack NAME --token TOKEN]

Lists the generations of a stack that a hub keeps, the oldest first: how many cells and reports of roles there are, and
whose agents are there just now. "weft remove" removes one.

  --json         the hub's own document
${accessHelp}`,
  async run(args) {
    const { values } = parseArgs({ args, options: { ...accessFlags, json: { type: "boolean" } } });
    const document = (await (await askHub(findHub(values), "generations")).json()) as {
      stack: string;
      generations: GenerationSummary[];
    };
    if (values.json === true) process.stdout.write(`${JSON.stringify(document)}\n`);
    else process.stdout.write(document.generations.map((summary) => `${describe(summary)}\n`).join(""));
    if (document.generations.length === 0) process.stderr.write(`weft: the hub keeps nothing of stack ${document.stack}\n`);
    return exitCodes.done;
  },
} satisfies Command;

function describe({ generation, cells, roles, vms }: GenerationSummary): string {
  const agents = vms.length === 0 ? "no agent is there" : `agents there: ${vms.join(", ")}`;
  return `${generation}  cells: ${cells}, roles: ${roles}, ${agents}`;
}
