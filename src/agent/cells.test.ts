import { expect, test } from "vitest";
import { memory } from "../coordinator/backends/memory.ts";
import { openDataflow } from "../coordinator/dataflow.ts";
import type { Expr } from "../model/expression.ts";
import type { Json } from "../model/json.ts";
import type { InputPlan, VmPlan } from "../model/vm-plan.ts";
import { Cells } from "./cells.ts";

const rights = { read: [], write: [], choose: [] };
const plan: VmPlan = { format: 1, vm: "web", order: "listed", roles: [], facts: [], rights };

/** Nobody writes anything here: what would wait, waits for ever. */
async function openCells(values: Record<string, Json>): Promise<Cells> {
  return new Cells(plan, values, openDataflow(await memory.open(), { stack: "s", generation: "g" }));
}

const portOf = (present: Expr): Expr => ({ kind: "read", read: { kind: "cell", cell: "db.mysql.port", present }, path: [] });
const urlsOf = (present: Expr): Expr => ({
  kind: "read",
  read: { kind: "gather", group: "app", role: "serve", output: "url", size: { kind: "slot", slot: "size" }, of: "all", present },
  path: [],
});
const missing: Expr = { kind: "slot", slot: "present" };
const input = (value: Expr, standIn?: Json): InputPlan => ({
  name: "PORT",
  value,
  when: "eager",
  secret: false,
  ...(standIn === undefined ? {} : { default: standIn }),
});
const options = { signal: new AbortController().signal };

test.for<[string, InputPlan, Json]>([
  ["null for a vm that is not there", input(portOf(missing)), null],
  ["its default for a vm that is not there", input(portOf(missing), 5432), 5432],
  ["null for a group that is not there", input(urlsOf(missing)), null],
  [
    "the branch that holds, and waits for no other",
    input({
      kind: "call",
      fn: "if",
      arg: { kind: "list", items: [missing, portOf({ kind: "value", value: true }), { kind: "value", value: "none" }] },
    }),
    "none",
  ],
  [
    "a digest, which needs this machine",
    input({ kind: "call", fn: "digest", arg: { kind: "value", value: ["sha1", ""] } }),
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
  ],
])("an input gets %s", async ([, wanted, value]) => {
  const cells = await openCells({ present: false, size: 3 });
  expect(await cells.resolveInput(wanted, options)).toMatchObject({ state: "value", value });
});

test("a role that comes after one of a vm that is not there goes on", async () => {
  const cells = await openCells({ present: false });
  const after = { role: "db.mysql", cells: { kind: "cell" as const, cell: "db.mysql.@end", present: missing } };
  expect(await cells.resolveAfters([after], options)).toMatchObject({ state: "value" });
});
