// weft agent: runs the roles of one vm. The same program that travels to vms as one file.
import { main } from "../../agent/agent-main.ts";
import type { Command } from "../command.ts";

export const command = {
  summary: "run the roles of one vm",
  help: `
usage: weft agent --vm FILE [--state DIR]
       weft agent --config FILE

Runs the roles of one vm: connects to a hub, waits for inputs, runs tools, publishes outputs. With --vm FILE is what the vm's user_data
writes (/etc/weft/vm.json: who it is, its token, its hubs); what it shall do comes from Heat or from the file named there, each
time that the stack is updated. With --config FILE says it all, for one generation. Both hold secrets: keep them mode 0600.

  --state DIR  journal, logs and folders of roles; default /var/lib/weft

The agent stays after its roles have ended; SIGTERM ends it and what it still runs. Start it again at any time: a role
whose success is in the journal never runs twice.`,
  run: main,
} satisfies Command;
