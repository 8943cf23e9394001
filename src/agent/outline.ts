// What a vm's roles are, for people who look on: read off its plan, without any value. Pure.
import { cellId, endCell, indexesIn, isMemberIndex, memberId, parseCellId, roleId, withIndexes } from "../model/cell.ts";
import { type Read, readsOf } from "../model/expression.ts";
import type { InputOutline, RoleOutline, VmOutline } from "../model/status.ts";
import type { AfterPlan, RolePlan, VmPlan } from "../model/vm-plan.ts";

/** Returns the outline of a vm's own plan (a member's, not its group's). Roles that run only on delete are left out. */
export function outlineOf(plan: VmPlan, atMs: number): VmOutline {
  const roles = plan.roles.filter(({ onDelete }) => !onDelete).map((role) => outlineRole(plan.vm, role));
  return { vm: plan.vm, atMs, order: plan.order, roles };
}

function outlineRole(vm: string, role: RolePlan): RoleOutline {
  return {
    id: roleId(vm, role.name),
    tool: role.tool,
    inputs: role.inputs.map(({ name, when, secret, value }) => ({
      name,
      when,
      secret,
      reads: readsOf(value).map(outlineRead),
    })),
    outputs: role.outputs.map(({ name, cell, type, secret, publish }) => ({ name, cell, type, secret, publish })),
    after: role.after.map(({ cells }) => endOf(cells)),
  };
}

function outlineRead(read: Read): InputOutline["reads"][number] {
  if (read.kind === "cell") return { cell: ofAnyMember(read.cell) };
  const cell = cellId(memberId(read.group, "*") + (read.inside ?? ""), read.role, read.output);
  return read.of === "all" ? { cell } : { cell, of: read.of };
}

// What stands for any member's number within `each`.
function ofAnyMember(cell: string): string {
  const parts = parseCellId(cell);
  if (parts === undefined) return cell;
  const indexes = indexesIn(parts.vm).map((index) => (isMemberIndex(index) ? index : "*"));
  return cellId(withIndexes(parts.vm, indexes), parts.role, parts.output);
}

function endOf(cells: AfterPlan["cells"]): string {
  return cells.kind === "cell" ? cells.cell : endCell(memberId(cells.group, "*") + (cells.inside ?? ""), cells.role);
}
