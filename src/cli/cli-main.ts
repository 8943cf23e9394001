// The command line: finds the command, runs it, and turns what it throws into a message and an exit code.
import { commands } from "./cli-commands.ts";
import { exitCodes, UsageError } from "./command.ts";
import { print } from "./print.ts";
import { Failure, messageOf } from "../model/failure.ts";

const version = "0.1.0";

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
  if (command.printsAtOnce !== true) mindReaders();
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
  print(1, `${text}\n`);
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
function mindReaders(): void {
  let isUnread = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    if (isUnread) return;
    isUnread = true;
    if (!process.emit("SIGINT", "SIGINT")) process.exit(exitCodes.done);
  });
}

const args = process.argv.slice(2);
void main(args)
  .catch((error: unknown) => explainThrown(error, args))
  .then((code) => (process.exitCode = code));
