// What Heat shows of the stack outputs that roles write, byte for byte, as the real Heat engine makes it of what agents tell.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json } from "../../src/model/json.ts";
import { emitText, vm } from "../support/compile-text.ts";
import { compileFolder, writeEmitted } from "../support/compile-folder.ts";
import { createWithHeat, isHeatThere, type Created, type Creation } from "./heat-engine.ts";

const folder = "tests/golden/group-outputs";
const nasty = `"quotes" 'single' \\ back\\nslash %member% , {{mustache}} \t tab ü € 𝄞 \u2028\nnull`;
const told = {
  leader: nasty,
  urls: { [nasty]: nasty, many: nasty.repeat(200) },
  fields: [[], [nasty]],
  gates: [null, nasty],
  both: [1.5, true, null],
};
// As yaql would not: it takes no list of more than 200.
const large = 3;

const target = mkdtempSync(join(tmpdir(), "weft-test-"));
afterAll(() => rmSync(target, { recursive: true }));

let answered: Created;
let early: Created;
let empty: Created;
let many: Created;
beforeAll(() => {
  if (!isHeatThere) return;
  const { emitted } = compileFolder(folder).compiled;
  if (emitted === undefined) throw new Error("the golden case does not compile");
  const without = (text: string): string =>
    text.replace("desired_capacity: 2", "desired_capacity: 0").replace("count: 2", "count: 0");
  const servers = vm("app", "[{name: a, run: x, outputs: {url: {type: string}}}]", { count: String(large) });
  const scaling = servers
    .replace("ResourceGroup", "AutoScalingGroup")
    .replace(`count: ${large}`, `min_size: ${large}, max_size: ${large}`)
    .replace("resource_def", "resource");
  const crowd = emitText(`resources:\n${scaling}outputs: {urls: {value: {get_attr: [app, outputs_list, url]}}}\n`);
  const creation = (made: typeof emitted, answers?: Record<string, Json>): Creation => ({
    file: writeEmitted(made, mkdtempSync(join(target, "stack-")), folder),
    parameters: { weft_hub_urls: "https://10.0.0.2:8470", weft_token_key: "0123456789abcdef" },
    ...(answers === undefined ? {} : { told: answers }),
  });
  const created = createWithHeat([
    creation(emitted, told),
    creation(emitted),
    creation({ ...emitted, hot: without(emitted.hot) }, told),
    creation(crowd, { urls: Array.from({ length: large }, () => nasty) }),
  ]);
  expect(created.map(({ error }) => error)).toEqual([null, null, null, null]);
  [answered, early, empty, many] = created as [Created, Created, Created, Created];
}, 180_000);

/** What Heat shows of an output, and which server's answer that is. */
function shown({ outputs }: Created, name: string): { by: string; value: Json } {
  return outputs[name] as { by: string; value: Json };
}

test.runIf(isHeatThere)("what only members of an AutoScalingGroup know is what one of them tells", () => {
  const members = Object.keys(answered.servers).filter((name) => name.startsWith("app/"));
  expect(members).toHaveLength(2);
  const { by } = shown(answered, "leader");
  expect(members).toContain(by);
  expect(answered.outputs).toMatchObject({ leader: { by, value: told.leader }, urls: { by, value: told.urls } });
});

test.runIf(isHeatThere)("what only groups within a group know is told by the first that has members", () => {
  expect(answered.outputs["fields"]).toEqual({ by: "farms/1/field/0/member", value: told.fields });
});

test.runIf(isHeatThere)("what only a vm with a condition in a group of stacks knows is told by one that is there", () => {
  expect(answered.outputs["gates"]).toEqual({ by: "farms/1/gate", value: told.gates });
});

test.runIf(isHeatThere)("a member with a number tells rather than one with a name", () => {
  expect(answered.outputs["both"]).toEqual({ by: "store/0/member", value: told.both });
});

test.runIf(isHeatThere)("of the members of each group one is asked", () => {
  const askedOf = (prefix: string): Set<Json | undefined> =>
    new Set(
      Object.entries(answered.servers).flatMap(([name, { deployments }]) =>
        name.startsWith(prefix) ? deployments.map(({ values }) => values["weft_teller"]) : [],
      ),
    );
  expect([...askedOf("app/")]).toEqual([shown(answered, "leader").by.split("/")[1]]);
  expect([...askedOf("store/")]).toEqual(["0"]);
  expect([...askedOf("farms/1/field/")]).toEqual(["id of farms.1.field.0.member"]);
  expect([...askedOf("farms/1/gate")]).toEqual([undefined]);
});

test.runIf(isHeatThere)("before anybody has answered, and where a group is empty, there is nothing, and nothing fails", () => {
  const nothing = { leader: null, urls: null, fields: null, gates: null, both: null };
  expect(early.outputs).toEqual(nothing);
  expect(Object.keys(empty.servers).toSorted()).toEqual(["store/0/member", "store/1/member"]);
  expect(empty.outputs).toEqual({ ...nothing, both: { by: "store/0/member", value: told.both } });
});

test.runIf(isHeatThere)(`a group of ${large} members has one that tells`, () => {
  expect(Object.keys(many.servers)).toHaveLength(large);
  expect(shown(many, "urls").value).toHaveLength(large);
});
