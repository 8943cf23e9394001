import { expect, test } from "vitest";
import { emitText, vm } from "../../../tests/support/compile-text.ts";
import type { Emitted } from "../compile.ts";

const head = "parameters: {key: {type: string, hidden: true}, size: {type: number, default: 2}}\nresources:\n";

test("a hidden parameter never enters a plan, not even its default", () => {
  const { plan } = emitText(
    `parameters: {key: {type: string, hidden: true, default: top-secret}}\nresources:\n${vm("db", "[{name: a, run: {get_param: key}, inputs: {KEY: {get_param: key}}}]")}`,
  );
  expect(JSON.stringify(plan)).not.toContain("top-secret");
  expect(plan.vms[0]?.roles[0]).toMatchObject({ run: { kind: "slot" }, inputs: [{ value: { kind: "slot" }, secret: true }] });
});

test("the deploy-time parts of a run-time value become slots, as large as they can be", () => {
  const input =
    "{list_join: [':', [{get_attr: [web, user]}, {list_join: ['-', [{get_param: key}, a]]}, {list_join: ['-', [b, c]]}]]}";
  const { plan } = emitText(
    `${head}${vm("db", `[{name: a, run: x, inputs: {IN: ${input}}}]`)}${vm("web", "[{name: r, run: x, outputs: {user: {type: string}}}]")}`,
  );
  expect(plan.slots["db"]).toEqual({
    "a.inputs.IN": { kind: "call", fn: "list_join", arg: expect.anything() as unknown },
  });
  expect(plan.vms[0]?.roles[0]?.inputs[0]?.value).toMatchObject({
    arg: {
      items: [
        { value: ":" },
        { items: [{ kind: "read" }, { kind: "slot", slot: "a.inputs.IN" }, { kind: "value", value: "b-c" }] },
      ],
    },
  });
});

test("a new role renames no slot of the others", () => {
  const one = "{name: a, run: x, inputs: {KEY: {get_param: key}}}";
  const slotsOf = (roles: string): string[] => Object.keys(emitText(`${head}${vm("db", roles)}`).plan.slots["db"] ?? {});
  expect(slotsOf(`[${one}]`)).toEqual(["a.inputs.KEY"]);
  expect(slotsOf(`[{name: b, run: {get_param: key}}, ${one}]`)).toContain("a.inputs.KEY");
});

test("the same template gives the same generation, an edited role another one", () => {
  const generationOf = (run: string): string => emitText(`resources:\n${vm("db", `[{name: a, run: ${run}}]`)}`).generation;
  expect(generationOf("x")).toBe(generationOf("x"));
  expect(generationOf("x")).not.toBe(generationOf("y"));
  expect(generationOf("x")).toMatch(/^[0-9a-f]{16}$/);
});

test("a revealed secret is shown as a stack output, and told to Heat", () => {
  const db = vm("db", "[{name: a, run: x, outputs: {word: {type: string, secret: true}}}]");
  const { plan } = emitText(`resources:\n${db}outputs: {word: {value: {get_attr: [db, word]}, reveal: true}}\n`);
  expect(plan.outputs["word"]?.secret).toBe(false);
  expect(plan.vms[0]?.outputs?.["word"]?.secret).toBe(false);
});

test("a role that follows the choice of an index carries that index, also where it is for the others", () => {
  const { plan } = emitText(
    `${head}${vm("app", "[{name: a, run: x, on: {index: {get_param: size}}}, {name: b, run: x, on: others}]", { count: "3" })}`,
  );
  expect(plan.vms[0]?.roles.map(({ on }) => on)).toEqual([
    { pick: "one", choice: "app", index: { kind: "slot", slot: "a.on" } },
    { pick: "others", choice: "app", index: { kind: "slot", slot: "b.on" } },
  ]);
});

test("another byte in a file that travels is another bundle, another role and another generation", () => {
  const roles = "[{name: a, tool: puppet, run: x, options: {modulepath: modules}}, {name: b, tool: puppet, run: x}]";
  const emit = (text: string): Emitted => emitText(`${head}${vm("db", roles)}`, { "modules/app/init.pp": text });
  const [first, same, other] = [emit("one"), emit("one"), emit("two")];
  expect(same.generation).toBe(first.generation);
  expect(other.generation).not.toBe(first.generation);
  const [before, after] = [first.plan.vms[0], other.plan.vms[0]];
  expect(after?.roles[0]).not.toEqual(before?.roles[0]);
  expect(after?.roles[1]).toEqual(before?.roles[1]);
  expect(Object.keys(after?.bundles ?? {})).toEqual([after?.roles[0]?.files?.["modules"]]);
});
