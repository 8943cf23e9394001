import { expect, test } from "vitest";
import { compileText, vm } from "../../tests/support/compile-text.ts";
import type { Flow } from "../model/flow.ts";
import { graphFormats } from "./show-graph.ts";

const { flow } = compileText(
  `resources:\n${vm("db", "[{name: mysql, run: x, outputs: {port: {type: number}}}, {name: backup, run: x}]")}${vm(
    "app",
    "[{name: serve, run: x, inputs: {PORT: {get_attr: [db, port]}}, after: [[db, backup]]}]",
    { count: "1" },
  )}`,
) as { flow: Flow };

test("as text, each role is followed by what it waits for", () => {
  expect(graphFormats.text(flow)).toBe(`db.mysql      script
db.backup     script
  follows db.mysql
app[0].serve  script
  comes after db.backup
  reads db.mysql.port as PORT
`);
});

test("as JSON, edges hold what scripts rely on", () => {
  expect(JSON.parse(graphFormats.json(flow))).toEqual({
    roles: [
      { id: "db.mysql", vm: "db", role: "mysql", tool: "script" },
      { id: "db.backup", vm: "db", role: "backup", tool: "script" },
      { id: "app[0].serve", vm: "app[0]", role: "serve", tool: "script" },
    ],
    edges: [
      { from: "db.mysql", to: "db.backup", kind: "order" },
      { from: "db.backup", to: "app[0].serve", kind: "after" },
      { from: "db.mysql", to: "app[0].serve", kind: "value", output: "port", input: "PORT" },
    ],
  });
});

test("for mermaid, vms are subgraphs and every node has a plain name", () => {
  expect(graphFormats.mermaid(flow)).toBe(`flowchart LR
  subgraph v0["db"]
    r0["mysql"]
    r1["backup"]
  end
  subgraph v1["app[0]"]
    r2["serve"]
  end
  r0 -.-> r1
  r1 -.->|"after"| r2
  r0 -->|"port"| r2
`);
});

test("for Graphviz, names are quoted", () => {
  expect(graphFormats.dot(flow)).toContain('"db.mysql" -> "app[0].serve" [label="port"];');
});
