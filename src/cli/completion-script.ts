// Completion scripts for shells, made of what the commands say of themselves. Pure.

export const shells = ["bash", "zsh", "fish"] as const;

export interface DescribedCommand {
  name: string;
  summary: string;
  /** The whole of its help, which names every flag. */
  help: string;
}

/** Returns the script for a shell. */
export function completionScript(shell: (typeof shells)[number], commands: DescribedCommand[]): string {
  if (shell === "bash") return bashScript(commands);
  return shell === "zsh" ? zshScript(commands) : fishScript(commands);
}

/** The flags that a command's help names, `--help` first. */
export function flagsOf({ help }: DescribedCommand): string[] {
  return [...new Set(["--help", ...(help.match(/--[a-z][a-z-]*[a-z]/g) ?? [])])];
}

function bashScript(commands: DescribedCommand[]): string {
  const cases = commands.map((command) => `    ${command.name}) words="${flagsOf(command).join(" ")}" ;;`);
  return `# bash completion of weft
_weft() {
  local current=\${COMP_WORDS[COMP_CWORD]} words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")}" -- "$current"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
  esac
}
complete -o default -F _weft weft
`;
}

function zshScript(commands: DescribedCommand[]): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const names = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary.replaceAll(":", "\\:")}`)}`);
  const cases = commands.map((command) => `    ${command.name}) compadd -- ${flagsOf(command).join(" ")} ;;`);
  return `#compdef weft
_weft() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  if [[ $words[CURRENT] != -* ]]; then
    _files
    return
  fi
  case $words[2] in
${cases.join("\n")}
  esac
}
compdef _weft weft
`;
}

function fishScript(commands: DescribedCommand[]): string {
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap((command) => [
    `complete -c weft -n __fish_use_subcommand -f -a ${command.name} -d ${quote(command.summary)}`,
    ...flagsOf(command).map((flag) => `complete -c weft -n '__fish_seen_subcommand_from ${command.name}' -l ${flag.slice(2)}`),
  ]);
  return `# fish completion of weft\n${lines.join("\n")}\n`;
}
