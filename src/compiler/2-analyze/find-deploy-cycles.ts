// Deploy-time references that Heat could not meet: vms that must each be made before the other.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Span } from "../../diagnostics/span.ts";
import { withoutIndexes } from "../../model/cell.ts";
import { visitExpr, type Expr } from "../../model/expression.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";
import type { Entry, Resource, Value } from "../../model/template.ts";
import { findKnots, findShortestCycle } from "./strongly-connected.ts";

/** Reports cycles of resources in which a role's deploy-time value takes part. Cycles of properties alone are Heat's to refuse. */
export function findDeployCycles(resolved: ResolvedTemplate, report: Report): void {
  // `outer/` stands for what must be there before anything in the nested stack `outer` is made.
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const targets: number[][] = [];
  for (const [prefix, { template }] of resolved.scopes) {
    for (const { name, nested } of template.resources.values())
      for (const node of nested === undefined ? [prefix + name] : [prefix + name, `${prefix}${name}/`]) {
        numbers.set(node, names.push(node) - 1);
        targets.push([]);
      }
  }
  const places = new Map<string, { message: string; span: Span; isRole: boolean }>();
  const add = (from: string, to: string, message?: string, span?: Span, isRole = false): void => {
    const [first, second] = [numbers.get(from), numbers.get(to)];
    // A vm may well be told its own attributes.
    if (first === undefined || second === undefined || (isRole && first === second)) return;
    targets[first]?.push(second);
    const key = `${first} ${second}`;
    if (message !== undefined && span !== undefined && !places.has(key)) places.set(key, { message, span, isRole });
  };

  for (const [prefix, { template }] of resolved.scopes) {
    for (const resource of template.resources.values()) {
      const node = prefix + resource.name;
      // A nested stack waits for all that lies in it, and that for what the stack is given.
      if (prefix !== "") {
        add(prefix.slice(0, -1), node);
        add(node, prefix);
      }
      const waiter = resource.nested === undefined ? node : `${node}/`;
      const runTime = resolved.scopes.get(`${node}/`)?.runTime.parameters ?? new Set();
      for (const { name, span } of namedBy(resource, runTime))
        add(waiter, prefix + name, `a property of ${resource.name} refers to ${name}`, span);
      for (const name of resource.dependsOn) add(waiter, prefix + name, `${resource.name} depends_on ${name}`, resource.span);
    }
  }
  for (const vm of resolved.vms) {
    for (const { spec, inputs } of vm.roles) {
      // Heat hands the values of its own deployments over when the vms are there, so these may name each other.
      if (spec.contract === "heat") continue;
      for (const { value, spec: input } of inputs) {
        const message = (name: string): string =>
          `input ${input.name} of ${vm.resource}.${spec.name} asks Heat for an attribute of ${name}`;
        for (const name of namedIn(value)) add(vm.resource, name, message(name), input.value.span, true);
      }
    }
  }

  for (const knot of findKnots(targets)) {
    const cycle = findShortestCycle(targets, knot);
    const links = cycle.flatMap((node, position) => places.get(`${node} ${cycle[(position + 1) % cycle.length]}`) ?? []);
    const first = links.find(({ isRole }) => isRole);
    if (first === undefined) continue;
    const shown = [...cycle, cycle[0] as number].map((node) => names[node] as string).filter((name) => !name.endsWith("/"));
    report.add(
      "deploy-time-cycle",
      first.span,
      { cycle: shown },
      { related: links.map(({ message, span }) => ({ message, span })) },
    );
  }
}

function namedIn(expr: Expr): string[] {
  const found: string[] = [];
  visitExpr(expr, (inner) => {
    if (inner.kind === "attr") found.push(withoutIndexes(inner.resource));
    else if (inner.kind === "resource") found.push(withoutIndexes(inner.name));
    else if (inner.kind === "call" && inner.fn === "get_attr") {
      const [name] = itemsOf(inner.arg);
      if (name?.kind === "value" && typeof name.value === "string") found.push(withoutIndexes(name.value));
    }
  });
  return found;
}

function itemsOf(expr: Expr): Expr[] {
  if (expr.kind === "list") return expr.items;
  return expr.kind === "value" && Array.isArray(expr.value) ? expr.value.map((value) => ({ kind: "value", value })) : [];
}

// The resources that a resource's own properties name; run-time values that a nested stack is given are none of Heat's.
function namedBy(resource: Resource, runTime: ReadonlySet<string>): { name: string; span: Span }[] {
  const found: { name: string; span: Span }[] = [];
  const visit = (value: Value): void => {
    if (value.kind === "list") value.items.forEach(visit);
    else if (value.kind === "map") value.entries.forEach((entry) => visit(entry.value));
    else if (value.kind === "call") {
      const name = value.arg.kind === "list" ? value.arg.items[0] : value.arg;
      const isReference = value.fn === "get_attr" || value.fn === "get_resource";
      if (isReference && name?.kind === "literal") found.push({ name: String(name.value), span: value.span });
      visit(value.arg);
    }
  };
  const { group, properties } = resource;
  const entriesOf = (value: Value | undefined): Entry[] => (value?.kind === "map" ? value.entries : []);
  const isDefinition = (key: string): boolean => group !== undefined && (key === "resource_def" || key === "resource");
  const own = entriesOf(properties).filter(({ key }) => !isDefinition(key));
  for (const { key, value } of [...entriesOf(group?.memberProperties), ...own]) if (!runTime.has(key)) visit(value);
  return found;
}
