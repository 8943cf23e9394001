// weft why VM.ROLE: the causal chain from a role that waits or has failed down to its root.
import { parseArgs } from "node:util";
import { suggestNearest } from "../../diagnostics/nearest.ts";
import { readStatus } from "../../monitor/follow.ts";
import { emptyPicture, explainRole, updatePicture } from "../../monitor/picture.ts";
import { accessFlags, accessHelp, findHub } from "../find-hub.ts";
import { readHistory } from "../run-history.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";

export const command = {
  summary: "say why a role waits or has failed, down to the root",
  help: `
usage: weft why VM.ROLE [--json] [--hub URL --stack NAME --token TOKEN]

Says why a role waits, runs or has failed: what it waits for, who writes that, what that role waits for in turn, down
to the root, and whether a writer is slow (its agent is there) or dead.

${accessHelp}
  --json         the chain as a list of {depth, text}`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...accessFlags, json: { type: "boolean" } },
    });
    const [id, ...more] = positionals;
    if (id === undefined || more.length > 0) throw new UsageError("name one role: weft why VM.ROLE");
    const access = findHub(values);
    const status = await readStatus(access);
    const picture = updatePicture(emptyPicture, { type: "snapshot", status });
    if (!picture.roles.has(id)) {
      const nearest = suggestNearest(id, [...picture.roles.keys()]);
      throw new UsageError(`no role ${id} has been reported${nearest === undefined ? "" : `; ${nearest}`}`);
    }
    const lines = explainRole(picture, id, Date.now(), readHistory(access.stack)?.roles);
    if (values.json === true) process.stdout.write(`${JSON.stringify(lines)}\n`);
    else
      for (const { depth, text } of lines)
        process.stdout.write(`${"  ".repeat(depth)}${depth > 0 && !text.startsWith("|") ? "<- " : ""}${text}\n`);
    return exitCodes.done;
  },
} satisfies Command;
