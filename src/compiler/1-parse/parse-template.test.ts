import { assert, constantFrom, nat, property } from "fast-check";
import { expect, test } from "vitest";
import { versionNames } from "../../functions/heat-versions.ts";
import { parseInTest, roleTemplate, templateOf } from "./parse-in-test.ts";

const head = "heat_template_version: 2018-08-31\n";

test.for(versionNames)("version %s is known", (version) => {
  expect(templateOf(`heat_template_version: ${version}\nresources: {}\n`).version).toBe(version);
});

test("a group of servers has its members' annotation, its count and its index variable", () => {
  const template = templateOf(`${head}resources:
  app:
    type: OS::Heat::ResourceGroup
    properties:
      count: {get_param: size}
      index_var: "%i%"
      resource_def:
        type: OS::Nova::Server
        properties: {name: "app-%i%"}
        metadata: {weft: {tool: script, roles: [{name: serve, run: echo, on: one}]}}
  other:
    type: OS::Heat::ResourceGroup
    properties: {resource_def: {type: OS::Nova::Server}}
  volumes:
    type: OS::Heat::ResourceGroup
    properties: {count: 2, resource_def: {type: OS::Cinder::Volume}}
`);
  const app = template.resources.get("app");
  expect(app?.group).toMatchObject({ count: { kind: "call", fn: "get_param" }, indexVar: "%i%", memberType: "OS::Nova::Server" });
  expect(app?.group?.memberProperties).toMatchObject({ kind: "map", entries: [{ key: "name" }] });
  expect(app?.vm?.roles.map(({ name, on }) => [name, on])).toEqual([["serve", "one"]]);
  expect(template.resources.get("other")?.group).toMatchObject({ count: { value: 1 }, indexVar: "%index%" });
  expect(template.resources.get("volumes")?.group).toBeUndefined();
});

test("outputs, conditions and depends_on are read", () => {
  const template = templateOf(`${head}conditions: {big: {equals: [{get_param: size}, 3]}}
resources:
  a: {type: OS::Heat::Value, condition: big, depends_on: b}
  b: {type: OS::Heat::Value, condition: {not: big}, depends_on: []}
outputs:
  open: {value: {get_attr: [a, value]}, reveal: true, condition: big}
  none: {value: null}
`);
  expect(template.conditions.get("big")).toMatchObject({
    kind: "call",
    fn: "equals",
    arg: { items: [{ kind: "call", fn: "get_param" }, {}] },
  });
  expect(template.resources.get("a")).toMatchObject({ condition: { value: "big" }, dependsOn: ["b"] });
  expect(template.resources.get("b")).toMatchObject({ condition: { kind: "call", fn: "not" }, dependsOn: [] });
  expect(template.outputs.get("open")).toMatchObject({
    reveal: true,
    value: { kind: "call", fn: "get_attr" },
    condition: { value: "big" },
  });
  expect(template.outputs.get("none")).toMatchObject({ reveal: false, value: { value: null } });
});

test("a map is a call only if its one key is a function of the version", () => {
  const resource = (version: string): unknown =>
    templateOf(
      `heat_template_version: ${version}\nresources: {a: {type: X, properties: {p: {repeat: {}}, q: {get_param: a, b: c}}}}\n`,
    ).resources.get("a")?.properties;
  expect(resource("2014-10-16")).toMatchObject({ entries: [{ value: { kind: "map" } }, { value: { kind: "map" } }] });
  expect(resource("2018-08-31")).toMatchObject({
    entries: [{ value: { kind: "call", fn: "repeat" } }, { value: { kind: "map" } }],
  });
});

test("the first argument of if is a condition, its others are values", () => {
  const template = templateOf(
    `${head}resources: {a: {type: X, properties: {p: {if: [{or: [a, b]}, {get_attr: [b, c]}, {or: x}]}}}}\n`,
  );
  expect(template.resources.get("a")?.properties).toMatchObject({
    entries: [{ value: { arg: { items: [{ kind: "call", fn: "or" }, { kind: "call", fn: "get_attr" }, { kind: "map" }] } } }],
  });
});

test("files lie beside the template; absolute ones and URLs do not", () => {
  const text = `${head}resources: {a: {type: X, properties: [{get_file: a.sh}, {get_file: /b.sh}, {get_file: "http://c/d.sh"}], metadata: {e: {get_file: e}}}}\n`;
  const template = templateOf(text, {
    file: "some/where/t.yaml",
    files: { "some/where/a.sh": "A", "/b.sh": "", "some/where/e": "E" },
  });
  expect([...template.files]).toEqual([
    ["a.sh", "A"],
    ["/b.sh", ""],
    ["e", "E"],
  ]);
});

test("an annotation of a group's members is no property, and its inputs may be named like functions", () => {
  const template = templateOf(`${head}resources:
  app:
    type: OS::Heat::ResourceGroup
    properties:
      resource_def:
        type: OS::Nova::Server
        metadata: {mine: 1, weft: {tool: script, roles: [{name: serve, run: echo, inputs: {get_file: x}}]}}
`);
  const app = template.resources.get("app");
  expect(app?.vm?.roles[0]?.inputs).toMatchObject([{ name: "get_file", value: { value: "x" } }]);
  expect(JSON.stringify(app?.properties)).toContain("mine");
  expect(JSON.stringify(app?.properties)).not.toContain("serve");
});

test("names that an object has by itself are names like others", () => {
  const template = templateOf(`${head}resources: {constructor: {type: X}, __proto__: {type: X, properties: {toString: 1}}}\n`);
  expect([...template.resources.keys()]).toEqual(["constructor", "__proto__"]);
});

test.for<[string, string, string[]]>([
  ["an empty file", "", ["1:1 not-a-template"]],
  ["a list", "- a", ["1:1 not-a-template"]],
  ["a lone text", "abc", ["1:1 not-a-template"]],
])("%s is no template", ([, text, places]) => {
  expect(parseInTest(text)).toMatchObject({ parsed: undefined, places });
});

test.for<[string, string, string[]]>([
  ["no version", "resources: {}", ["1:1 missing-key"]],
  ["an unknown version", "heat_template_version: 2018-08-32", ["1:24 unknown-version"]],
  ["a version that is no text", "heat_template_version: 5", ["1:24 bad-type"]],
  ["an unknown section", `${head}resource: {}`, ["2:1 unknown-key"]],
  ["conditions before they existed", "heat_template_version: 2015-10-15\nconditions: {}", ["2:1 unknown-key"]],
  ["a section that is no map", `${head}resources: [a]`, ["2:12 bad-type"]],
  ["a resource without a value", `${head}resources:\n  a:`, ["3:3 bad-type"]],
  ["a resource without a type", `${head}resources: {a: {}}`, ["2:13 missing-key"]],
  ["a type that is no text", `${head}resources: {a: {type: 5}}`, ["2:23 bad-type"]],
  ["an unknown key of a resource", `${head}resources: {a: {type: X, propertes: {}}}`, ["2:26 unknown-key"]],
  ["a dependence on nothing", `${head}resources: {a: {type: X, depends_on: [b]}}`, ["2:39 unknown-resource"]],
  ["a dependence that is no text", `${head}resources: {a: {type: X, depends_on: 5}}`, ["2:38 bad-type"]],
  ["an output without a value", `${head}outputs: {a: {}}`, ["2:11 missing-key"]],
  ["an unknown key of an output", `${head}outputs: {a: {value: 1, valu: 2}}`, ["2:25 ignored-key"]],
  ["a removed function", `${head}outputs: {a: {value: {"Fn::Join": [",", []]}}}`, ["2:23 function-not-in-version"]],
  ["get_attr of a text", `${head}outputs: {a: {value: {get_attr: x}}}`, ["2:33 bad-function-argument"]],
  ["get_output of two", `${head}outputs: {a: {value: {get_output: [x, y]}}}`, ["2:23 bad-function-argument"]],
  ["get_output of some", `${head}outputs: {a: {value: {get_output: [x, y, z], of: some}}}`, ["2:23 bad-function-argument"]],
  ["str_replace without params", `${head}outputs: {a: {value: {str_replace: {template: x}}}}`, ["2:23 bad-function-argument"]],
  ["list_join of one", `${head}outputs: {a: {value: {list_join: [x]}}}`, ["2:23 bad-function-argument"]],
  ["a missing file", `${head}outputs: {a: {value: {get_file: x}}}`, ["2:33 missing-file"]],
  ["roles on what is no vm", `${head}resources: {a: {type: X, metadata: {weft: {}}}}`, ["2:37 not-a-vm"]],
  [
    "a function of values in a condition",
    `${head}conditions: {c: {str_replace: {template: x, params: {}}}}`,
    ["2:18 function-not-allowed"],
  ],
  ["a repeated resource", `${head}resources: {a: {type: X}, a: {type: X}}`, ["2:27 shadowed-key"]],
])("a template with %s is reported at its place", ([, text, places]) => {
  expect(parseInTest(text)).toMatchObject({ parsed: { template: {} }, places });
});

test("an annotation of a group itself is refused with a hint at its members", () => {
  const text = `${head}resources:
  a: {type: OS::Heat::ResourceGroup, metadata: {weft: {}}, properties: {resource_def: {type: OS::Nova::Server}}}
  b: {type: OS::Heat::ResourceGroup, properties: {resource_def: {type: X, metadata: {weft: {}}}}}
`;
  const { places, hints } = parseInTest(text);
  expect(places).toEqual(["3:49 not-a-vm", "4:86 not-a-vm"]);
  expect(hints[0]).toBe('the members are the vms: move it to resource_def of "a"');
});

test("a mistake behind an alias is said of each that has it", () => {
  const text = `${head}resources:\n  a: &a {type: X, propertes: {}}\n  b: *a\n`;
  expect(parseInTest(text).messages).toEqual([
    'resource "a" cannot have the key "propertes"',
    'resource "b" cannot have the key "propertes"',
  ]);
});

test("whatever the text, the parser does not throw", () => {
  const sample = roleTemplate(
    "inputs: {A: {value: {get_attr: [web, url]}, when: lazy}}",
    "outputs: {b: {type: json}}",
    "on: one",
  );
  const piece = constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    "- ",
    "\n",
    "  ",
    "*a",
    "&a ",
    "<<: ",
    "!t ",
    "'",
    '"',
    "|\n",
    "null",
    "5",
    "weft",
    "get_attr",
    "\t",
    "#",
    "",
  );
  assert(
    property(nat(sample.length), nat(20), piece, piece, (at, cut, first, second) => {
      const { parsed, messages } = parseInTest(sample.slice(0, at) + first + second + sample.slice(at + cut));
      expect(parsed !== undefined || messages.length > 0).toBe(true);
    }),
    { numRuns: 500 },
  );
});
