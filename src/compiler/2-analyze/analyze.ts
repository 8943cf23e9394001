// Template -> what is known of it: references resolved, everything checked, the graph proved free of deadlocks, rights derived.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Flow } from "../../model/flow.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";
import type { Resource, Template } from "../../model/template.ts";
import { buildGraph } from "./build-graph.ts";
import { checkReads } from "./check-reads.ts";
import { checkTypes } from "./check-types.ts";
import { findCycles } from "./find-cycles.ts";
import { findDeployCycles } from "./find-deploy-cycles.ts";
import { importSoftwareConfig } from "./import-software-config.ts";
import { noteRounds } from "./note-rounds.ts";
import { resolveTemplate } from "./resolve-template.ts";

export interface Analysis {
  /** With the deployments of Heat's own software config as roles. */
  template: Template;
  resolved: ResolvedTemplate;
  flow: Flow;
}

// A nested template's outputs may reach anything in its parent, so what they read stays with Heat there.
function importEverywhere(template: Template, report: Report, done = new Map<Template, Template>()): Template {
  const known = done.get(template);
  if (known !== undefined) return known;
  const imported = importSoftwareConfig(template, report, done.size > 0);
  // Set before its nested templates are looked at, to tell them from the stack's own.
  done.set(template, imported);
  const resources = [...imported.resources].map(([name, resource]): [string, Resource] => {
    if (resource.nested === undefined) return [name, resource];
    return [name, { ...resource, nested: importEverywhere(resource.nested, report, done) }];
  });
  const whole = { ...imported, resources: new Map(resources) };
  done.set(template, whole);
  return whole;
}

/** Analyzes a template; `counts` gives the sizes of groups that the template leaves to a parameter. */
export function analyze(written: Template, report: Report, counts?: Readonly<Record<string, number>>): Analysis {
  const template = importEverywhere(written, report);
  const resolved = resolveTemplate(template, report);
  checkTypes(resolved, report);
  checkReads(template, resolved, report);
  findDeployCycles(resolved, report);
  const flow = buildGraph(resolved, counts === undefined ? {} : { counts });
  noteRounds(template, resolved, flow, report);
  for (const { roles, steps } of findCycles(flow)) {
    const [first] = steps;
    if (first !== undefined) report.add("deadlock", first.span, { cycle: [...roles, roles[0] as string] }, { related: steps });
  }
  return { template, resolved, flow };
}
