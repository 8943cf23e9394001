// ResolvedTemplate -> Flow: one node a role, a group's roles once a member where the group's size is written out, and all edges.
import {
  cellId,
  endCell,
  indexesIn,
  memberNumbers,
  parseCellId,
  roleId,
  wholeId,
  withIndexes,
  withoutIndexes,
} from "../../model/cell.ts";
import { choiceKeyOf, type Read } from "../../model/expression.ts";
import type { Flow, FlowEdge, FlowOutput, FlowRole } from "../../model/flow.ts";
import type { ResolvedAfter, ResolvedRole, ResolvedTemplate, ResolvedVm } from "../../model/resolved.ts";
import { levelsOf } from "../../model/vm-plan.ts";
import { groupBy } from "../../model/group-by.ts";

/** What is known of groups beside the template: sizes by a group's name, or of each vm by its id the indexes of all its members. */
export interface KnownMembers {
  counts?: Readonly<Record<string, number>>;
  members?: ReadonlyMap<string, string[][]>;
}

/**
 * Builds the graph of a deployment; roles that run at deletion have no part in it. Which member an `on: one` role chooses is taken to be
 * the first, or the index that is written out.
 */
export function buildGraph(template: ResolvedTemplate, known: KnownMembers = {}): Flow {
  const placed = template.vms.flatMap((vm) => membersOf(vm, known).map((indexes) => placeVm(vm, indexes)));
  const roles = placed.flatMap(({ roles }) => roles.map(({ node }) => node));
  const writers = new Map<string, FlowRole>();
  for (const { vm, indexes, roles } of placed) {
    for (const { role, node } of roles) {
      for (const output of node.outputs) writers.set(output.cell, node);
      writers.set(endCell(holderOf(vm, indexes, role), role.spec.name), node);
    }
  }
  const cells = new CellFinder(writers);
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

/** A vm, or one member of its groups; an index "*" stands for all members of a group whose size is not known. */
interface PlacedVm {
  vm: ResolvedVm;
  id: string;
  indexes: string[];
  roles: { role: ResolvedRole; node: FlowRole }[];
}

function membersOf(vm: ResolvedVm, { counts = {}, members }: KnownMembers): string[][] {
  const placed = members?.get(vm.id);
  if (placed !== undefined) return placed;
  const levels = levelsOf(vm);
  const chosen = chosenMember(vm);
  return levels.reduce<string[][]>(
    (found, { name, size, skip }, depth) => {
      const count = counts[withoutIndexes(name)] ?? (size.kind === "value" ? Number(size.value) : Number.NaN);
      const isKnown = Number.isInteger(count) && count >= 0 && (depth < levels.length - 1 || chosen !== undefined);
      const numbers = isKnown ? memberNumbers(count, skip).map(String) : ["*"];
      return found.flatMap((indexes) => numbers.map((number) => [...indexes, number]));
    },
    [[]],
  );
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

function placeVm(vm: ResolvedVm, indexes: string[]): PlacedVm {
  const id = vm.group === undefined ? vm.resource : withIndexes(vm.id, indexes);
  const chosen = chosenMember(vm);
  const own = indexes.at(-1);
  const runs = ({ spec, on }: ResolvedRole): boolean => {
    if (spec.onDelete) return false;
    return on === "all" || own === "*" || chosen === undefined || (on.pick === "one") === (own === chosen);
  };
  const roles = vm.roles.filter(runs).map((role) => ({ role, node: makeNode(vm, id, indexes, role) }));
  return { vm, id, indexes, roles };
}

function makeNode(vm: ResolvedVm, id: string, indexes: string[], role: ResolvedRole): FlowRole {
  const { spec } = role;
  const outputs = spec.outputs.map((output): FlowOutput => ({
    name: output.name,
    cell: cellId(holderOf(vm, indexes, role), spec.name, output.name),
    settles: output.publish === "on_write" ? "write" : "end",
    before: output.before.map(({ name }) => name),
    span: output.nameSpan,
  }));
  // The members of a whole group may be of two kinds: the one that was chosen, and the others.
  const order = indexes.at(-1) === "*" && vm.roles.some(({ on }) => on !== "all") ? "dataflow" : vm.order;
  return { id: roleId(id, spec.name), vm: id, order, role: spec.name, tool: spec.tool, span: spec.nameSpan, outputs };
}

// Cells of a role that runs on one member belong to the group as a whole.
function holderOf(vm: ResolvedVm, indexes: string[], { on }: ResolvedRole): string {
  if (vm.group === undefined) return vm.resource;
  const id = withIndexes(vm.id, indexes);
  return on !== "all" && on.pick === "one" ? wholeId(id) : id;
}

function orderEdges({ vm, indexes, roles }: PlacedVm): FlowEdge[] {
  if (vm.order !== "listed") return [];
  const kinds = indexes.at(-1) === "*" ? (["one", "others"] as const) : (["any"] as const);
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
  const ends = cells.find(target.kind === "cell" ? target.cell : patternOf({ ...target, output: "@end" }), place);
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
      const found = cells.find(read.kind === "cell" ? read.cell : patternOf(read), place);
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
  return { gather: { key: choiceKeyOf(read), of: read.of === "any" ? 1 : read.of } };
}

function patternOf({
  group,
  inside = "",
  role,
  output,
}: {
  group: string;
  inside?: string;
  role: string;
  output: string;
}): string {
  return cellId(`${group}[*]${inside}`, role, output);
}

/** Finds who writes the cells of the graph. */
class CellFinder {
  readonly #writers: ReadonlyMap<string, FlowRole>;
  /** By their names without indexes. */
  readonly #cells: ReadonlyMap<string, { cell: string; indexes: string[]; writer: FlowRole }[]>;

  constructor(writers: ReadonlyMap<string, FlowRole>) {
    this.#writers = writers;
    const cells = [...writers].map(([cell, writer]) => ({ cell, indexes: indexesOf(cell), writer }));
    this.#cells = groupBy(cells, ({ cell }) => nameOf(cell));
  }

  /** The cell as `reader` sees it; several where it stands for all members of a group. */
  find(cell: string, { vm, indexes: own }: PlacedVm): { cell: string; writer: FlowRole }[] {
    const named = levelsOf(vm)
      .reduce((filled, { indexVar }, depth) => filled.replaceAll(indexVar, own[depth] as string), cell)
      .replace("[self]", `[${own.at(-1) ?? ""}]`);
    const exact = this.#writers.get(named);
    if (exact !== undefined) return [{ cell: named, writer: exact }];
    const wanted = indexesOf(named);
    const fits = (index: string, position: number): boolean => {
      const want = wanted[position] ?? "";
      return want === index || index === "*" || !/^\d+$/.test(want);
    };
    return (this.#cells.get(nameOf(named)) ?? []).filter(
      ({ indexes }) => indexes.length === wanted.length && indexes.every(fits),
    );
  }
}

function nameOf(cell: string): string {
  const parts = parseCellId(cell);
  return parts === undefined ? cell : cellId(withoutIndexes(parts.vm), parts.role, parts.output);
}

function indexesOf(cell: string): string[] {
  return indexesIn(parseCellId(cell)?.vm ?? "");
}
