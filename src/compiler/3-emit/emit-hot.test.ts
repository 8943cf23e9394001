import { expect, test } from "vitest";
import { parse } from "yaml";
import { emitText, vm } from "../../../tests/support/compile-text.ts";

const weft = "weft: {tool: script, roles: [{name: a, run: x, outputs: {port: {type: number}}}]}";
// A vm without roles needs nothing of ours.
const empty = "weft: {tool: script, roles: []}";

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
      ${empty}
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

test("run-time stack outputs are told by a vm that writes what they read, single ones first", () => {
  const role = "{name: a, run: x, outputs: {port: {type: number}}}";
  const vms = `${vm("app", `[${role}]`, { count: "2" })}${vm("db", `[${role}]`)}`;
  const outputs = `
  port: {value: {get_attr: [db, port]}, reveal: true}
  all: {value: [{get_attr: [app, port]}, {get_attr: [db, port]}]}
  ports: {value: {get_attr: [app, port]}}
  name: {value: db, reveal: true}
`;
  const { hot, plan } = emitText(`resources:\n${vms}outputs:${outputs}`);
  expect((parse(hot) as { outputs: unknown }).outputs).toEqual({
    port: { value: { get_attr: ["weft_db", "outputs", "port"] } },
    all: { value: { get_attr: ["weft_db", "outputs", "all"] } },
    ports: { value: { get_attr: ["weft_app", "resource.0.outputs", "ports"] } },
    name: { value: "db" },
  });
  expect(plan.vms.map(({ outputs: told, rights }) => [Object.keys(told ?? {}), rights.read])).toEqual([
    [["ports"], ["app[*].a.port"]],
    [["port", "all"], ["app[*].a.port"]],
  ]);
});

test("names of ours meet none of the user's", () => {
  const { hot } = emitText(`parameters: {weft_hub_urls: {type: string}}
resources:
${vm("db", "[{name: a, run: x}]")}  weft_db: {type: OS::Heat::None}
  weft_seal_key: {type: OS::Heat::None}
`);
  const { parameters, resources } = parse(hot) as Record<string, Record<string, { type: string }>>;
  expect(parameters?.["weft_hub_urls"]).toEqual({ type: "string" });
  expect(Object.keys(parameters ?? {})).toContain("weft_hub_urls_");
  expect(resources?.["weft_db"]?.type).toBe("OS::Heat::None");
  expect(resources?.["weft_db_"]?.type).toBe("template.yaml.d/db.yaml");
  expect(hot).toContain("seal_key: {get_attr: [weft_seal_key_, value]}");
});

test("what runs when a vm of a nested stack leaves stands beside the vm, under names that are free; of a vm of the stack's own template it is in its carrier", () => {
  const leaving = vm("db", "[{name: a, run: x}, {name: z, run: x, on_delete: true}]");
  const nested = `heat_template_version: 2018-08-31\nresources:\n${leaving}  weft_db_delete: {type: OS::Heat::None}\n`;
  const { hot, files } = emitText(`resources:\n${leaving}  outer: {type: outer.yaml}\n`, { "outer.yaml": nested });
  const { resources } = parse(files["outer.yaml"] as string) as { resources: Record<string, unknown> };
  expect(resources["weft_db_at_delete"]).toMatchObject({ type: "OS::Heat::SoftwareConfig" });
  expect(resources["weft_db_delete_"]).toMatchObject({
    type: "OS::Heat::SoftwareDeployment",
    properties: { config: { get_resource: "weft_db_at_delete" }, server: { get_resource: "db" }, actions: ["DELETE"] },
  });
  expect(hot).not.toContain("delete");
  const carriers = ["db.yaml", "outer~2fdb.yaml"].map((file) => parse(files[file] as string) as { resources: object });
  expect(carriers.map((carrier) => Object.keys(carrier.resources))).toEqual([
    ["plan", "run", "at_delete", "delete"],
    ["plan", "run"],
  ]);
});

test("what is private reaches a vm by user_data alone, and does not make it wait for other vms", () => {
  const input = "{list_join: [':', [{get_attr: [password, value]}, {get_attr: [web, addresses]}, {get_param: key}]]}";
  const { hot, plan } = emitText(`parameters: {key: {type: string, hidden: true}}
resources:
${vm("db", `[{name: a, run: x, inputs: {IN: ${input}}}]`)}${vm("web", "[{name: a, run: x}]")}  password: {type: OS::Heat::RandomString}
`);
  const { resources } = parse(hot) as { resources: Record<string, { properties: Record<string, unknown> }> };
  const secret = { "a.inputs.IN": { get_attr: ["password", "value"] }, "a.inputs.IN#3": { get_param: "key" } };
  expect(resources["weft_db_boot"]?.properties["private"]).toEqual(secret);
  expect(resources["weft_db"]?.properties).toMatchObject({
    values: { "a.inputs.IN#2": { get_attr: ["web", "addresses"] } },
    private: secret,
  });
  expect(JSON.stringify(plan.vms[0]?.roles[0]?.inputs[0]?.value)).toContain("a.inputs.IN#3");
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

test("line ends of other alphabets come out as escapes, since Heat's YAML would take them for its own", () => {
  const userData = JSON.stringify("#!/bin/sh\necho a\u2028b\u0085c\u2029d\ufeffe\u007f");
  const properties = `{user_data_format: RAW, user_data: ${userData.replace(/[\u007f\u2028\u2029\u0085\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)}}`;
  const { hot } = emitText(`resources:\n  db: {type: OS::Nova::Server, properties: ${properties}, metadata: {${weft}}}\n`);
  expect(hot).toContain(String.raw`- "#!/bin/sh\necho a\u2028b\u0085c\u2029d\ufeffe\u007f"`);
});
