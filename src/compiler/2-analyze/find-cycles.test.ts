import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Flow, FlowEdge, FlowOutput, FlowRole } from "../../model/flow.ts";
import { findCycles } from "./find-cycles.ts";

const span = { file: "stack.yaml", line: 1, column: 1, length: 1 };

test("a chain of ten thousand roles is proved without a deep stack", () => {
  expect(findCycles(chain(10_000, false))).toEqual([]);
});

test("a ring of ten thousand roles is found, and told whole", () => {
  const [cycle, ...others] = findCycles(chain(10_000, true));
  expect(others).toEqual([]);
  expect(cycle?.steps).toHaveLength(10_000);
});

test("of a long and a short way round, the short one is told", () => {
  const { roles, edges } = chain(6, true);
  const shortcut = follows("vm.r1", "vm.r0");
  expect(findCycles({ roles, edges: [...edges, shortcut] })[0]?.roles).toEqual(["vm.r0", "vm.r1"]);
});

test("a role that reads its own output waits for itself", () => {
  const cell = "vm.r.x";
  const flow: Flow = {
    roles: [makeRole("vm.r", [{ name: "x", cell, settles: "end", before: [], span }])],
    edges: [reads("vm.r", "vm.r", cell, "end", "start")],
  };
  expect(findCycles(flow)[0]?.steps.map(({ message }) => message)).toEqual(["vm.r waits for vm.r's output x (input IN)"]);
});

test("a role may lazily read its own output once it was written at once, if it promises to write first", () => {
  const cell = "vm.r.x";
  const make = (before: string[]): Flow => ({
    roles: [makeRole("vm.r", [{ name: "x", cell, settles: "write", before, span }])],
    edges: [reads("vm.r", "vm.r", cell, "write", "read")],
  });
  expect(findCycles(make([]))).toHaveLength(1);
  expect(findCycles(make(["IN"]))).toEqual([]);
});

test("two knots that have nothing to do with each other are told apart", () => {
  const [one, two] = [chain(2, true, "a"), chain(3, true, "b")];
  const cycles = findCycles({ roles: [...one.roles, ...two.roles], edges: [...one.edges, ...two.edges] });
  expect(cycles.map(({ roles }) => roles.length)).toEqual([2, 3]);
});

test("no cycle is found exactly if every role ends, whatever order of reads and writes its code takes", () => {
  fc.assert(
    fc.property(flows(), (flow) => {
      expect(findCycles(flow).length === 0).toBe(allRolesEnd(flow));
    }),
    { numRuns: 2000 },
  );
});

// Runs the flow with the worst code there could be: a role reads whatever it may before it writes, and writes last of all. A role then
// advances only when it must be able to, so the run stops at a fixed point.
function allRolesEnd(flow: Flow): boolean {
  const started = new Set<string>();
  const ended = new Set<string>();
  const settled = new Set<string>();
  const isOpen = (edge: FlowEdge): boolean => (edge.cell === undefined ? ended.has(edge.from) : settled.has(edge.cell));
  for (let before = -1; before !== started.size + ended.size + settled.size;) {
    before = started.size + ended.size + settled.size;
    for (const role of flow.roles) {
      const edges = flow.edges.filter(({ to }) => to === role.id);
      const lazy = edges.filter(({ gates }) => gates === "read");
      if (edges.every((edge) => edge.gates === "read" || isOpen(edge))) started.add(role.id);
      if (!started.has(role.id)) continue;
      for (const output of role.outputs) {
        const readFirst = lazy.filter(({ input }) => input === undefined || !output.before.includes(input));
        if (output.settles === "write" && readFirst.every(isOpen)) settled.add(output.cell);
      }
      if (!lazy.every(isOpen)) continue;
      ended.add(role.id);
      for (const { cell } of role.outputs) settled.add(cell);
    }
  }
  return ended.size === flow.roles.length;
}

/** Up to six roles with an output or two each, some of them listed one after another, that read from each other at random. */
function flows(): fc.Arbitrary<Flow> {
  const output = fc.record({
    settles: fc.constantFrom("write" as const, "end" as const),
    before: fc.subarray(["in0", "in1", "in2"]),
  });
  const read = fc.record({ from: fc.nat(5), output: fc.nat(1), isLazy: fc.boolean() });
  const role = fc.record({
    outputs: fc.array(output, { minLength: 1, maxLength: 2 }),
    reads: fc.array(read, { maxLength: 2 }),
    isListed: fc.boolean(),
    after: fc.option(fc.nat(5), { freq: 4 }),
  });
  return fc.array(role, { minLength: 1, maxLength: 6 }).map((specs): Flow => {
    const id = (index: number): string => `vm.r${index % specs.length}`;
    const roles = specs.map(({ outputs }, index) =>
      makeRole(
        id(index),
        outputs.map(({ settles, before }, number) => ({
          name: `out${number}`,
          cell: `${id(index)}.out${number}`,
          settles,
          before,
          span,
        })),
      ),
    );
    const edges = specs.flatMap((spec, index): FlowEdge[] => [
      ...spec.reads.map(({ from, output, isLazy }, number): FlowEdge => {
        const writer = roles[from % roles.length] as FlowRole;
        const source = writer.outputs[output % writer.outputs.length] as FlowOutput;
        return { ...reads(writer.id, id(index), source.cell, source.settles, isLazy ? "read" : "start"), input: `in${number}` };
      }),
      ...(spec.isListed && index > 0 ? [follows(id(index - 1), id(index))] : []),
      ...(spec.after === null ? [] : [{ ...follows(id(spec.after), id(index)), kind: "after" as const }]),
    ]);
    return { roles, edges };
  });
}

function chain(length: number, isRing: boolean, vm = "vm"): Flow {
  const id = (index: number): string => `${vm}.r${index}`;
  const roles = Array.from({ length }, (_, index) => makeRole(id(index), []));
  const edges = roles.slice(1).map((role, index) => follows(id(index), role.id));
  return { roles, edges: isRing ? [...edges, follows(id(length - 1), id(0))] : edges };
}

function makeRole(id: string, outputs: FlowOutput[]): FlowRole {
  const [vm = "", role = ""] = id.split(".");
  return { id, vm, order: "listed", role, tool: "script", span, outputs };
}

function follows(from: string, to: string): FlowEdge {
  return { from, to, kind: "order", settles: "end", gates: "start", span };
}

function reads(from: string, to: string, cell: string, settles: "write" | "end", gates: "start" | "read"): FlowEdge {
  return { from, to, kind: "value", output: cell.slice(cell.lastIndexOf(".") + 1), input: "IN", cell, settles, gates, span };
}
