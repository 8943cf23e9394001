// In every example each vm may read and write exactly the cells that its own roles read and write, over the hub's doors.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { placeVms, type PlacedVm } from "../../src/cli/place-vms.ts";
import { compile } from "../../src/compiler/compile.ts";
import { memory } from "../../src/coordinator/backends/memory.ts";
import { openHub } from "../../src/hub/hub.ts";
import { rightsTag, rightsText, sha256, vmToken } from "../../src/hub/tokens.ts";
import { HeatPlayer } from "../../src/machines/play-heat.ts";
import { cellId, endCell, factCell, memberId, parseCellId } from "../../src/model/cell.ts";
import { readsOf } from "../../src/model/expression.ts";
import type { RolePlan } from "../../src/model/vm-plan.ts";

const root = join(import.meta.dirname, "../..");
const tokenKey = "a key for tests only";
const [stack, generation] = ["example", "g1"];

async function placeExample(name: string): Promise<PlacedVm[]> {
  const file = join(root, "examples", name, "stack.yaml");
  const host = { readFile: (path: string): string => readFileSync(path, "utf8"), sha256 };
  const { template, emitted } = compile({ file, text: readFileSync(file, "utf8"), environments: [], parameters: [], host });
  if (template === undefined || emitted === undefined) throw new Error(`${name} does not compile`);
  const addresses = new Map<string, string>();
  const heat = new HeatPlayer({ template, stack, addresses, attrs: {} });
  return placeVms(emitted.plan, heat, addresses, async (count) => Array.from({ length: count }, () => "127.0.0.1"));
}

// Read off the roles themselves, and not off the rights that the compiler derived of them.
function readCells(vm: PlacedVm, vms: PlacedVm[]): Set<string> {
  const membersOf = (group: string): string[] =>
    vms.map(({ id }) => id).filter((id) => id.startsWith(memberId(group, "").slice(0, -1)));
  const cells = vm.plan.roles.flatMap(({ inputs, after }) => [
    ...inputs.flatMap(({ value }) =>
      readsOf(value).flatMap((read) =>
        read.kind === "cell" ? [read.cell] : membersOf(read.group).map((member) => cellId(member, read.role, read.output)),
      ),
    ),
    ...after.flatMap(({ cells }) =>
      cells.kind === "cell" ? [cells.cell] : membersOf(cells.group).map((member) => endCell(member, cells.role)),
    ),
  ]);
  return new Set(cells);
}

function writtenCells(vm: PlacedVm): string[] {
  const holder = ({ on }: RolePlan): string => (on !== "all" && on.pick === "one" ? (vm.plan.group?.name ?? vm.id) : vm.id);
  return [
    ...vm.plan.facts.map((fact) => factCell(vm.id, fact)),
    ...vm.plan.roles.flatMap((role) => [
      ...role.outputs.filter(({ published }) => published).map(({ cell }) => cell),
      ...(role.publishEnd ? [endCell(holder(role), role.name)] : []),
    ]),
  ];
}

const examples = readdirSync(join(root, "examples")).filter((name) => !name.endsWith("deadlock"));

test.for(examples)("in %s every pair of vm and cell is allowed if the plan says so, and else refused", async (name) => {
  const coordinator = await memory.open();
  const hub = await openHub({ listen: { host: "127.0.0.1", port: 0 }, coordinator, tokenKey });
  onTestFinished(() => hub.close());
  const vms = await placeExample(name);
  const cells = new Set(vms.flatMap((vm) => [...writtenCells(vm), ...readCells(vm, vms)]));
  const ask = async (vm: PlacedVm, method: string, cell: string): Promise<number> => {
    const headers = {
      authorization: `Bearer ${vmToken(tokenKey, stack, vm.id)}`,
      "x-weft-vm": vm.id,
      "x-weft-generation": generation,
      "x-weft-rights": rightsText(vm.plan.rights),
      "x-weft-tag": rightsTag(tokenKey, stack, vm.id, generation, vm.plan.rights),
    };
    const url = `${hub.url}/v1/stacks/${stack}/cells/${encodeURIComponent(cell)}`;
    const answer = await fetch(url, { method, headers, ...(method === "PUT" ? { body: "true" } : {}) });
    return answer.status;
  };
  expect(cells.size).toBeGreaterThan(2);
  for (const vm of vms) {
    const [reads, writes] = [readCells(vm, vms), new Set(writtenCells(vm))];
    for (const cell of cells) {
      // A vm may read back what it writes; what stays on it does not come to the hub at all.
      const isOwn = parseCellId(cell)?.vm === vm.id;
      const mayRead = isOwn ? writes.has(cell) : reads.has(cell) || writes.has(cell);
      expect({ vm: vm.id, cell, read: (await ask(vm, "GET", cell)) !== 403 }).toEqual({ vm: vm.id, cell, read: mayRead });
      expect({ vm: vm.id, cell, write: (await ask(vm, "PUT", cell)) !== 403 }).toEqual({
        vm: vm.id,
        cell,
        write: writes.has(cell),
      });
    }
  }
});
