import { expect, test } from "vitest";
import { compileText, vm } from "../../tests/support/compile-text.ts";
import type { DeployedPlan } from "../cloud/deployed-plans.ts";
import type { Json } from "../model/json.ts";
import { comparePlans, type RoleChange } from "./compare-plans.ts";

/** A chain of three vms, of which the last is a group; `run` is what the first role runs. */
function stack(run: string, more = ""): string {
  return `parameters: {word: {type: string, default: w}, size: {type: number, default: 2}}
resources:
${vm("a", `[{name: make, run: ${run}, inputs: {W: {get_param: word}}, outputs: {x: {type: string}}}${more}]`)}\
${vm("b", "[{name: use, run: u, inputs: {X: {get_attr: [a, x]}}, outputs: {y: {type: string}}}, {name: free, run: f}]")}\
${vm("c", "[{name: last, run: l, inputs: {Y: {get_attr: [b, y]}}}]", { count: "{get_param: size}" })}`;
}

function changes(before: string, after: string, word: { before: Json; after: Json } = { before: "w", after: "w" }): RoleChange[] {
  const [old, next] = [before, after].map((text) => compileText(text));
  const plans = (old?.emitted?.plan.vms ?? []).map((plan): [string, DeployedPlan] => {
    const slots = Object.keys(old?.emitted?.plan.slots[plan.vm] ?? {});
    return [plan.vm, { generation: "g", plan, values: Object.fromEntries(slots.map((slot) => [slot, word.before])) }];
  });
  if (next?.emitted === undefined || next.flow === undefined) throw new Error(JSON.stringify(next?.report.diagnostics));
  return comparePlans(new Map(plans), next.emitted.plan, next.flow, (name) => (name === "a" ? word.after : undefined));
}

test("nothing runs again where nothing has changed", () => {
  expect(changes(stack("m"), stack("m"))).toEqual([]);
});

test("an edited role runs again, and whoever reads it, and their readers, may", () => {
  expect(changes(stack("m"), stack("n"))).toEqual([
    { id: "a.make", why: "edited", what: ["run"] },
    { id: "b.use", why: "reads", what: ["a.make"] },
    { id: "c[*].last", why: "reads", what: ["b.use"] },
  ]);
});

test("another deploy-time value makes its role run again; one that is not known is not told", () => {
  expect(changes(stack("m"), stack("m"), { before: "w", after: "v" })[0]).toEqual({
    id: "a.make",
    why: "value",
    what: ["W"],
  });
});

test("new roles and new vms run", () => {
  expect(changes(stack("m"), stack("m", ", {name: more, run: m}"))).toEqual([
    { id: "a.more", why: "new", what: ["the role is new"] },
  ]);
  const first = changes("resources: {}\n", `resources:\n${vm("a", "[{name: make, run: m}]")}`);
  expect(first).toEqual([{ id: "a.make", why: "new", what: ["its vm is new"] }]);
});
