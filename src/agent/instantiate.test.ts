import { expect, test } from "vitest";
import type { Expr } from "../model/expression.ts";
import type { VmPlan } from "../model/vm-plan.ts";
import { instantiatePlan } from "./instantiate.ts";

const text = (value: string): Expr => ({ kind: "value", value });
const plan: VmPlan = {
  format: 1,
  vm: "app[*]",
  order: "listed",
  group: { name: "app", indexVar: "%index%", size: { kind: "slot", slot: "size" } },
  facts: [],
  rights: { read: ["db.mysql.port", "app[*].serve.url"], write: ["app[self].serve.url"], choose: ["app"] },
  roles: [
    {
      name: "serve",
      tool: "script",
      run: text("echo member %index% of ${members[self]}"),
      options: { labels: ["app-%index%"] },
      inputs: [
        {
          name: "OWN",
          value: { kind: "read", read: { kind: "cell", cell: "app[self].setup.id" }, path: [] },
          when: "eager",
          secret: false,
        },
        {
          name: "NAME",
          value: { kind: "call", fn: "list_join", arg: text("%index%") },
          default: "app%index%",
          when: "eager",
          secret: false,
        },
      ],
      outputs: [
        {
          name: "url",
          cell: "app[self].serve.url",
          type: "string",
          secret: false,
          optional: false,
          publish: "on_success",
          before: [],
          errorOutput: false,
          published: true,
        },
      ],
      after: [{ role: "app.setup", cells: { kind: "cell", cell: "app[self].setup.@end" } }],
      onError: "fail",
      onDelete: false,
      publishEnd: false,
      on: { pick: "one", choice: "app", index: text("%index%") },
    },
  ],
};

test("a member's own index stands for [self] in cells and for the index variable in every text", () => {
  const member = instantiatePlan(plan, "app[2]");
  expect(member.vm).toBe("app[2]");
  expect(member.roles[0]).toMatchObject({
    options: { labels: ["app-2"] },
    inputs: [{ value: { read: { cell: "app[2].setup.id" } } }, { value: { arg: { value: "2" } }, default: "app2" }],
    outputs: [{ cell: "app[2].serve.url" }],
    after: [{ cells: { cell: "app[2].setup.@end" } }],
    on: { index: { value: "2" } },
  });
});

test("a script's own [self] stays", () => {
  expect(instantiatePlan(plan, "app[0]").roles[0]?.run).toEqual(text("echo member 0 of ${members[self]}"));
});

test("the plan of a single vm is left as it is", () => {
  const { group: _, ...single } = plan;
  expect(instantiatePlan(single, "db")).toBe(single);
});

test("a group's plan without an index is a bug", () => {
  expect(() => instantiatePlan(plan, "app")).toThrow("does not say which member");
});
