// ResolvedTemplate -> Flow: one node a role, a group's roles once a member where the group's size is written out, and all edges.
import { cellId, endCell, memberId, parseCellId, roleId } from "../../model/cell.ts";
import type { Read } from "../../model/expression.ts";
import type { Flow, FlowEdge, FlowOutput, FlowRole } from "../../model/flow.ts";
import { groupBy } from "../../model/group-by.ts";
import {
  splitVmId,
  type ResolvedAfter,
  type ResolvedRole,
  type ResolvedTemplate,
  type ResolvedVm,
} from "../../model/resolved.ts";

/**
 * Builds the graph of a deployment; roles that run at deletion have no part in it. `counts` gives sizes of groups that the template leaves
 * to a parameter. Which member an `on: one` role chooses is taken to be the first, or the index that is written out.
 */
export function buildGraph(template: ResolvedTemplate, counts: Readonly<Record<string, number>> = {}): Flow {
  const placed = template.vms.flatMap((vm) => membersOf(vm, counts).map((index) => placeVm(vm, index)));
  const roles = placed.flatMap(({ roles }) => roles.map(({ node }) => node));
  const writers = new Map<string, FlowRole>();
  for (const { vm, index, roles } of placed) {
    for (const { role, node } of roles) {
      for (const output of node.outputs) writers.set(output.cell, node);
      writers.set(endCell(holderOf(vm, index, role), role.spec.name), node);
    }
  }
  const cells = new CellFinder(placed, writers);
  const edges = new Map<string, FlowEdge>();
  const add = (edge: FlowEdge): void => {
    const key = JSON.stringify([edge.from, edge.to, edge.kind, edge.cell, edge.input]);
    if (!edges.has(key)) edges.set(key, edge);
  };
  for (const place of placed) {
    for (const edge of orderEdges(place)) add(edge);
    for (const { role, node } of place.roles) {
      for (const after of role.after) for (const edge of afterEdges(after, node, place, cells)) add(edge);
      for (const edge of valueEdges(role, node, place, cells)) add(edge);
    }
  }
  return { roles, edges: [...edges.values()] };
}

/** A vm, one member of a group, or (`index` "*") a whole group, with the roles that it runs. */
interface PlacedVm {
  vm: ResolvedVm;
  id: string;
  index: string | undefined;
  roles: { role: ResolvedRole; node: FlowRole }[];
}

function membersOf(vm: ResolvedVm, counts: Readonly<Record<string, number>>): (string | undefined)[] {
  if (vm.group === undefined) return [undefined];
  const size = counts[vm.group.name] ?? (vm.group.size.kind === "value" ? Number(vm.group.size.value) : Number.NaN);
  const isKnown = Number.isInteger(size) && size >= 0 && chosenMember(vm) !== undefined;
  return isKnown ? Array.from({ length: size }, (_, index) => String(index)) : ["*"];
}

// The member on which `on: one` roles run; undefined when an expression chooses it.
function chosenMember(vm: ResolvedVm): string | undefined {
  for (const { on } of vm.roles) {
    if (on === "all" || on.index === undefined) continue;
    const index = on.index.kind === "value" ? on.index.value : undefined;
    return typeof index === "number" || typeof index === "string" ? String(index) : undefined;
  }
  return "0";
}

function placeVm(vm: ResolvedVm, index: string | undefined): PlacedVm {
  const id = index === undefined ? vm.resource : memberId(vm.resource, index);
  const chosen = chosenMember(vm);
  const runs = ({ spec, on }: ResolvedRole): boolean => {
    if (spec.onDelete) return false;
    return on === "all" || index === "*" || (on.pick === "one") === (index === chosen);
  };
  const roles = vm.roles.filter(runs).map((role) => ({ role, node: makeNode(vm, id, index, role) }));
  return { vm, id, index, roles };
}

function makeNode(vm: ResolvedVm, id: string, index: string | undefined, role: ResolvedRole): FlowRole {
  const { spec } = role;
  const outputs = spec.outputs.map((output): FlowOutput => ({
    name: output.name,
    cell: cellId(holderOf(vm, index, role), spec.name, output.name),
    settles: output.publish === "on_write" ? "write" : "end",
    before: output.before.map(({ name }) => name),
    span: output.nameSpan,
  }));
  const node: FlowRole = { id: roleId(id, spec.name), vm: id, role: spec.name, tool: spec.tool, span: spec.nameSpan, outputs };
  return vm.order === "one_at_a_time" ? { ...node, alone: true } : node;
}

// Cells of a role that runs on one member belong to the group as a whole.
function holderOf(vm: ResolvedVm, index: string | undefined, { on }: ResolvedRole): string {
  return index === undefined || (on !== "all" && on.pick === "one") ? vm.resource : memberId(vm.resource, index);
}

function orderEdges({ vm, index, roles }: PlacedVm): FlowEdge[] {
  if (vm.order !== "listed") return [];
  // The members of a whole group are of two kinds: the one that was chosen, and the others.
  const kinds = index === "*" ? (["one", "others"] as const) : (["any"] as const);
  return kinds.flatMap((kind) => {
    const chain = roles.filter(({ role: { on } }) => kind === "any" || on === "all" || on.pick === kind);
    return chain.slice(1).map(({ node }, position): FlowEdge => ({
      from: (chain[position] as { node: FlowRole }).node.id,
      to: node.id,
      kind: "order",
      settles: "end",
      gates: "start",
      span: node.span,
    }));
  });
}

function afterEdges(after: ResolvedAfter, node: FlowRole, place: PlacedVm, cells: CellFinder): FlowEdge[] {
  const { target } = after;
  const ends = target.kind === "cell" ? cells.find(target.cell, place) : cells.gather(target.group, target.role, "@end");
  return ends.map(({ writer }) => ({
    from: writer.id,
    to: node.id,
    kind: "after",
    settles: "end",
    gates: "start",
    span: after.span,
  }));
}

function valueEdges(role: ResolvedRole, node: FlowRole, place: PlacedVm, cells: CellFinder): FlowEdge[] {
  return role.inputs.flatMap((input) =>
    input.reads.flatMap(({ read, span, output }) => {
      // Facts come from the vm itself, which waits for no role.
      if (output === undefined) return [];
      const found = read.kind === "cell" ? cells.find(read.cell, place) : cells.gather(read.group, read.role, read.output);
      return found.map(({ cell, writer }): FlowEdge => ({
        from: writer.id,
        to: node.id,
        kind: "value",
        output: output.name,
        input: input.spec.name,
        cell,
        settles: output.publish === "on_write" ? "write" : "end",
        gates: input.when === "eager" ? "start" : "read",
        ...choiceOf(read),
        span,
      }));
    }),
  );
}

function choiceOf(read: Read): Pick<FlowEdge, "gather"> {
  if (read.kind === "cell" || read.of === "all") return {};
  return { gather: { key: `${cellId(read.group, read.role, read.output)}@${read.of}`, of: read.of === "any" ? 1 : read.of } };
}

/** Finds who writes the cells of the graph. */
class CellFinder {
  readonly #members: ReadonlyMap<string, PlacedVm[]>;
  readonly #writers: ReadonlyMap<string, FlowRole>;

  constructor(placed: PlacedVm[], writers: ReadonlyMap<string, FlowRole>) {
    this.#writers = writers;
    this.#members = groupBy(placed, ({ vm }) => vm.resource);
  }

  /** The cell as `reader` sees it; several where a group stands for all its members. */
  find(cell: string, reader: PlacedVm): { cell: string; writer: FlowRole }[] {
    const indexVar = reader.vm.group?.indexVar;
    const own = reader.index ?? "";
    const named = (indexVar === undefined ? cell : cell.replaceAll(indexVar, own)).replace("[self]", `[${own}]`);
    const exact = this.#at(named);
    if (exact.length > 0) return exact;
    const parts = parseCellId(named);
    if (parts === undefined) return [];
    const { resource } = splitVmId(parts.vm);
    const isWhole = reader.index === "*" || this.#members.get(resource)?.[0]?.index === "*";
    return isWhole ? this.gather(resource, parts.role, parts.output) : [];
  }

  /** The cells of one output of all members that run the role. */
  gather(group: string, role: string, output: string): { cell: string; writer: FlowRole }[] {
    return (this.#members.get(group) ?? []).flatMap(({ id }) => this.#at(cellId(id, role, output)));
  }

  #at(cell: string): { cell: string; writer: FlowRole }[] {
    const writer = this.#writers.get(cell);
    return writer === undefined ? [] : [{ cell, writer }];
  }
}
