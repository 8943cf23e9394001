// Which deployments of Heat's own become roles: all that can, less those that Heat itself needs and all that these depend on.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Resource, Template, Value } from "../../model/template.ts";
import { findReferences, textOf, type Reference } from "./find-references.ts";
import { isRunResult } from "./read-config-values.ts";
import { isDeployment, outputMeant, readDeployment, type Deployment } from "./read-deployment.ts";
import { NotARole } from "./read-properties.ts";

/** Returns the deployments that become roles by name; a note tells of each other one why it stays. */
export function chooseDeployments(template: Template, isNested: boolean, report: Report): Map<string, Deployment> {
  const chosen = new Map<string, Deployment>();
  const stay = (resource: Resource, reason: string): void => {
    chosen.delete(resource.name);
    report.add("deployment-stays", resource.span, { deployment: resource.name, reason });
  };
  for (const resource of template.resources.values()) {
    if (!isDeployment(resource)) continue;
    try {
      chosen.set(resource.name, readDeployment(resource, template));
    } catch (error) {
      if (!(error instanceof NotARole)) throw error;
      stay(resource, error.message);
    }
  }
  const uses = collectUses(template, isNested);
  for (let size = -1; size !== chosen.size;) {
    size = chosen.size;
    for (const deployment of chosen.values()) {
      const reason = reasonToStay(deployment, chosen, uses);
      if (reason !== undefined) stay(deployment.resource, reason);
    }
  }
  return chosen;
}

/** Who refers to what. `by` is a resource whose properties do; none where an input of a role or a stack output does. */
interface Uses {
  byTarget: Map<string, { by?: string; reference: Reference }[]>;
  /** Of references whose target a function works out. */
  unclear: { by?: string }[];
}

function collectUses(template: Template, isNested: boolean): Uses {
  const uses: Uses = { byTarget: new Map(), unclear: [] };
  const add = (reference: Reference, by: { by?: string }): void => {
    if (reference.target === undefined) uses.unclear.push(by);
    else uses.byTarget.set(reference.target, [...(uses.byTarget.get(reference.target) ?? []), { ...by, reference }]);
  };
  for (const resource of template.resources.values()) {
    const by = { by: resource.name };
    for (const target of resource.dependsOn) add({ target }, by);
    for (const reference of valuesOf(resource).flatMap(findReferences)) add(reference, by);
    for (const { run, on, inputs } of resource.vm?.roles ?? []) {
      // What a role is, and what it asks of Heat, is known before any role runs.
      const early = [run, ...(typeof on === "object" ? [on.index] : [])];
      for (const { value, bind } of inputs) {
        if (bind === "deploy") early.push(value);
        else for (const reference of findReferences(value)) add(reference, {});
      }
      for (const reference of early.flatMap(findReferences)) add(reference, by);
    }
  }
  for (const { name, value } of template.outputs.values())
    for (const reference of findReferences(value)) add(reference, isNested ? { by: `output ${name} of a nested template` } : {});
  return uses;
}

function reasonToStay(deployment: Deployment, chosen: ReadonlyMap<string, Deployment>, uses: Uses): string | undefined {
  const { name, dependsOn } = deployment.resource;
  const own = [deployment.config, ...deployment.members.map(({ server }) => server)];
  const before = dependsOn.find((other) => !own.includes(other) && !chosen.has(other));
  if (before !== undefined) return `it comes after ${before}, for which only Heat can wait`;
  if (uses.unclear.length > 0) return "a reference whose target a function works out may mean it";
  const group = deployment.members.find(({ inGroup }) => inGroup);
  for (const { by, reference } of uses.byTarget.get(name) ?? []) {
    if (by !== undefined && !chosen.has(by)) return `${by}, which stays with Heat, needs it`;
    // Order alone: that is kept among roles.
    if (by !== undefined && reference.attribute === undefined && chosen.get(by)?.resource.dependsOn.includes(name) === true)
      continue;
    if (group !== undefined) return `its attributes are read, and how many members ${group.server} has is for Heat to say`;
    const reason = reasonOfReader(reference, deployment);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

// Why a read of an attribute cannot be one of a role's output.
function reasonOfReader({ attribute, within }: Reference, deployment: Deployment): string | undefined {
  if (attribute === undefined) return "its id is asked for, which only Heat knows";
  if (within !== undefined) return `its attribute is used within ${within}, which only Heat can evaluate`;
  const [first, ...path] = attribute;
  const name = textOf(first);
  if (name === undefined || path.some(({ kind }) => kind !== "literal"))
    return "which of its attributes is read is not written out";
  const output = outputMeant(name, deployment);
  const isKnown = isRunResult(output) || deployment.outputs.some((declared) => declared.name === output);
  return isKnown ? undefined : `its attribute "${name}" is read, which its config does not declare as an output`;
}

/** The values of a resource that Heat resolves before it makes the resource. */
export function valuesOf({ properties, metadata }: Resource): Value[] {
  return [properties, metadata].filter((value) => value !== undefined);
}
