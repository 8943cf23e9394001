// Run-time failures, classed by what the caller does next.

/** retry: the same call may succeed later; give-up: it never will; conflict: someone else wrote something different. */
export type Reaction = "retry" | "give-up" | "conflict";

/** A failure of the world around us (an engine, a hub, a tool), never a bug and never a template's mistake. */
export class Failure extends Error {
  readonly reaction: Reaction;
  /** A word that programs compare: `unreachable`, `unauthorized`, `forbidden`, `too-large`, `conflict`, ... */
  readonly code: string;

  constructor(reaction: Reaction, code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "Failure";
    this.reaction = reaction;
    this.code = code;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
