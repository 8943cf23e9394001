// Says all at once what this machine lacks.
import type { Missing } from "../machines/missing.ts";
import { UsageError } from "./command.ts";

/** Fails with UsageError that names everything missing with its remedy; returns when nothing is. */
export function failMissing(missing: Missing[]): void {
  if (missing.length === 0) return;
  throw new UsageError(`this machine lacks\n${missing.map(({ what, hint }) => `  ${what}\n    hint: ${hint}`).join("\n")}`);
}
