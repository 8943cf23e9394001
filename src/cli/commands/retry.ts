// weft retry VM.ROLE: lets a role that has failed, and all that failed because of it, begin anew.
import { parseArgs } from "node:util";
import { Failure } from "../../model/failure.ts";
import { askHub } from "../../monitor/follow.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { accessFlags, accessHelp, findHub } from "../find-hub.ts";

export const command = {
  summary: "let a role that has failed begin anew",
  help: `
usage: weft retry VM.ROLE [--hub URL --stack NAME --token TOKEN]

Reopens a role that has failed, and all roles of any vm that failed or were skipped because of it: they wait and run again,
with the attempts that their on_error gives them. What has succeeded stays as it is. A role that failed because of another
one is not retried by itself: retry the one that "weft why" ends at.

${accessHelp}

exit: 0 reopened, 2 usage, 3 refused: it has not failed, or by another role, 4 hub unreachable`,
  async run(args) {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: accessFlags });
    const [role, ...more] = positionals;
    if (role === undefined || more.length > 0) throw new UsageError("name one role: weft retry VM.ROLE");
    const access = findHub(values);
    try {
      await askHub(access, `retries/${encodeURIComponent(role)}`, { method: "POST" });
    } catch (error) {
      if (!(error instanceof Failure) || (error.code !== "conflict" && error.code !== "refused")) throw error;
      process.stderr.write(`weft: ${error.message}\n`);
      return exitCodes.failed;
    }
    return exitCodes.done;
  },
} satisfies Command;
