import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { packTemplate } from "./pack-template.ts";

function folderWith(files: Record<string, string | Buffer>): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-pack-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "parts"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

test("files go along by their URLs, those of nested templates relative to these, and what is not named stays as it was written", () => {
  const folder = folderWith({
    "run.sh": "outer",
    "parts/run.sh": "inner",
    "parts/vm.yaml": "resources: {a: {type: OS::X, properties: {p: {get_file: run.sh}}}}",
    "parts/bytes": Buffer.from([0xff, 0]),
  });
  const text = `parameters: {n: {type: number}}
resources:
  a: {type: parts/vm.yaml, properties: {p: 0o17, date: 2001-01-01}}   # a comment
  b: {type: OS::Y, properties: {script: {get_file: 'run.sh'}, bytes: {get_file: parts/bytes}, far: {get_file: http://far/x}}}
`;
  const at = (name: string): string => `file://${folder}/${name}`;
  const { template, files, parameterNames } = packTemplate({
    text,
    file: join(folder, "stack.yaml"),
    given: {},
    environments: [],
  });
  expect(template).toBe(
    text
      .replace("parts/vm.yaml", `"${at("parts/vm.yaml")}"`)
      .replace("'run.sh'", `"${at("run.sh")}"`)
      .replace("parts/bytes", `"${at("parts/bytes")}"`),
  );
  expect(files).toEqual({
    [at("run.sh")]: "outer",
    [at("parts/run.sh")]: "inner",
    [at("parts/vm.yaml")]: `resources: {a: {type: OS::X, properties: {p: {get_file: "${at("parts/run.sh")}"}}}}`,
    [at("parts/bytes")]: "/wA=",
  });
  expect(parameterNames).toEqual(["n"]);
});

test("what was emitted is taken before what lies on the disk, and environments bring the templates behind their aliases", () => {
  const folder = folderWith({ "parts/alias.yaml": "outputs: {}" });
  const environments = [
    {
      file: join(folder, "one.yaml"),
      text: "parameters: {a: 1, b: 2}\nresource_registry: {My::Vm: parts/alias.yaml, My::Other: OS::Heat::None}\n",
    },
    { file: join(folder, "two.yaml"), text: "parameters: {b: 3}\n" },
  ];
  const given = {
    "stack.yaml.d/x.yaml": "resources: {p: {properties: {config: {get_file: plan.json}}}}",
    "stack.yaml.d/plan.json": "{}",
  };
  const packed = packTemplate({
    text: "resources: {x: {type: stack.yaml.d/x.yaml}}",
    file: join(folder, "stack.yaml"),
    given,
    environments,
  });
  expect(Object.keys(packed.files).toSorted()).toEqual(
    ["stack.yaml.d/x.yaml", "stack.yaml.d/plan.json", "parts/alias.yaml", "one.yaml", "two.yaml"]
      .map((name) => `file://${folder}/${name}`)
      .toSorted(),
  );
  expect(packed.environmentFiles).toEqual(environments.map(({ file }) => `file://${file}`));
  expect(packed.files[`file://${folder}/one.yaml`]).toBe(
    environments[0]?.text.replace("parts/alias.yaml", `"file://${folder}/parts/alias.yaml"`),
  );
});

test("a file that is not there is named", () => {
  expect(() => packTemplate({ text: "a: {get_file: none.sh}", file: "/stack.yaml", given: {}, environments: [] })).toThrow(
    "cannot read none.sh",
  );
});
