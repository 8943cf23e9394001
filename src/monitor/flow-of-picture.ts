// The dependence graph of a running stack, from what its agents have told of their roles. Pure.
import { memberId, parseCellId, roleId } from "../model/cell.ts";
import { groupBy } from "../model/group-by.ts";
import type { InputOutline, RoleOutline, VmOutline } from "../model/status.ts";
import type { Picture } from "./picture.ts";
import type { Dependences } from "./predict.ts";

type Edge = Dependences["edges"][number];

/** Returns the roles that have been told of, and who of them waits for whom. A cell that nobody known writes makes no edge. */
export function flowOfPicture(picture: Picture): Dependences {
  // A role that is left to another member of its group takes no part.
  const takesPart = ({ id }: RoleOutline): boolean => {
    const status = picture.roles.get(id);
    return status?.state !== "skipped" || status.origin !== undefined;
  };
  const vms = [...picture.outlines.values()].map((outline) => ({ ...outline, roles: outline.roles.filter(takesPart) }));
  const find = makeFinder(vms.flatMap(({ roles }) => roles));
  return {
    roles: vms.flatMap((vm) => vm.roles.map((role) => outlineNode(vm, role))),
    edges: vms.flatMap((vm) => [...orderEdges(vm), ...vm.roles.flatMap((role) => roleEdges(role, find))]),
  };
}

function outlineNode({ vm, order }: VmOutline, { id, outputs }: RoleOutline): Dependences["roles"][number] {
  return {
    id,
    vm,
    order,
    outputs: outputs.map(({ cell, publish }) => ({ cell, settles: publish === "on_write" ? "write" : "end" })),
  };
}

function orderEdges({ order, roles }: VmOutline): Edge[] {
  if (order !== "listed") return [];
  return roles.slice(1).map(({ id }, position) => {
    return { from: (roles[position] as RoleOutline).id, to: id, kind: "order", settles: "end", gates: "start" };
  });
}

interface Found {
  writer: RoleOutline;
  cell: string;
}

/** Finds who writes a cell: one role, all members of a group (`[*]`), or (`oneOf`) the member that is chosen, where that is not known yet. */
type Finder = (cell: string) => { found: Found[]; oneOf: boolean };

function roleEdges(role: RoleOutline, find: Finder): Edge[] {
  const after = role.after.flatMap((cell) =>
    find(cell).found.map(({ writer }): Edge => {
      return { from: writer.id, to: role.id, kind: "after", settles: "end", gates: "start" };
    }),
  );
  return [...after, ...role.inputs.flatMap((input) => inputEdges(role, input, find))];
}

function inputEdges(role: RoleOutline, { name, when, reads }: InputOutline, find: Finder): Edge[] {
  return reads.flatMap(({ cell: read, of }) => {
    const { found, oneOf } = find(read);
    const enough = of === "any" || oneOf ? 1 : of;
    return found.map(({ writer, cell }): Edge => {
      const output = writer.outputs.find((one) => one.cell === cell);
      return {
        from: writer.id,
        to: role.id,
        kind: "value",
        input: name,
        ...(output === undefined ? {} : { output: output.name }),
        cell,
        settles: output?.publish === "on_write" ? "write" : "end",
        gates: when === "eager" ? "start" : "read",
        ...(enough === undefined ? {} : { gather: { key: `${name}/${read}`, of: enough } }),
      };
    });
  });
}

function makeFinder(roles: RoleOutline[]): Finder {
  const byId = new Map(roles.map((role) => [role.id, role]));
  const members = groupBy(roles, ({ id }) => id.replace(/\[[A-Za-z0-9]+\]\./, "[*]."));
  const none = { found: [], oneOf: false };
  return (cell) => {
    const parts = parseCellId(cell);
    if (parts === undefined || parts.role === "@vm") return none;
    const writer = byId.get(roleId(parts.vm, parts.role));
    if (writer !== undefined) return { found: [{ writer, cell }], oneOf: false };
    if (parts.vm.endsWith("[*]")) {
      const all = members.get(roleId(parts.vm, parts.role)) ?? [];
      return { found: all.map((member) => ({ writer: member, cell: `${member.id}.${parts.output}` })), oneOf: false };
    }
    // The cell of a role that runs on one member belongs to the group.
    const candidates = members.get(roleId(memberId(parts.vm, "*"), parts.role)) ?? [];
    return { found: candidates.map((member) => ({ writer: member, cell })), oneOf: candidates.length > 1 };
  };
}
