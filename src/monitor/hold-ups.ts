// What holds a stack up: the roots of all that waits, and how much waits for each. Pure.
import type { Profiles } from "./estimate.ts";
import { causesOf, explainRole, hasEnded, isOver, type Picture, vmOf } from "./picture.ts";

export interface HoldUp {
  /** The role that is the root, or `VM.@vm` where an agent has not come. */
  id: string;
  kind: "failed" | "missing" | "slow";
  text: string;
  /** Open roles that wait for it, near or far; of a failure the roles that fell with it. */
  holds: number;
}

/** The vms that roles wait for and that have not come, each with the moment since when somebody waits for it. */
export function findMissingVms(picture: Picture): Map<string, number> {
  const missing = new Map<string, number>();
  for (const status of picture.roles.values()) {
    if (hasEnded(status) || status.waitingFor.length === 0) continue;
    const { roles, vms } = causesOf(picture, status);
    const sinceMs = Math.min(...status.waitingFor.map((waiting) => waiting.sinceMs));
    for (const vm of [...roles.map(vmOf), ...vms.map((cause) => cause.vm)]) {
      if (!picture.outlines.has(vm) && !picture.vms.has(vm)) missing.set(vm, Math.min(sinceMs, missing.get(vm) ?? sinceMs));
    }
  }
  return missing;
}

/** Returns the roots, those first that need somebody, then those for which most roles wait. */
export function findHoldUps(picture: Picture, nowMs: number, usual: Profiles = {}): HoldUp[] {
  const waiters = new Map<string, string[]>();
  const fallen = new Map<string, number>();
  const isHeld = new Set<string>();
  for (const status of picture.roles.values()) {
    const { id, state, origin } = status;
    if (state === "failed" && (origin ?? id) === id) fallen.set(id, fallen.get(id) ?? 0);
    else if (origin !== undefined) fallen.set(origin, (fallen.get(origin) ?? 0) + 1);
    if (hasEnded(status)) continue;
    const { roles, vms } = causesOf(picture, status);
    // A vm that has not come holds up as a whole, whichever of its roles is waited for.
    const causes = new Set([
      ...roles.map((role) => (isUnseen(role) ? `${vmOf(role)}.@vm` : role)),
      ...vms.map(({ vm }) => `${vm}.@vm`),
    ]);
    if (causes.size > 0) isHeld.add(id);
    for (const cause of causes) {
      const others = waiters.get(cause);
      if (others === undefined) waiters.set(cause, [id]);
      else others.push(id);
    }
  }
  const failures = [...fallen].map(([id, holds]): HoldUp => ({ id, kind: "failed", text: textOf(id), holds }));
  const roots = [...waiters.keys()].filter((id) => !isHeld.has(id) && !isOver(picture, id));
  const holdUps = roots.map((id): HoldUp => ({
    id,
    kind: isMissing(id) ? "missing" : "slow",
    text: textOf(id),
    holds: countHeld(id),
  }));
  const rank = { failed: 0, missing: 1, slow: 2 };
  return [...failures, ...holdUps].toSorted((left, right) => rank[left.kind] - rank[right.kind] || right.holds - left.holds);

  function isMissing(id: string): boolean {
    return !picture.vms.has(vmOf(id));
  }

  function isUnseen(id: string): boolean {
    return !picture.roles.has(id) && isMissing(id);
  }

  function textOf(id: string): string {
    if (id.endsWith(".@vm")) return `${vmOf(id)} has not come: no agent of that vm is there`;
    return explainRole(picture, id, nowMs, usual)[0]?.text ?? id;
  }

  function countHeld(root: string): number {
    const held = new Set<string>(waiters.get(root));
    for (const id of held) for (const next of waiters.get(id) ?? []) held.add(next);
    held.delete(root);
    return held.size;
  }
}
