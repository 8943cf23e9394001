import { expect, test } from "vitest";
import { emitText, vm } from "../../tests/support/compile-text.ts";
import { instantiatePlan } from "./instantiate.ts";
import { outlineOf } from "./outline.ts";

test("an outline names what is read, written and waited for, and holds no value", () => {
  const { plan } = emitText(`
resources:
${vm("db", "[{name: mysql, run: x, outputs: {password: {type: string, secret: true}}}]")}
  app:
    type: OS::Heat::ResourceGroup
    properties:
      count: 2
      resource_def:
        type: OS::Nova::Server
        properties: {image: i, flavor: f}
        metadata:
          weft:
            tool: script
            roles:
              - {name: serve, run: x, inputs: {KEY: {get_attr: [db, password]}}, outputs: {url: {type: string}}}
              - {name: check, run: x, after: [[db, mysql]], inputs: {ALL: {get_attr: [app, url]}, FIXED: a value}}
`);
  const app = plan.vms.find((one) => one.vm === "app[*]");
  if (app === undefined) throw new Error("no plan of the group");
  const outline = outlineOf(instantiatePlan(app, 1), 5);
  expect(outline).toEqual({
    vm: "app[1]",
    atMs: 5,
    order: "listed",
    roles: [
      {
        id: "app[1].serve",
        tool: "script",
        inputs: [{ name: "KEY", when: "eager", secret: true, reads: [{ cell: "db.mysql.password" }] }],
        outputs: [{ name: "url", cell: "app[1].serve.url", type: "string", secret: false, publish: "on_success" }],
        after: [],
      },
      {
        id: "app[1].check",
        tool: "script",
        inputs: [
          { name: "ALL", when: "eager", secret: false, reads: [{ cell: "app[*].serve.url" }] },
          { name: "FIXED", when: "eager", secret: false, reads: [] },
        ],
        outputs: [],
        after: ["db.mysql.@end"],
      },
    ],
  });
});
