// What a command of `weft` is, and the exit codes that scripts rely on.

/** done, template wrong, usage, a role failed or timed out, coordinator or hub unreachable, interrupted. */
export const exitCodes = { done: 0, template: 1, usage: 2, failed: 3, unreachable: 4, interrupted: 130 } as const;

export interface Command {
  /** One line for `weft --help`. */
  summary: string;
  /** The whole text of `weft NAME --help`. */
  help: string;
  /** All that it prints it prints by print.ts. */
  printsAtOnce?: true;
  /** Runs with the arguments after the command's name and resolves with the exit code. */
  run(args: string[]): Promise<number>;
}

/** The arguments were wrong: printed with a pointer to --help, exit 2. */
export class UsageError extends Error {}
