// The look of a role's state, the same everywhere: a sign and a colour, never a colour alone.
import type { VNode } from "preact";
import type { RoleState } from "../model/status.ts";

const signs: Record<RoleState, string> = { waiting: "○", running: "▶", done: "✓", failed: "✕", skipped: "–" };

export function StateSign({ state, dead = false }: { state: RoleState; dead?: boolean }): VNode {
  return (
    <span class={`sign ${dead ? "dead" : state}`} aria-hidden="true">
      {dead ? "!" : signs[state]}
    </span>
  );
}

/** The states of several roles as one bar. */
export function Meter({ counts }: { counts: Record<RoleState, number> }): VNode {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return (
    <span class="meter" aria-hidden="true">
      {(["done", "skipped", "failed", "running"] as const).map((state) => (
        <i class={state} style={{ width: `${(counts[state] / Math.max(1, all)) * 100}%` }} />
      ))}
    </span>
  );
}
