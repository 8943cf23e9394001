// Reads a field that holds a length of time.
import { parseDuration } from "../../model/parse-duration.ts";
import type { ParseContext } from "./parse-value.ts";
import { type Fields, reportType } from "./read-fields.ts";

/** Returns milliseconds; undefined for a field that is absent or, after a report, no length of time. */
export function readDuration(fields: Fields, key: string, context: ParseContext): number | undefined {
  const entry = fields.get(key);
  if (entry === undefined) return undefined;
  const durationMs = entry.value.kind === "literal" ? parseDuration(entry.value.value) : undefined;
  if (durationMs === undefined) {
    reportType(
      context.report,
      entry.value,
      `"${key}" of ${fields.what}`,
      "a length of time: seconds, or a text like 30s, 5m, 500ms",
    );
  }
  return durationMs;
}
