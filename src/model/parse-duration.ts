// Lengths of time as users write them.

const unitsMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Returns milliseconds: of a number of seconds, or of a text like `30`, `30s`, `1.5m`, `500ms`, `2h`; undefined for anything else. */
export function parseDuration(duration: unknown): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(
    typeof duration === "number" ? String(duration) : typeof duration === "string" ? duration.trim() : "",
  );
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (unitsMs[match[2] ?? "s"] as number));
}
