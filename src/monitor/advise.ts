// What would make a deployment end sooner: each idea is tried on the virtual clock, and told with what it gains. Pure.
import { type Dependences, type Prediction, predict, type Profile } from "./predict.ts";

/**
 * read-later: `role` waits for `input` before it starts, and could start if it asked when it needs the value. split: readers wait for the end
 * of `role`, and could go on if what they read were published half-way.
 */
export type Advice =
  | { kind: "read-later"; role: string; input: string; from: string; gainMs: number }
  | { kind: "split"; role: string; gainMs: number };

type Profiles = Readonly<Record<string, Profile>>;

// Less is not worth the trouble.
const leastGain = 0.01;

/** Returns the ideas that gain at least 1 % of the makespan, the best first. Only the critical path is worth a try. */
export function advise(flow: Dependences, profiles: Profiles, { makespanMs, criticalPath }: Prediction): Advice[] {
  const onPath = new Set(criticalPath);
  const gain = (changed: Dependences, changedProfiles: Profiles): number =>
    Math.round(makespanMs - predict(changed, changedProfiles).makespanMs);
  const later = flow.edges
    .filter((edge) => edge.kind === "value" && edge.gates === "start" && onPath.has(edge.from) && onPath.has(edge.to))
    .map((edge): Advice => {
      const { from, to, input = "", cell = "" } = edge;
      const { durationMs, marks } = markedProfile(flow, profiles, to);
      const changed = {
        ...flow,
        edges: flow.edges.map((other) => (other === edge ? { ...edge, gates: "read" as const } : other)),
      };
      const reads = [...marks.filter((mark) => mark.cell !== cell), { kind: "read" as const, cell, activeMs: durationMs }];
      return {
        kind: "read-later",
        role: to,
        input,
        from,
        gainMs: gain(changed, { ...profiles, [to]: { durationMs, marks: reads } }),
      };
    });
  const splits = criticalPath
    .filter((id) => flow.edges.some((edge) => edge.from === id && edge.settles === "end" && edge.kind === "value"))
    .map((id): Advice => ({ kind: "split", role: id, gainMs: gain(...splitHalfWay(flow, profiles, id)) }));
  return [...later, ...splits]
    .filter(({ gainMs }) => gainMs >= makespanMs * leastGain && gainMs > 0)
    .toSorted((left, right) => right.gainMs - left.gainMs);
}

function splitHalfWay(flow: Dependences, profiles: Profiles, id: string): [Dependences, Profiles] {
  const { durationMs, marks } = markedProfile(flow, profiles, id);
  const role = flow.roles.find((one) => one.id === id);
  const cells = role?.outputs.map(({ cell }) => cell) ?? [];
  const atOnce = { settles: "write" as const };
  return [
    {
      roles: flow.roles.map((one) =>
        one === role ? { ...one, outputs: one.outputs.map((output) => ({ ...output, ...atOnce })) } : one,
      ),
      edges: flow.edges.map((edge) => (edge.from === id && edge.kind === "value" ? { ...edge, ...atOnce } : edge)),
    },
    {
      ...profiles,
      [id]: {
        durationMs,
        marks: [...marks, ...cells.map((cell) => ({ kind: "write" as const, cell, activeMs: durationMs / 2 }))],
      },
    },
  ];
}

// Without marks every read inside a role blocks at its start.
function markedProfile(flow: Dependences, profiles: Profiles, id: string): Required<Profile> {
  const { durationMs, marks } = profiles[id] ?? { durationMs: 0 };
  const reads = flow.edges.filter(({ to, gates }) => to === id && gates === "read");
  return { durationMs, marks: marks ?? reads.map(({ cell = "" }) => ({ kind: "read", cell, activeMs: 0 })) };
}

/** For each vm the time until the makespan's end in which none of its roles is under way. */
export function findIdle(flow: Dependences, { makespanMs, roles }: Prediction): { vm: string; idleMs: number }[] {
  const vmOf = new Map(flow.roles.map(({ id, vm }) => [id, vm]));
  const spans = new Map<string, [number, number][]>(flow.roles.map(({ vm }) => [vm, []]));
  for (const { id, startMs, endMs } of roles) spans.get(vmOf.get(id) as string)?.push([startMs, endMs]);
  return [...spans].map(([vm, list]) => {
    let busyMs = 0;
    let reachedMs = 0;
    for (const [startMs, endMs] of list.toSorted((left, right) => left[0] - right[0])) {
      busyMs += Math.max(0, endMs - Math.max(startMs, reachedMs));
      reachedMs = Math.max(reachedMs, endMs);
    }
    return { vm, idleMs: makespanMs - busyMs };
  });
}
