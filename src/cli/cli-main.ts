// The command line: finds the command, runs it, and turns what it throws into a message and an exit code.
import { exitCodes, UsageError, type Command } from "./command.ts";
import { Failure, messageOf } from "../model/failure.ts";

const version = "0.1.0";

// Loaded when asked for, so that `check` does not pay for the hub.
const commands: Record<string, { summary: string; load(): Promise<{ command: Command }> }> = {
  check: { summary: "tell all that is wrong with a template", load: () => import("./commands/check.ts") },
  compile: { summary: "make the plain template that Heat deploys", load: () => import("./commands/compile.ts") },
  graph: { summary: "show which role waits for which", load: () => import("./commands/graph.ts") },
  simulate: { summary: "predict makespan and critical path from durations", load: () => import("./commands/simulate.ts") },
  up: { summary: "run the whole stack on this machine", load: () => import("./commands/up.ts") },
  image: { summary: "build what vms on this machine boot from", load: () => import("./commands/image.ts") },
  status: { summary: "show every role of a running stack", load: () => import("./commands/status.ts") },
  why: { summary: "say why a role waits or has failed, down to the root", load: () => import("./commands/why.ts") },
  watch: { summary: "show a running stack live, or play a recorded run again", load: () => import("./commands/watch.ts") },
  events: { summary: "tell what happens in a running stack, as it happens", load: () => import("./commands/events.ts") },
  logs: { summary: "print what a role's tool has said", load: () => import("./commands/logs.ts") },
  get: { summary: "print the value of a cell", load: () => import("./commands/get.ts") },
  put: { summary: "settle a cell by hand", load: () => import("./commands/put.ts") },
  retry: { summary: "let a role that has failed begin anew", load: () => import("./commands/retry.ts") },
  generations: { summary: "list what a hub keeps of a stack", load: () => import("./commands/generations.ts") },
  remove: { summary: "remove an old generation, or a whole stack", load: () => import("./commands/remove.ts") },
  backup: { summary: "copy what a running hub has on its disk", load: () => import("./commands/backup.ts") },
  infer: { summary: "print the inputs and outputs that a role would declare", load: () => import("./commands/infer.ts") },
  hub: { summary: "serve a coordinator to the vms", load: () => import("./commands/hub.ts") },
  agent: { summary: "run the roles of one vm", load: () => import("./commands/agent.ts") },
  explain: { summary: "say what a diagnostic means and how to mend it", load: () => import("./commands/explain.ts") },
};

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--version" || name === "-V") return say(`weft ${version}`);
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    say(overview());
    return name === undefined ? exitCodes.usage : exitCodes.done;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) {
    const { suggestNearest } = await import("../diagnostics/nearest.ts");
    const nearest = suggestNearest(name, Object.keys(commands));
    throw new UsageError(`there is no command "${name}"${nearest === undefined ? "" : `; ${nearest}`}`);
  }
  const { command } = await entry.load();
  // A role's own words after `--` are not ours to read.
  if (rest.includes("--help") || rest.includes("-h")) return say(command.help.trim());
  return command.run(rest);
}

function overview(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(11)} ${summary}`);
  return `weft lets the configuration steps of a stack's vms wait for each other and hand each other values.

usage: weft COMMAND [ARGUMENTS]

${rows.join("\n")}

"weft COMMAND --help" says more. A first run: weft up examples/shop/stack.yaml`;
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return exitCodes.done;
}

function explainThrown(error: unknown, args: string[]): number {
  // parseArgs' own errors are usage errors too.
  const parseArgsError = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  if (error instanceof UsageError || parseArgsError) {
    const known = args[0] !== undefined && Object.hasOwn(commands, args[0]);
    process.stderr.write(`weft: ${messageOf(error)}\nhint: see "weft ${known ? `${args[0]} ` : ""}--help"\n`);
    return exitCodes.usage;
  }
  if (error instanceof Failure) {
    process.stderr.write(`weft: ${error.message}\n`);
    return exitCodes.unreachable;
  }
  throw error;
}

// A reader that has seen enough (`weft graph ... | head`), or a terminal that is gone, is no error of ours. What runs then ends in
// order, as after Ctrl-C.
let isUnread = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  if (isUnread) return;
  isUnread = true;
  if (!process.emit("SIGINT", "SIGINT")) process.exit(exitCodes.done);
});
const args = process.argv.slice(2);
process.exitCode = await main(args).catch((error: unknown) => explainThrown(error, args));
