// weft status: every role of a running stack, by vm.
import { parseArgs } from "node:util";
import { readStatus } from "../../monitor/follow.ts";
import { emptyPicture, roleLine, updatePicture } from "../../monitor/picture.ts";
import { accessFlags, accessHelp, findHub } from "../find-hub.ts";
import { exitCodes, type Command } from "../command.ts";

export const command = {
  summary: "show every role of a running stack",
  help: `
usage: weft status [--json] [--hub URL --stack NAME --token TOKEN]

Shows every role of a running stack: what it waits for and since when, running, done, failed or skipped.

${accessHelp}
  --json         the hub's own document: roles, vms, cells (without values)`,
  async run(args) {
    const { values } = parseArgs({ args, options: { ...accessFlags, json: { type: "boolean" } } });
    const status = await readStatus(findHub(values));
    if (values.json === true) {
      process.stdout.write(`${JSON.stringify(status)}\n`);
      return exitCodes.done;
    }
    const picture = updatePicture(emptyPicture, { type: "snapshot", status });
    const width = Math.max(0, ...status.roles.map(({ id }) => id.length));
    for (const role of status.roles) process.stdout.write(`${role.id.padEnd(width)}  ${roleLine(picture, role, Date.now())}\n`);
    if (status.roles.length === 0) process.stdout.write(`no role of stack ${status.stack} has been reported yet\n`);
    return exitCodes.done;
  },
} satisfies Command;
