import { expect, test } from "vitest";
import { compileText, emitText, problemsOf } from "../../../tests/support/compile-text.ts";

const servers = (...names: string[]): string =>
  names.map((name) => `  ${name}: {type: OS::Nova::Server, properties: {image: i, flavor: f}}\n`).join("");
const config = `  config:
    type: OS::Heat::SoftwareConfig
    properties: {group: script, outputs: [{name: url}], config: echo}\n`;
const deployment = (name: string, server: string, more = ""): string =>
  `  ${name}: {type: OS::Heat::SoftwareDeployment, properties: {config: {get_resource: config}, server: {get_resource: ${server}}${more}}}\n`;

function edgesOf(text: string): string[] {
  const { flow } = compileText(text);
  return (flow?.edges ?? []).map(({ from, to, kind }) => `${to} ${kind} ${from}`);
}

test("a read within a function is evaluated on the reading vm", () => {
  const inputs = ', input_values: {text: {str_replace: {template: "at URL", params: {URL: {get_attr: [app, url]}}}}}';
  const { plan, hot } = emitText(
    `resources:\n${servers("a", "b")}${config}${deployment("app", "a")}${deployment("show", "b", inputs)}`,
  );
  const text = plan.vms.find(({ vm }) => vm === "b")?.roles[0]?.inputs.find(({ name }) => name === "text");
  expect(text?.value).toMatchObject({ kind: "call", fn: "str_replace" });
  expect(plan.vms.find(({ vm }) => vm === "b")?.rights.read).toEqual(["a.app.url"]);
  expect(hot).not.toContain("SoftwareDeployment");
});

test("a role of the user's own reads what a deployment on another vm writes", () => {
  const own =
    "  web: {type: OS::Nova::Server, properties: {image: i, flavor: f}, metadata: {weft: {roles: [{name: r, tool: script, run: x, inputs: {U: {get_attr: [app, url]}}}]}}}\n";
  expect(edgesOf(`resources:\n${servers("a")}${own}${config}${deployment("app", "a")}`)).toEqual(["web.r value a.app"]);
});

test("a deployment on a vm with roles of the user's own stays with Heat", () => {
  const own =
    "  a: {type: OS::Nova::Server, properties: {image: i, flavor: f}, metadata: {weft: {roles: [{name: r, tool: script, run: x}]}}}\n";
  const { report, emitted } = compileText(`resources:\n${own}${config}${deployment("app", "a")}`);
  expect(report.diagnostics.map(({ message }) => message)).toContain('deployment "app" stays with Heat: a has roles of its own');
  expect(emitted?.hot).toContain("OS::Heat::SoftwareDeployment");
});

test("deployments may name attributes of each other's servers: Heat hands them over when both servers are there", () => {
  const names = (other: string): string => `, input_values: {peer: {get_attr: [${other}, addresses]}}`;
  const text = `resources:\n${servers("a", "b")}${config}${deployment("one", "a", names("b"))}${deployment("two", "b", names("a"))}`;
  expect(problemsOf(compileText(text))).toEqual([]);
});

test("what comes after a deployment without a signal comes after what that one comes after", () => {
  const quiet = deployment("quiet", "a", ", signal_transport: NO_SIGNAL, input_values: {url: {get_attr: [first, url]}}");
  const last = deployment("last", "b").replace("{type", "{depends_on: quiet, type");
  expect(edgesOf(`resources:\n${servers("a", "b")}${config}${deployment("first", "a")}${quiet}${last}`)).toEqual([
    "a.quiet value a.first",
    "b.last after a.first",
  ]);
});

test("on one server, names decide among those that could run where all have one; otherwise the template's order does", () => {
  const roles = (...names: (string | undefined)[]): (string | undefined)[] => {
    const items = names.map((name, index) => deployment(`d${index}`, "a", name === undefined ? "" : `, name: "${name}"`));
    return emitText(`resources:\n${servers("a")}${config}${items.join("")}`).plan.vms[0]?.roles.map(({ name }) => name) ?? [];
  };
  expect(roles("20-app", "10-base")).toEqual(["d1", "d0"]);
  expect(roles("20-app", undefined)).toEqual(["d0", "d1"]);
});

test("deployments that wait for each other are a deadlock, told before anything is deployed", () => {
  const reads = (other: string): string => `, input_values: {x: {get_attr: [${other}, url]}}`;
  const text = `resources:\n${servers("a", "b")}${config}${deployment("one", "a", reads("two"))}${deployment("two", "b", reads("one"))}`;
  expect(problemsOf(compileText(text))).toEqual(["deadlock at 8:135"]);
});

test("a hidden parameter may be shown, as Heat allows it in a template of its own", () => {
  const text = `parameters: {key: {type: string, hidden: true}}\nresources:\n${servers("a")}${config}${deployment("app", "a")}outputs: {key: {value: {get_param: key}}}\n`;
  expect(problemsOf(compileText(text))).toEqual([]);
});

test("names of resources that no role could have are changed, and stay apart", () => {
  const text = `resources:\n${servers("a")}${config}${deployment("9.x", "a")}${deployment("9-x", "a")}${deployment("_9_x", "a")}`;
  expect(emitText(text).plan.vms[0]?.roles.map(({ name }) => name)).toEqual(["_9_x", "_9-x", "_9_x_2"]);
});

const group =
  "  app: {type: OS::Heat::ResourceGroup, properties: {count: 2, resource_def: {type: OS::Nova::Server, properties: {image: i, flavor: f}}}}\n";
const onGroup = (name: string, more = ""): string =>
  `  ${name}: {type: OS::Heat::SoftwareDeploymentGroup, properties: {config: {get_resource: config}, servers: {get_attr: [app, refs_map]}${more}}}\n`;

test("a group of deployments on a group of servers becomes a role of each member, and is waited for as a whole", () => {
  const last = deployment("last", "a").replace("{type", "{depends_on: all, type");
  const text = `resources:\n${servers("a")}${group}${config}${onGroup("all")}${last}`;
  expect(edgesOf(text)).toEqual(["a.last after app[0].all", "a.last after app[1].all"]);
  const inputs = emitText(text).plan.vms.find(({ vm }) => vm === "app[*]")?.roles[0]?.inputs;
  expect(inputs?.find(({ name }) => name === "deploy_resource_name")?.value).toEqual({ kind: "value", value: "%index%" });
});

test("it stays with Heat when its outputs are read, or its texts hold what would mean a member", () => {
  const reasons = (text: string): string[] =>
    compileText(text).report.diagnostics.flatMap(({ code, message }) => (code === "deployment-stays" ? [message] : []));
  const read = `outputs: {urls: {value: {get_attr: [all, url]}}}\n`;
  expect(reasons(`resources:\n${group}${config}${onGroup("all")}${read}`)).toEqual([
    'deployment "all" stays with Heat: its attributes are read, and how many members app has is for Heat to say',
  ]);
  expect(reasons(`resources:\n${group}${config}${onGroup("all", ", input_values: {n: a%index%}")}`)).toEqual([
    'deployment "all" stays with Heat: %index% stands in its texts, which means a member of app in roles',
  ]);
});
