// Tells what of Heat's own deployments runs side by side, now that they are roles.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Flow, FlowRole } from "../../model/flow.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";
import type { Template } from "../../model/template.ts";
import { groupBy } from "./group-by.ts";

/** Adds a note with the rounds in which imported roles would run if all took equally long. */
export function noteRounds(template: Template, resolved: ResolvedTemplate, flow: Flow, report: Report): void {
  if (template.leftOut === undefined) return;
  const vms = resolved.vms.filter(({ order }) => order === "one_at_a_time");
  const [first] = vms;
  if (first === undefined) return;
  const names = new Set(vms.map(({ id }) => id));
  const rounds = findRounds(flow, names).map((round) => round.filter(({ vm }) => names.has(vm)).map(({ id }) => id));
  const busy = rounds.filter((round) => round.length > 0);
  if (busy.length > 0) report.add("deployment-rounds", first.span, { count: busy.flat().length, rounds: busy });
}

// What waits in a cycle, which is reported elsewhere, has no round.
function findRounds({ roles, edges }: Flow, oneAtATime: ReadonlySet<string>): FlowRole[][] {
  const before = groupBy(edges, ({ to }) => to);
  const done = new Set<string>();
  const rounds: FlowRole[][] = [];
  for (let left = roles; left.length > 0;) {
    const busy = new Set<string>();
    const round = left.filter(({ id, vm }) => {
      if (busy.has(vm) || (before.get(id) ?? []).some(({ from }) => !done.has(from))) return false;
      if (oneAtATime.has(vm)) busy.add(vm);
      return true;
    });
    if (round.length === 0) break;
    for (const { id } of round) done.add(id);
    rounds.push(round);
    left = left.filter(({ id }) => !done.has(id));
  }
  return rounds;
}
