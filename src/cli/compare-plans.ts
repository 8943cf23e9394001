// What an update would make run again: the plans that a stack has against those that it would get. Pure.
import type { DeployedPlan } from "../cloud/deployed-plans.ts";
import { roleId } from "../model/cell.ts";
import { visitExpr, type Expr } from "../model/expression.ts";
import type { Flow } from "../model/flow.ts";
import { sameJson, type Json } from "../model/json.ts";
import type { RolePlan, StackPlan } from "../model/vm-plan.ts";

/** Why a role runs: its vm or it is new, it was edited, a deploy-time value of it is another one, or it may, since a role that it reads runs. */
export interface RoleChange {
  /** `db.mysql`, `app[*].serve`. */
  id: string;
  why: "new" | "edited" | "value" | "reads";
  /** What exactly: the fields that differ, the inputs, the roles that it reads. */
  what: string[];
}

/**
 * Compares. `valueOf` gives the value that a slot of a vm will have, undefined where only Heat will know it: what cannot be known is not told.
 */
export function comparePlans(
  deployed: ReadonlyMap<string, DeployedPlan>,
  next: StackPlan,
  flow: Flow,
  valueOf: (vm: string, slot: string) => Json | undefined,
): RoleChange[] {
  const changes = new Map<string, RoleChange>();
  for (const plan of next.vms) {
    const before = deployed.get(plan.vm);
    for (const role of plan.roles.filter(({ onDelete }) => !onDelete)) {
      const id = roleId(plan.vm, role.name);
      const old = before?.plan.roles.find(({ name }) => name === role.name);
      if (old === undefined) {
        changes.set(id, { id, why: "new", what: [before === undefined ? "its vm is new" : "the role is new"] });
        continue;
      }
      const edited = changedFields(old, role);
      const values = changedValues(role, before?.values, (slot) => valueOf(plan.vm, slot));
      if (edited.length > 0) changes.set(id, { id, why: "edited", what: edited });
      else if (values.length > 0) changes.set(id, { id, why: "value", what: values });
    }
  }
  addReaders(changes, flow);
  return [...changes.values()];
}

function changedFields(old: RolePlan, role: RolePlan): string[] {
  const fields: (keyof RolePlan)[] = ["tool", "run", "options", "inputs", "outputs", "on", "contract", "inputKey"];
  const textOf = (plan: RolePlan, field: keyof RolePlan): Json => (plan[field] ?? null) as unknown as Json;
  return fields.filter((field) => !sameJson(textOf(old, field), textOf(role, field)));
}

// A slot is named after its place in the role; by that users know it.
function changedValues(
  role: RolePlan,
  before: Record<string, Json> | undefined,
  valueOf: (slot: string) => Json | undefined,
): string[] {
  if (before === undefined) return [];
  const slots = new Set<string>();
  const note = (expr: Expr): void => visitExpr(expr, (inner) => void (inner.kind === "slot" && slots.add(inner.slot)));
  note(role.run);
  for (const input of role.inputs) note(input.value);
  const changed = [...slots].filter((slot) => {
    const [old, value] = [before[slot], valueOf(slot)];
    return old !== undefined && value !== undefined && !sameJson(old, value);
  });
  const named = changed.map((slot) => slot.slice(role.name.length + 1).replace(/^inputs\.|#\d+$/g, ""));
  return [...new Set(named)];
}

// Readers of readers too, each told with those that it reads.
function addReaders(changes: Map<string, RoleChange>, flow: Flow): void {
  const inGroup = (id: string): string => id.replace(/\[[A-Za-z0-9]+\]/, "[*]");
  const queue = [...changes.keys()];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    for (const edge of flow.edges) {
      if (edge.kind !== "value" || inGroup(edge.from) !== id) continue;
      const reader = inGroup(edge.to);
      const known = changes.get(reader);
      if (known === undefined) {
        changes.set(reader, { id: reader, why: "reads", what: [id] });
        queue.push(reader);
      } else if (known.why === "reads" && !known.what.includes(id)) known.what.push(id);
    }
  }
}
