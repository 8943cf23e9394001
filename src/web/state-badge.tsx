// The look of a role's state, the same everywhere: a sign and a colour, never a colour alone.
import type { VNode } from "preact";
import type { RoleState } from "../model/status.ts";

export const signs: Record<RoleState, string> = { waiting: "○", running: "▶", done: "✓", failed: "✕", skipped: "–" };

export function StateSign({ state, dead = false }: { state: RoleState; dead?: boolean }): VNode {
  return (
    <span class={`sign ${dead ? "dead" : state}`} aria-hidden="true">
      {dead ? "!" : signs[state]}
    </span>
  );
}
