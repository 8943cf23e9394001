// What a guest receives of what the template says, byte for byte: user_data and deployments as the real Heat engine makes them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDeployed } from "../../src/agent/read-deployed.ts";
import { instantiatePlan } from "../../src/agent/instantiate.ts";
import { rightsTag, vmToken } from "../../src/hub/tokens.ts";
import { chooseBranches, evaluateExpr, type Lookup } from "../../src/functions/evaluate.ts";
import { anyMember, memberId, membersOf, parseCellId } from "../../src/model/cell.ts";
import { readsOf, visitExpr } from "../../src/model/expression.ts";
import type { Json } from "../../src/model/json.ts";
import type { Deployment, DigestOfMembers, VmIdentity } from "../../src/model/vm-identity.ts";
import type { Emitted } from "../../src/compiler/compile.ts";
import type { VmPlan } from "../../src/model/vm-plan.ts";
import { emitText } from "../support/compile-text.ts";
import { writeEmitted } from "../support/compile-folder.ts";
import { createWithHeat, isHeatThere, type Created, type CreatedServer } from "./heat-engine.ts";

const stackId = "0d5ad3a4-6d52-4cb2-8a0f-2b9d1c6a7e31";
const tokenKey = "0123456789abcdef";
const nasty = `"quotes" 'single' \\ back\\nslash \`ticks\` $HOME \${x} $$ {{mustache}} %s %index PASSWORD \t tab ü € 𝄞 \u2028
no: [yes, 0777, 12:30:45, ~, on, 1_000]
- # & * ! | > ' " % @
WEFT-END
--weft-part
EOF
null`;
const script = `#!/bin/sh\necho ${nasty}\n`;
const cloudConfig = `#cloud-config\nwrite_files: [{path: /x, content: ${JSON.stringify(nasty)}}]\n`;
const mime = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=b="

--=b=
Content-Type: text/x-shellscript; charset="utf-8"
Content-Disposition: attachment; filename="first.sh"

${script}
--=b=
Content-Type: text/cloud-config

${cloudConfig}
--=b=--
`;
const files = { "script.sh": script, "cloud.yaml": cloudConfig, "mime.txt": mime };

function server(name: string, userData: string, inputs = ""): string {
  const weft = `{tool: script, roles: [{name: a, run: ${JSON.stringify(nasty)}, inputs: {${inputs}}}]}`;
  return `  ${name}: {type: OS::Nova::Server, properties: {image: i, flavor: f, ${userData}}, metadata: {purpose: shop, weft: ${weft}}}\n`;
}

const target = mkdtempSync(join(tmpdir(), "weft-test-"));
afterAll(() => rmSync(target, { recursive: true }));

interface Case {
  emitted: Emitted;
  parameters?: Record<string, string>;
  attributes: Record<string, string>;
}

// All in one go: loading the engine takes longer than what is asked of it.
let created: Created[] = [];
beforeAll(() => {
  if (!isHeatThere) return;
  const cases: Case[] = [ofParts(), ofValues(), ofMembers(), ofScaling(), ofMaybe(), ofFarms()];
  const given = { weft_hub_urls: "https://10.0.0.2:8470,https://10.0.0.3:8470", weft_token_key: tokenKey };
  created = createWithHeat(
    cases.map(({ emitted, parameters, attributes }) => ({
      file: writeEmitted(emitted, mkdtempSync(join(target, "stack-"))),
      parameters: { ...given, ...parameters },
      attributes,
    })),
  );
  expect(created.map(({ error }) => error)).toEqual([null, null, null, null, null, null]);
}, 180_000);

const readParts = `import email, json, sys
parts = email.message_from_string(sys.stdin.read()).get_payload()
print(json.dumps([[p.get_content_type(), p.get_filename(), p.get_payload(decode=True).decode()] for p in parts]))`;

type Part = [type: string, name: string | null, text: string];

/** The parts as cloud-init decodes them, without Heat's own. */
function partsOf({ userData }: CreatedServer): Part[] {
  const parts = JSON.parse(execFileSync("python3", ["-c", readParts], { input: userData, encoding: "utf8" })) as Part[];
  return parts.slice(3).filter(([type]) => type !== "text/x-cfninitdata");
}

function identityOf(made: CreatedServer): VmIdentity {
  const boot = partsOf(made).find(([, name]) => name === "zzzz-weft")?.[2] ?? "";
  const [, text = ""] = /vm\.json <<'WEFT-END'\n(.*)\nWEFT-END\n/.exec(boot) ?? [];
  return JSON.parse(text) as VmIdentity;
}

function ofParts(): Case {
  const resources = [
    server("file", "user_data_format: RAW, user_data: {get_file: script.sh}"),
    server("tools", "user_data: {get_file: script.sh}"),
    server("cloud", "user_data_format: SOFTWARE_CONFIG, user_data: {get_file: cloud.yaml}"),
    server("mime", "user_data_format: RAW, user_data: {get_file: mime.txt}"),
    server(
      "replaced",
      "user_data_format: RAW, user_data: {str_replace: {template: {get_file: mime.txt}, params: {PASSWORD: {get_param: text}}}}",
    ),
    server("config", "user_data_format: RAW, user_data: {get_resource: one}"),
    server("several", "user_data_format: SOFTWARE_CONFIG, user_data: {get_resource: both}"),
    server("none", "user_data_format: RAW"),
    "  one: {type: OS::Heat::SoftwareConfig, properties: {config: {get_file: script.sh}}}\n",
    "  two: {type: OS::Heat::CloudConfig, properties: {cloud_config: {runcmd: [[echo, {get_param: text}]]}}}\n",
    "  both: {type: OS::Heat::MultipartMime, properties: {parts: [{config: {get_resource: one}, subtype: x-shellscript, filename: one.sh}, {config: {get_resource: two}}, {config: {get_file: mime.txt}, type: multipart}]}}\n",
  ];
  const text = `parameters: {text: {type: string}}\nresources:\n${resources.join("")}`;
  return { emitted: emitText(text, files), parameters: { text: nasty }, attributes: {} };
}

test.runIf(isHeatThere)("the user's own parts arrive as they were, whatever form they have", () => {
  const { servers } = created[0] as Created;
  const own = (name: string): Part[] => partsOf(servers[name] as CreatedServer).filter(([, file]) => file !== "zzzz-weft");
  const texts = (name: string): string[] => own(name).map(([, , text]) => text);
  const types = (name: string): string[] => own(name).map(([type]) => type);
  for (const name of ["file", "tools", "config"]) expect(own(name), name).toEqual([["text/plain", "", script]]);
  expect(own("cloud")).toEqual([["text/plain", "", cloudConfig]]);
  expect(own("mime")[0]).toEqual(["text/x-shellscript", "first.sh", script]);
  expect(types("mime")).toEqual(["text/x-shellscript", "text/cloud-config"]);
  expect(texts("mime")).toEqual([script, cloudConfig]);
  expect(texts("replaced")).toEqual([script, cloudConfig].map((text) => text.replaceAll("PASSWORD", () => nasty)));
  expect(types("several")).toEqual(["text/x-shellscript", "text/plain", "text/x-shellscript", "text/cloud-config"]);
  expect([texts("several")[0], ...texts("several").slice(2)]).toEqual([script, script, cloudConfig]);
  expect(texts("several")[1]).toMatch(/^#cloud-config\n/);
  expect(texts("none")).toEqual([]);
  for (const made of Object.values(servers)) {
    expect(made.metadata).toEqual({ purpose: "shop" });
    expect(made.policy).toEqual(["IGNORE", "POLL_SERVER_HEAT"]);
    // cloud-init runs scripts by the order of their names.
    expect(partsOf(made).filter(([, name]) => name !== null && name >= "zzzz-weft")).toHaveLength(1);
  }
});

const map = { a: [1, true, null, nasty], [nasty]: 1.5 };

function ofValues(): Case {
  const inputs =
    "OPEN: {get_param: text}, HIDDEN: {get_param: key}, ADDRESS: {value: {get_attr: [web, first_address]}, bind: deploy}, MAP: {get_param: map}";
  const text = `parameters: {text: {type: string}, key: {type: string, hidden: true}, map: {type: json}}
resources:
${server("db", "user_data_format: RAW", inputs)}${server("web", "user_data_format: RAW")}`;
  const parameters = { text: nasty, key: nasty, map: JSON.stringify(map) };
  return { emitted: emitText(text, files), parameters, attributes: { "web.first_address": nasty } };
}

test.runIf(isHeatThere)("plan, values, token and tag arrive as weft would make them itself", () => {
  const { servers, edges } = created[1] as Created;
  const { plan: stackPlan, generation } = ofValues().emitted;
  const db = servers["db"] as CreatedServer;
  const identity = identityOf(db);
  expect(edges).toEqual([]);
  expect(identity).toMatchObject({
    format: 1,
    stack: stackId,
    vm: "db",
    hubs: ["https://10.0.0.2:8470", "https://10.0.0.3:8470"],
    token: vmToken(tokenKey, stackId, "db"),
    values: { "a.inputs.HIDDEN": nasty },
  });
  const plan = stackPlan.vms.find(({ vm }) => vm === "db") as VmPlan;
  expect(db.deployments.map(({ config }) => JSON.parse(config) as unknown)).toEqual([{ format: 1, generation, plan }]);
  expect(db.deployments[0]).toMatchObject({
    name: "weft",
    actions: ["CREATE", "UPDATE"],
    values: {
      weft_tag: rightsTag(tokenKey, stackId, "db", generation, plan.rights),
      weft_values_digest: identity.valuesDigest,
    },
  });
  expect(db.deployments[0]?.values["weft_values"]).toEqual({
    "a.inputs.OPEN": nasty,
    "a.inputs.ADDRESS": nasty,
    "a.inputs.MAP": map,
  });
  // Nothing private stands in a deployment.
  const all = JSON.stringify(db.deployments);
  for (const secret of [identity.token, identity.sealKey, tokenKey]) expect(all).not.toContain(secret);
});

type Deployed = CreatedServer["deployments"][number] | undefined;

/** The deployment that brings a vm its plan; no other is on it but, where a role of it runs when it leaves, the one for that. */
function runOf({ deployments }: CreatedServer, leaves: boolean): Deployed {
  const atDelete = { name: "weft_delete", actions: ["DELETE"], values: {} };
  const [run, ...more] = deployments.toSorted((one, other) => one.name.length - other.name.length);
  expect(more).toMatchObject(leaves ? [atDelete] : []);
  expect(run).toMatchObject({ name: "weft", actions: ["CREATE", "UPDATE"] });
  return run;
}

/** Expects that a vm takes its deployment for one that belongs to the private values that it has, and that no other would. */
function expectPrivate(server: CreatedServer, run: Deployed): void {
  const { vm, valuesDigest } = identityOf(server);
  const told = JSON.parse(run?.config ?? "") as Deployment;
  const deployment = { ...told, tag: "", values: {}, valuesDigest: run?.values["weft_values_digest"] as DigestOfMembers };
  expect(() => readDeployed(deployment, { vm, valuesDigest }), vm).not.toThrow();
  expect(() => readDeployed(deployment, { vm, valuesDigest: "another" }), vm).toThrow("must be replaced");
}

/** What the slots in a member's own plan come to. */
function valuesFor(vm: string, compiled: VmPlan, deployed: Deployed): Json[] {
  const values = deployed?.values["weft_values"] as Record<string, Json>;
  const slots: Json[] = [];
  const lookup: Lookup = { slot: (name) => values[name] ?? null, read: () => null };
  for (const { inputs } of instantiatePlan(compiled, vm).roles)
    for (const { value } of inputs)
      visitExpr(value, (inner) => {
        if (inner.kind === "slot") slots.push(evaluateExpr(inner, lookup));
      });
  return slots;
}

function ofMembers(): Case {
  const text = `resources:
  app:
    type: OS::Heat::ResourceGroup
    properties:
      count: 3
      resource_def:
        type: OS::Nova::Server
        properties: {image: i, flavor: f, name: "app-%index%", user_data: "#!/bin/sh\\necho %index%"}
        metadata:
          index: "%index%"
          weft:
            tool: script
            roles:
              - name: a
                run: x
                inputs: {ME: {str_replace: {template: ADDRESS of %index%, params: {ADDRESS: {get_attr: [app, resource.%index%.accessIPv4]}}}}}
                outputs: {o: {type: string}}
              - {name: z, run: x, on_delete: true}
outputs:
  o: {value: {get_attr: [app, o]}}
  addresses: {value: {get_attr: [app, accessIPv4]}}
  second: {value: {get_attr: [app, resource.1.name]}}
`;
  const attributes = Object.fromEntries([0, 1, 2].map((index) => [`app/${index}/member.accessIPv4`, `10.0.0.${index}`]));
  return { emitted: emitText(text, files, "2013-05-23"), attributes };
}

test.runIf(isHeatThere)(
  "each member of a group has its own name, token, tag and values, in a template of Heat's first version too",
  () => {
    const { servers, edges, outputs } = created[2] as Created;
    const { plan, generation } = ofMembers().emitted;
    expect(edges).toEqual([]);
    expect(outputs).toMatchObject({ addresses: ["10.0.0.0", "10.0.0.1", "10.0.0.2"], second: "name of app/1/member" });
    for (const index of [0, 1, 2]) {
      const member = servers[`app/${index}/member`] as CreatedServer;
      const vm = `app[${index}]`;
      expect(identityOf(member)).toMatchObject({ vm, token: vmToken(tokenKey, stackId, vm) });
      expect(member.metadata).toEqual({ index: String(index) });
      expect(partsOf(member)).toContainEqual(["text/plain", "", `#!/bin/sh\necho ${index}`]);
      const run = runOf(member, true);
      const compiled = plan.vms[0] as VmPlan;
      expect(run?.values["weft_tag"]).toBe(rightsTag(tokenKey, stackId, vm, generation, compiled.rights));
      expect(valuesFor(vm, compiled, run)).toContain(`10.0.0.${index}`);
    }
  },
);

const memberFarm = `heat_template_version: 2015-10-15
resources:
  web:
    type: OS::Nova::Server
    properties: {image: i, flavor: f}
    metadata:
      weft:
        tool: script
        roles:
          - {name: serve, run: x, inputs: {OWN: {value: {get_attr: [web, first_address]}, bind: deploy}}, outputs: {url: {type: string}}}
          - {name: z, run: x, on_delete: true}
outputs:
  url: {value: {get_attr: [web, url]}}
`;

function ofScaling(): Case {
  const text = `parameters: {key: {type: string, hidden: true}}
resources:
  app:
    type: OS::Heat::AutoScalingGroup
    properties:
      min_size: 1
      max_size: 5
      desired_capacity: 3
      resource:
        type: OS::Nova::Server
        properties: {image: i, flavor: f, user_data: "#!/bin/sh\\necho hello"}
        metadata:
          weft:
            tool: script
            roles:
              - {name: a, run: x, inputs: {KEY: {get_param: key}}, outputs: {o: {type: string}}}
              - {name: z, run: x, on_delete: true}
  farms:
    type: OS::Heat::AutoScalingGroup
    properties: {min_size: 2, max_size: 5, resource: {type: farm.yaml}}
  db:
    type: OS::Nova::Server
    properties: {image: i, flavor: f}
    metadata:
      weft:
        tool: script
        roles:
          - name: a
            run: x
            inputs:
              ALL: {get_attr: [app, outputs_list, o]}
              BY_NAME: {get_attr: [app, outputs, o]}
              SECOND: {get_attr: [app, resource.1.o]}
              URLS: {get_attr: [farms, outputs_list, url]}
outputs:
  addresses: {value: {get_attr: [app, outputs_list, accessIPv4]}}
  size: {value: {get_attr: [app, current_size]}}
`;
  return { emitted: emitText(text, { "farm.yaml": memberFarm }, "2015-10-15"), parameters: { key: nasty }, attributes: {} };
}

test.runIf(isHeatThere)("members of an AutoScalingGroup are known by the names that Heat makes, in nested stacks too", () => {
  const { servers, edges, outputs } = created[3] as Created;
  const { plan, generation } = ofScaling().emitted;
  expect(edges).toEqual([]);
  const planOf = (vm: string): VmPlan => plan.vms.find((one) => one.vm === vm) as VmPlan;
  const made = (pattern: RegExp): [string, CreatedServer][] =>
    Object.entries(servers).flatMap(([path, server]) => {
      const [, name] = pattern.exec(path) ?? [];
      return name === undefined ? [] : [[name, server]];
    });
  const [apps, farms] = [made(/^app\/([a-z0-9]+)\/member$/), made(/^farms\/([a-z0-9]+)\/web$/)];
  expect([apps.length, farms.length]).toEqual([3, 2]);
  expect(outputs["addresses"]).toHaveLength(3);
  for (const [name, server] of apps) {
    const vm = `app[${name}]`;
    expect(identityOf(server)).toMatchObject({
      vm,
      token: vmToken(tokenKey, stackId, vm),
      values: { "a.inputs.KEY": nasty },
    });
    const run = runOf(server, true);
    expect(run?.values["weft_tag"]).toBe(rightsTag(tokenKey, stackId, vm, generation, planOf("app[*]").rights));
    expect(run?.values["weft_values_digest"]).toBe(identityOf(server).valuesDigest);
  }
  for (const [name, server] of farms) {
    const vm = `farms[${name}]/web`;
    expect(identityOf(server)).toMatchObject({ vm, token: vmToken(tokenKey, stackId, vm) });
    const run = runOf(server, true);
    expect(run?.values["weft_tag"]).toBe(rightsTag(tokenKey, stackId, vm, generation, planOf("farms[*]/web").rights));
    expect(valuesFor(vm, planOf("farms[*]/web"), run)).toEqual([`first_address of farms/${name}/web`]);
  }
  const [read] = (servers["db"] as CreatedServer).deployments;
  const names = (group: [string, CreatedServer][]): string[] => group.map(([name]) => name).toSorted();
  const members = Object.entries(read?.values["weft_values"] ?? {}).map(([slot, map]) => [
    slot,
    Object.keys(map as object).toSorted(),
  ]);
  expect(Object.fromEntries(members)).toEqual({
    "a.inputs.ALL": names(apps),
    "a.inputs.BY_NAME": names(apps),
    "a.inputs.SECOND": names(apps),
    "a.inputs.URLS": names(farms),
  });
});

const maybe = `heat_template_version: 2018-08-31
parameters: {number: {type: string}, key: {type: string, hidden: true}}
conditions: {is_first: {equals: [{get_param: number}, "0"]}}
resources:
  vm:
    type: OS::Nova::Server
    condition: is_first
    properties: {image: i, flavor: f}
    metadata:
      weft:
        tool: script
        roles:
          - name: serve
            run: x
            inputs: {OWN: {value: {get_attr: [vm, first_address]}, bind: deploy}, KEY: {get_param: key}}
            outputs: {url: {type: string}}
          - {name: z, run: x, on_delete: true}
  pair:
    type: OS::Heat::ResourceGroup
    condition: is_first
    properties:
      count: 2
      resource_def:
        type: OS::Nova::Server
        properties: {image: i, flavor: f}
        metadata: {weft: {tool: script, roles: [{name: a, run: x, inputs: {I: "%index%"}}]}}
  scaling:
    type: OS::Heat::AutoScalingGroup
    condition: is_first
    properties:
      {min_size: 1, max_size: 2, resource: {type: OS::Nova::Server, properties: {image: i, flavor: f}, metadata: {weft: {tool: script, roles: [{name: a, run: x}]}}}}
`;

function ofMaybe(): Case {
  const outer = maybe.replace(
    "resources:",
    "resources:\n  deep: {type: deep.yaml, condition: is_first, properties: {number: '0', key: x}}",
  );
  const inner = maybe.replace(/  pair:[^]*/, "");
  const site = (name: string, number: string): string =>
    `  ${name}: {type: outer.yaml, properties: {number: "${number}", key: {get_param: key}}}\n`;
  const text = `parameters: {key: {type: string, hidden: true}}
resources:
${site("here", "0")}${site("gone", "1")}  many:
    type: OS::Heat::ResourceGroup
    properties: {count: 2, resource_def: {type: deep.yaml, properties: {number: "%index%", key: {get_param: key}}}}
  some:
    type: OS::Heat::AutoScalingGroup
    properties: {min_size: 1, max_size: 2, resource: {type: outer.yaml, properties: {number: "0", key: {get_param: key}}}}
  none:
    type: OS::Heat::AutoScalingGroup
    properties: {min_size: 1, max_size: 2, resource: {type: outer.yaml, properties: {number: "1", key: {get_param: key}}}}
`;
  return { emitted: emitText(text, { "outer.yaml": outer, "deep.yaml": inner }), parameters: { key: nasty }, attributes: {} };
}

test.runIf(isHeatThere)(
  "a vm with a condition within a nested stack gets its plan where it is, and nobody waits for it where it is not",
  () => {
    const { servers } = created[4] as Created;
    const { plan, generation } = ofMaybe().emitted;
    const found = Object.keys(servers).map((name) => name.replaceAll(/((scaling|some)\/)[a-z0-9]+/g, "$1NAME"));
    expect(found.toSorted()).toEqual([
      "here/deep/vm",
      "here/pair/0/member",
      "here/pair/1/member",
      "here/scaling/NAME/member",
      "here/vm",
      "many/0/vm",
      "some/NAME/deep/vm",
      "some/NAME/pair/0/member",
      "some/NAME/pair/1/member",
      "some/NAME/scaling/NAME/member",
      "some/NAME/vm",
    ]);
    const [some] = Object.keys(servers).flatMap((name) => /^some\/([^/]*)\/vm$/.exec(name)?.[1] ?? []);
    for (const [path, vm, compiledAs] of [
      ["many/0/vm", "many[0]/vm", "many[*]/vm"],
      ["here/vm", "here/vm", "here/vm"],
      ["here/deep/vm", "here/deep/vm", "here/deep/vm"],
      [`some/${some}/vm`, `some[${some}]/vm`, "some[*]/vm"],
      [`some/${some}/deep/vm`, `some[${some}]/deep/vm`, "some[*]/deep/vm"],
    ] as const) {
      const server = servers[path] as CreatedServer;
      const compiled = plan.vms.find((one) => one.vm === compiledAs) as VmPlan;
      const run = runOf(server, true);
      expect(run?.values["weft_tag"]).toBe(rightsTag(tokenKey, stackId, vm, generation, compiled.rights));
      expectPrivate(server, run);
      expect(valuesFor(vm, compiled, run)).toContain(`first_address of ${path}`);
    }
    for (const [path, server] of Object.entries(servers)) runOf(server, path.endsWith("/vm"));
  },
);

const farm = `heat_template_version: 2018-08-31
parameters: {number: {type: string}, size: {type: number}, key: {type: string, hidden: true}}
conditions: {has_some: {equals: [{get_param: number}, "2"]}}
resources:
  gate: {type: OS::Neutron::Port, properties: {network: n}}
  web:
    type: OS::Heat::ResourceGroup
    properties:
      count: {get_param: size}
      resource_def:
        type: OS::Nova::Server
        properties: {image: i, flavor: f}
        metadata:
          weft:
            tool: script
            roles:
              - name: serve
                run: x
                inputs:
                  OWN: {value: {get_attr: [web, resource.%index%.first_address]}, bind: deploy}
                  GATE: {get_attr: [gate, mac_address]}
                  KEY: {get_param: key}
                outputs: {url: {type: string}}
              - {name: z, run: x, on_delete: true}
  some:
    type: OS::Heat::AutoScalingGroup
    condition: has_some
    properties:
      min_size: 1
      max_size: 3
      resource:
        type: OS::Nova::Server
        properties: {image: i, flavor: f}
        metadata: {weft: {tool: script, roles: [{name: a, run: x, inputs: {GATE: {get_attr: [gate, mac_address]}}, outputs: {o: {type: string}}}]}}
outputs:
  urls: {value: {get_attr: [web, url]}}
  all: {value: {get_attr: [some, outputs_list, o]}, condition: has_some}
`;

function ofFarms(): Case {
  const text = `parameters: {key: {type: string, hidden: true}, size: {type: number}}
resources:
  farms:
    type: OS::Heat::ResourceGroup
    properties:
      count: 2
      removal_policies: [{resource_list: ["1"]}]
      resource_def: {type: farm.yaml, properties: {number: "%index%", size: {get_param: size}, key: {get_param: key}}}
  pool:
    type: OS::Heat::AutoScalingGroup
    properties: {min_size: 2, max_size: 3, resource: {type: farm.yaml, properties: {number: "2", size: {get_param: size}, key: {get_param: key}}}}
  idle:
    type: OS::Heat::AutoScalingGroup
    properties:
      {min_size: 0, max_size: 3, desired_capacity: 0, resource: {type: farm.yaml, properties: {number: "2", size: {get_param: size}, key: {get_param: key}}}}
  db:
    type: OS::Nova::Server
    properties: {image: i, flavor: f}
    metadata:
      weft: {tool: script, roles: [{name: a, run: x, inputs: {IDLE: {get_attr: [idle, outputs_list, urls]}, URLS: {get_attr: [farms, urls]}, ALL: {get_attr: [farms, all]}, POOL: {get_attr: [pool, outputs_list, urls]}, SOME: {get_attr: [pool, outputs, all]}}}]}
`;
  return {
    emitted: emitText(text, { "farm.yaml": farm }),
    parameters: { key: nasty, size: "2" },
    attributes: {},
  };
}

test.runIf(isHeatThere)(
  "members of groups within the members of a group get their plan, and who reads them all knows which there are",
  () => {
    const { servers, edges } = created[5] as Created;
    const { plan, generation } = ofFarms().emitted;
    expect(edges).toEqual([]);
    const compiledAs = (vm: string): VmPlan => plan.vms.find((one) => one.vm === vm) as VmPlan;
    const found = Object.keys(servers).filter((path) => path !== "db");
    const shapes = found.map((path) => path.replaceAll(/(?<=(pool|some)\/)[a-z0-9]{12}/g, "NAME")).toSorted();
    expect(shapes).toEqual(
      ["farms/0", "farms/2", "pool/NAME", "pool/NAME"]
        .flatMap((outer) => [
          ...(outer === "farms/0" ? [] : [`${outer}/some/NAME/member`]),
          `${outer}/web/0/member`,
          `${outer}/web/1/member`,
        ])
        .toSorted(),
    );
    const idOf = (path: string): string => path.replaceAll(/\/([0-9]+|[a-z0-9]{12})(?=\/)/g, "[$1]").replace(/\/member$/, "");
    for (const path of found) {
      const vm = idOf(path);
      const compiled = compiledAs(anyMember(vm));
      const server = servers[path] as CreatedServer;
      const isWeb = path.includes("/web/");
      const run = runOf(server, isWeb);
      expect(identityOf(server)).toMatchObject({ vm, token: vmToken(tokenKey, stackId, vm) });
      expect(run?.values["weft_tag"]).toBe(rightsTag(tokenKey, stackId, vm, generation, compiled.rights));
      const values = valuesFor(vm, compiled, run);
      expect(values).toContain(`mac_address of ${path.replace(/\/[^/]*\/[^/]*\/member$/, "/gate")}`);
      if (isWeb) expect(values).toContain(`first_address of ${path}`);
      expectPrivate(server, run);
    }
    const [read] = (servers["db"] as CreatedServer).deployments;
    const { inputs } = compiledAs("db").roles[0] as VmPlan["roles"][0];
    const gathered: string[] = [];
    const values = read?.values["weft_values"] as Record<string, Json>;
    const lookup: Lookup = { slot: (name) => values[name] ?? null, read: () => null };
    for (const { value } of inputs)
      for (const one of readsOf(chooseBranches(value, lookup)))
        gathered.push(
          ...(one.kind === "gather"
            ? membersOf(evaluateExpr(one.size, lookup)).map((member) => memberId(one.group, member))
            : [parseCellId(one.cell)?.vm ?? ""]),
        );
    expect(gathered.toSorted()).toEqual(found.map(idOf).toSorted());
  },
);
