import { expect, test } from "vitest";
import { parse } from "yaml";
import { emitText } from "../../../tests/support/compile-text.ts";

const weft = "weft: {tool: script, roles: [{name: a, run: x, outputs: {port: {type: number}}}]}";

test("our key goes, what stands beside it stays, with its comments", () => {
  const { hot } = emitText(`
resources:
  # the database
  db:
    type: OS::Nova::Server   # a server
    properties: {image: i, flavor: f}
    metadata:
      # for the users
      purpose: shop
      # for weft
      ${weft}
`);
  expect(hot).toBe(`heat_template_version: 2018-08-31

resources:
  # the database
  db:
    type: OS::Nova::Server # a server
    properties: {image: i, flavor: f}
    metadata:
      # for the users
      purpose: shop
`);
});

test.for(["metadata: {weft: {roles: []}}", "metadata:\n      weft: {roles: []}"])(
  "metadata that hold nothing else go: %s",
  (metadata) => {
    expect(resourcesOf(`  db:\n    type: OS::Nova::Server\n    ${metadata}\n`)).toEqual({ db: { type: "OS::Nova::Server" } });
  },
);

test("our key is found through aliases and merge keys", () => {
  const text = `
  db: &db
    type: OS::Nova::Server
    metadata: &metadata {${weft}, purpose: shop}
  twin: {type: OS::Nova::Server, metadata: *metadata}
  copy: {<<: *db, properties: {image: i}}
  mixed: {type: OS::Nova::Server, metadata: {<<: *metadata, more: true}}
`;
  const metadata = { purpose: "shop" };
  expect(resourcesOf(text)).toMatchObject({
    db: { metadata },
    twin: { metadata },
    copy: { metadata },
    mixed: { metadata: { ...metadata, more: true } },
  });
});

test("a text that is shared with a role is written out where its anchor is gone", () => {
  const text = `
  db:
    type: OS::Nova::Server
    metadata: {weft: {tool: script, roles: [{name: a, run: &script "echo hello"}]}}
  web: {type: OS::Nova::Server, properties: {user_data: *script}}
  twin: {type: OS::Nova::Server, properties: {user_data: *script}}
`;
  expect(resourcesOf(text)).toMatchObject({
    web: { properties: { user_data: "echo hello" } },
    twin: { properties: { user_data: "echo hello" } },
  });
});

test("run-time stack outputs are left out, and the section with the last of them", () => {
  const db = `resources:\n  db: {type: OS::Nova::Server, metadata: {${weft}}}\n`;
  const outputsOf = (outputs: string): unknown => parse(emitText(`${db}outputs: {${outputs}}\n`).hot).outputs as unknown;
  expect(outputsOf("port: {value: {get_attr: [db, port]}}")).toBeUndefined();
  expect(outputsOf("port: {value: {get_attr: [db, port]}, reveal: true}, name: {value: db, reveal: true}")).toEqual({
    name: { value: "db" },
  });
});

test("values come out as they were written, whatever another YAML version would make of them", () => {
  const text = `
  db:
    type: OS::Nova::Server
    properties: {a: 0777, b: yes, c: "yes", d: 1_000, e: 2018-08-31, f: 1.10, g: ~, h: "0777", i: 12:30:45, j: 1e3, k: .5}
`;
  expect(emitText(`resources:${text}`).hot).toContain(text);
});

function resourcesOf(resources: string): unknown {
  return (parse(emitText(`resources:\n${resources}`).hot, { merge: true }) as { resources: unknown }).resources;
}
