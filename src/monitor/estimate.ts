// How much longer a stack will take, judged by how long its roles took before. Pure.
import { flowOfPicture } from "./flow-of-picture.ts";
import { activeMs, hasEnded, type Picture } from "./picture.ts";
import { predict, type Profile } from "./predict.ts";

/** How long roles took in an earlier run, by role id. */
export type Profiles = Readonly<Record<string, Profile>>;

/**
 * Returns the ms until the last role will have ended; undefined where nothing is known of any role that is still open. A role that already
 * takes longer than before counts as about to end, one that was never seen as taking no time: it is a lower bound.
 */
export function estimateRestMs(picture: Picture, usual: Profiles, nowMs: number): number | undefined {
  const flow = flowOfPicture(picture);
  const profiles: Record<string, Profile> = {};
  let known = false;
  for (const { id } of flow.roles) {
    const status = picture.roles.get(id);
    const before = usual[id];
    if (before === undefined || (status !== undefined && hasEnded(status))) continue;
    known = true;
    profiles[id] = restOf(before, activeMs(picture, id, nowMs));
  }
  return known ? predict(flow, profiles).makespanMs : undefined;
}

function restOf({ durationMs, marks }: Profile, passedMs: number): Profile {
  const rest = { durationMs: Math.max(0, durationMs - passedMs) };
  if (marks === undefined) return rest;
  return { ...rest, marks: marks.map((mark) => ({ ...mark, activeMs: Math.max(0, mark.activeMs - passedMs) })) };
}

/** How long the roles of a stack took, as they report it themselves. */
export function profilesOf(picture: Picture): Record<string, Profile> {
  const profiles: Record<string, Profile> = {};
  for (const { id, state, startedMs, endedMs, blockedMs = 0, marks } of picture.roles.values()) {
    if (state !== "done" || startedMs === undefined || endedMs === undefined) continue;
    profiles[id] = { durationMs: Math.max(0, endedMs - startedMs - blockedMs), ...(marks === undefined ? {} : { marks }) };
  }
  return profiles;
}
