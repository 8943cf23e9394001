// What playbooks, manifests and cookbooks read and write is inferred by the real tools, which change nothing.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { inferRole, type InferRequest, type InferResult } from "../../../src/infer/infer-role.ts";
import { chefEnvironment, chefMissing } from "../../engines/chef.ts";
import { ansibleUnderTest } from "../tools/ansible.ts";
import { puppetUnderTest } from "../tools/puppet.ts";

const isRequired = process.env["REQUIRE_ENGINES"] === "1";
const testAnsible = ansibleUnderTest.missing !== undefined && !isRequired ? test.skip : test;
const testPuppet = puppetUnderTest.missing !== undefined && !isRequired ? test.skip : test;

function infer(request: Partial<InferRequest> & Pick<InferRequest, "tool" | "run">): Promise<InferResult> {
  return inferRole({ options: {}, given: {}, apply: false, ...request }, new AbortController().signal);
}

function makeFolder(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-infer-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

testAnsible("variables that a playbook and its roles use and nothing sets are inputs, what tasks set is outputs", async () => {
  const folder = makeFolder({
    "roles/app/defaults/main.yml": "app_port: 80\napp_url: 'http://{{ db_host }}:{{ app_port }}'\n",
    "roles/app/tasks/main.yml": "- set_fact: {page: '{{ app_url }}/{{ flavour | default(\"plain\") }}'}\n",
  });
  const run = `
- hosts: all
  gather_facts: true
  gather_subset: ['!all', '!min']
  roles: [app]
  tasks:
    - shell: touch ${folder}/changed; echo {{ cluster.name }} {{ hostvars['db'].port + 1 }}
      register: made
      when: tls and replicas | int > 0
    - set_stats: {data: {count: 3}}
    - set_fact: {last: "{{ page }}", zone: "{{ zones[0] }}"}
      when: hint is defined or page is defined`;
  const { failure, inputs, outputs } = await infer({
    tool: "ansible",
    run,
    options: { roles_path: join(folder, "roles") },
    given: { zones: ["a", "b"] },
  });
  expect(failure).toBeUndefined();
  expect(existsSync(join(folder, "changed"))).toBe(false);
  const byName = Object.fromEntries(inputs.map(({ name, optional, type }) => [name, type ?? (optional ? "optional" : "needed")]));
  expect(byName).toEqual({
    db_host: "needed",
    flavour: "optional",
    cluster: "json",
    "hostvars.db.port": "needed",
    tls: "needed",
    replicas: "needed",
    hint: "optional",
    zones: "needed",
  });
  expect(outputs).toEqual(
    expect.arrayContaining([
      { name: "page", type: "string" },
      { name: "count", type: "number" },
      { name: "last", type: "string" },
      { name: "zone", type: "string" },
    ]),
  );
});

testPuppet("parameters, keys and facts that nothing sets are inputs, what classes set is outputs", async () => {
  const folder = makeFolder({
    "modules/app/manifests/init.pp": `
class app(
  String[8] $password, Integer[1, 65535] $port, Boolean $tls = false, Enum['a', 'b'] $mode, Sensitive[String] $key,
  Hash $limits, Optional[Array[String]] $hosts = undef,
) {
  $url = "http://\${facts['db_address']}:\${$port + 1}"
  $peers = lookup('cluster.peers', Array[String])
  $size = lookup('cluster::size', Integer, 'first', 3)
  exec { 'change': command => "touch \${facts['folder']}/changed", provider => shell }
}`,
  });
  const { failure, inputs, outputs } = await infer({
    tool: "puppet",
    run: "include app",
    options: { modulepath: join(folder, "modules") },
    given: { "app::password": "long enough", "facts.folder": folder },
  });
  expect(failure).toBeUndefined();
  expect(existsSync(join(folder, "changed"))).toBe(false);
  const names = (optional: boolean): string[] => inputs.filter((input) => input.optional === optional).map(({ name }) => name);
  expect(names(false).toSorted()).toEqual([
    "app::key",
    "app::limits",
    "app::mode",
    "app::password",
    "app::port",
    "cluster.peers",
    "facts.db_address",
    "facts.folder",
  ]);
  expect(names(true)).toEqual(["app::tls", "app::hosts", "cluster::size"]);
  expect(outputs).toEqual([
    { name: "tls", from: "$app::tls", type: "boolean" },
    { name: "hosts", from: "$app::hosts", type: "json" },
    { name: "url", from: "$app::url", type: "string" },
    { name: "peers", from: "$app::peers", type: "json" },
    { name: "size", from: "$app::size", type: "number" },
  ]);
});

const testChef = chefMissing("18") !== undefined && !isRequired ? test.skip : test;

testChef("attributes that a cookbook reads and nothing sets are inputs, what it writes is outputs", async () => {
  const folder = makeFolder({
    "cookbooks/shop/metadata.rb": "name 'shop'\n",
    "cookbooks/shop/attributes/default.rb": "default['shop']['port'] = 80\n",
    "cookbooks/shop/templates/page.erb": "<%= node['shop']['flavour'] %>\n",
    "cookbooks/shop/recipes/default.rb": `
      url = "mysql://#{node['db']['host']}:#{node[:db][:port]} of #{node['platform']}"
      log 'tls' if node['db'].key?('tls') || node.attribute?('cluster')
      template('FOLDER/changed') { source 'page.erb' }
      node.default['shop']['key'] = [node.dig('db', 'password'), node['shop']['port']]
      node.default['shop']['url'] = url
    `,
  });
  const recipe = join(folder, "cookbooks/shop/recipes/default.rb");
  writeFileSync(recipe, readFileSync(recipe, "utf8").replace("FOLDER", folder));
  const environment = chefEnvironment("18");
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const options = { cookbook_path: join(folder, "cookbooks") };
  const given = { "db.port": 3306 };
  const { failure, inputs, outputs } = await infer({ tool: "chef", run: "recipe[shop]", options, given });
  expect(failure).toBeUndefined();
  expect(existsSync(join(folder, "changed"))).toBe(false);
  const names = (optional: boolean): string[] => inputs.filter((input) => input.optional === optional).map(({ name }) => name);
  expect(names(false).toSorted()).toEqual(["db.host", "db.password", "db.port", "shop.flavour"]);
  expect(names(true)).toEqual(["db.tls", "cluster"]);
  expect(outputs).toEqual([
    { name: "port", from: "shop.port", type: "number" },
    { name: "key", from: "shop.key", type: "json" },
    { name: "url", from: "shop.url", type: "string" },
  ]);
});
