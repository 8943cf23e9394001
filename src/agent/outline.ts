// What a vm's roles are, for people who look on: read off its plan, without any value. Pure.
import { cellId, endCell, memberId, roleId } from "../model/cell.ts";
import { type Read, readsOf } from "../model/expression.ts";
import type { RoleOutline, VmOutline } from "../model/status.ts";
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
      cells: [...new Set(readsOf(value).map(cellOf))],
    })),
    outputs: role.outputs.map(({ name, cell, type, secret }) => ({ name, cell, type, secret })),
    after: role.after.map(({ cells }) => endOf(cells)),
  };
}

function cellOf(read: Read): string {
  return read.kind === "cell" ? read.cell : cellId(memberId(read.group, "*"), read.role, read.output);
}

function endOf(cells: AfterPlan["cells"]): string {
  return cells.kind === "cell" ? cells.cell : endCell(memberId(cells.group, "*"), cells.role);
}
