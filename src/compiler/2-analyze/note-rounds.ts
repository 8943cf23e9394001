// Tells what of Heat's own deployments runs side by side, now that they are roles.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Flow, FlowRole } from "../../model/flow.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";
import type { Template } from "../../model/template.ts";
import { groupBy } from "../../model/group-by.ts";

/** Adds a note with the rounds in which imported roles would run if all took equally long. */
export function noteRounds(template: Template, resolved: ResolvedTemplate, flow: Flow, report: Report): void {
  if (template.leftOut === undefined) return;
  const first = resolved.vms.find(({ order }) => order === "one_at_a_time");
  if (first === undefined) return;
  const rounds = findRounds(flow).map((round) => round.filter(({ order }) => order === "one_at_a_time").map(({ id }) => id));
  const busy = rounds.filter((round) => round.length > 0);
  if (busy.length > 0) report.add("deployment-rounds", first.span, { count: busy.flat().length, rounds: busy });
}

// What waits in a cycle, which is reported elsewhere, has no round.
function findRounds({ roles, edges }: Flow): FlowRole[][] {
  const after = groupBy(edges, ({ from }) => from);
  const missing = new Map(roles.map(({ id }) => [id, 0]));
  for (const { to } of edges) missing.set(to, (missing.get(to) ?? 0) + 1);
  const byId = new Map(roles.map((role, position) => [role.id, { role, position }]));
  const isFree = ({ id }: FlowRole): boolean => missing.get(id) === 0;
  const rounds: FlowRole[][] = [];
  for (let free = roles.filter(isFree); free.length > 0;) {
    const busy = new Set<string>();
    const round: FlowRole[] = [];
    const next: FlowRole[] = [];
    for (const role of free) {
      (busy.has(role.vm) ? next : round).push(role);
      if (role.order === "one_at_a_time") busy.add(role.vm);
    }
    for (const { id } of round) {
      for (const { to } of after.get(id) ?? []) {
        missing.set(to, (missing.get(to) ?? 0) - 1);
        const follower = byId.get(to)?.role;
        if (follower !== undefined && isFree(follower)) next.push(follower);
      }
    }
    rounds.push(round);
    const positionOf = ({ id }: FlowRole): number => byId.get(id)?.position ?? 0;
    free = next.toSorted((left, right) => positionOf(left) - positionOf(right));
  }
  return rounds;
}
