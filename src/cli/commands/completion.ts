// weft completion SHELL: the script by which a shell completes weft's commands and flags.
import { completionScript, shells } from "../completion-script.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { describeCommands } from "../cli-commands.ts";

export const command = {
  summary: "print the completion of a shell",
  help: `
usage: weft completion bash|zsh|fish

Prints the script by which the shell completes commands and flags.

  bash   eval "$(weft completion bash)"                  # in ~/.bashrc
  zsh    weft completion zsh > ~/.zfunc/_weft            # a folder of $fpath
  fish   weft completion fish > ~/.config/fish/completions/weft.fish`,
  async run(args) {
    const shell = shells.find((name) => name === args[0]);
    if (shell === undefined || args.length > 1) throw new UsageError(`one of ${shells.join(", ")} is expected`);
    process.stdout.write(completionScript(shell, await describeCommands()));
    return exitCodes.done;
  },
} satisfies Command;
