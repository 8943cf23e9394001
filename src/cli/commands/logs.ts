// weft logs VM.ROLE: what a role's tool has printed, as far as the hub keeps it.
import { parseArgs } from "node:util";
import type { RoleLog } from "../../model/status.ts";
import { followLog, newPart, readLog } from "../../monitor/follow-log.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { accessFlags, accessHelp, findHub } from "../find-hub.ts";

export const command = {
  summary: "print what a role's tool has said",
  help: `
usage: weft logs VM.ROLE [-f] [--hub URL --stack NAME --token TOKEN]

Prints the end of what the tool of a role has printed in its newest attempt: at most 16 KiB, secrets masked; the whole is on its vm, in
the agent's folder logs/. What a role with secret outputs prints comes when these are written, or when it has ended.

  -f, --follow   go on printing until the role has ended, or Ctrl-C
${accessHelp}`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...accessFlags, follow: { type: "boolean", short: "f" } },
    });
    const [role, more] = positionals;
    if (role === undefined || more !== undefined) throw new UsageError("one role is expected, as in db.mysql");
    const access = findHub(values);
    let before: RoleLog | undefined;
    const print = (log: RoleLog): void => {
      const { text, gap } = newPart(before, log);
      if (before !== undefined && before.attempt !== log.attempt) process.stderr.write(`attempt ${log.attempt}\n`);
      if (gap) process.stderr.write("... (what was before is on the vm)\n");
      process.stdout.write(text);
      before = log;
    };
    if (values.follow !== true) {
      print(await readLog(access, role));
      return exitCodes.done;
    }
    const stop = new AbortController();
    const interrupt = (): void => stop.abort();
    process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
    await followLog(access, role, print, stop.signal);
    return exitCodes.done;
  },
} satisfies Command;
