// weft agent: runs the roles of one vm. The same program that travels to vms as one file.
import { main } from "../../agent/agent-main.ts";
import type { Command } from "../command.ts";

export const command = {
  summary: "run the roles of one vm",
  help: `
usage: weft agent --config FILE

Runs the roles of one vm: connects to a hub, waits for inputs, runs tools, publishes outputs. FILE is a JSON document that
"weft up" or the vm's user_data writes (who the vm is, its token, its plan); it holds secrets, so keep it mode 0600.
The agent stays after its roles have ended; SIGTERM ends it and what it still runs. Start it again at any time: a role
whose success is in the journal never runs twice.`,
  run: main,
} satisfies Command;
