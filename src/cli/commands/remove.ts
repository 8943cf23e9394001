// weft remove: takes a generation, or all of a stack, out of a hub's coordinator.
import { parseArgs } from "node:util";
import { Failure } from "../../model/failure.ts";
import { askHub } from "../../monitor/follow.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { accessFlags, accessHelp, findHub } from "../find-hub.ts";

export const command = {
  summary: "remove an old generation, or a whole stack",
  help: `
usage: weft remove --stack NAME [--generation G] [--hub URL --token TOKEN]

Removes everything that a hub keeps of one generation of a stack, or of the whole stack: cells, choices, reports. For good.
While an agent of it is there, it is refused.

  --generation G  as "weft generations" lists it; without, the whole stack
${accessHelp}

exit: 0 removed, 2 usage, 3 refused: an agent is there, 4 hub unreachable, or there is no such thing`,
  async run(args) {
    const { values } = parseArgs({ args, options: { ...accessFlags, generation: { type: "string" } } });
    if (values.stack === undefined) throw new UsageError("say which stack: --stack NAME");
    const path = values.generation === undefined ? "" : `generations/${encodeURIComponent(values.generation)}`;
    try {
      await askHub(findHub(values), path, { method: "DELETE" });
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "conflict") throw error;
      process.stderr.write(`weft: ${error.message}\n`);
      return exitCodes.failed;
    }
    return exitCodes.done;
  },
} satisfies Command;
