import { expect, test } from "vitest";
import { emitText, vm } from "../../tests/support/compile-text.ts";
import type { Deployment } from "../model/vm-identity.ts";
import type { VmPlan } from "../model/vm-plan.ts";
import { readDeployed } from "./read-deployed.ts";

const group = vm("app", "[{name: serve, run: x, outputs: {url: {type: string}}}]", { count: "3" });
const { plan, generation } = emitText(`resources:\n${group}outputs: {urls: {value: {get_attr: [app, url]}}}\n`);
const deployment: Deployment = { format: 1, generation, plan: plan.vms[0] as VmPlan, tag: "tag", values: {} };

test.for<[string | undefined, string[]]>([
  ["1", ["app[1]"]],
  [undefined, ["app[0]", "app[1]", "app[2]"]],
])("where Heat asks member %s for stack outputs, these tell: %s", ([teller, expected]) => {
  const members = ["app[0]", "app[1]", "app[2]"];
  const asked = teller === undefined ? deployment : { ...deployment, teller };
  const telling = members.filter((member) => Object.keys(readDeployed(asked, { vm: member }).plan.outputs ?? {}).length > 0);
  expect(telling).toEqual(expected);
});

test("where Heat knows the one that tells by its server only, the vm on that server tells", () => {
  const telling = ["one", "two"].map((server) => {
    const { plan: own } = readDeployed({ ...deployment, teller: "two", server }, { vm: "app[0]" });
    return Object.keys(own.outputs ?? {});
  });
  expect(telling).toEqual([[], ["urls"]]);
});

test("the digest of what is private is looked up by the indexes of all groups that the vm is in", () => {
  const of = (vm: string): (() => unknown) => {
    const read = { ...deployment, valuesDigest: { 0: "zero", 1: "one" } };
    return () => readDeployed(read, { vm, valuesDigest: "one" });
  };
  expect(of("app[1]")).not.toThrow();
  expect(of("app[0]")).toThrow("must be replaced");
});
