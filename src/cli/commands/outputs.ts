// weft outputs: the outputs of a stack on a cloud.
import { parseArgs } from "node:util";
import { cloudFlags, cloudHelp, findNamedStack, openCloudSession } from "../cloud-options.ts";
import { exitCodes, type Command } from "../command.ts";
import { outputsOf, showValue } from "../show-deploy.ts";

export const command = {
  summary: "print the outputs of a stack on a cloud",
  help: `
usage: weft outputs NAME [--json] [--os-cloud NAME]

Prints the outputs of a stack on an OpenStack cloud, those that roles have written too.

${cloudHelp}
  --json                    one object, {"output": value}; null where there is no value yet

exit: 0 done, 2 usage, 4 the cloud cannot be reached or has no such stack`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...cloudFlags, json: { type: "boolean" } },
    });
    const session = await openCloudSession(values);
    const outputs = outputsOf(await findNamedStack(session, positionals, true));
    if (values.json === true) {
      process.stdout.write(`${JSON.stringify(outputs)}\n`);
      return exitCodes.done;
    }
    const width = Math.max(0, ...Object.keys(outputs).map((name) => name.length));
    for (const [name, value] of Object.entries(outputs)) process.stdout.write(`${name.padEnd(width)}  ${showValue(value)}\n`);
    return exitCodes.done;
  },
} satisfies Command;
