// Plans of Murano in YAML become structures when the template is compiled; what other tools run is left alone.
import { expect, test } from "vitest";
import { parseInTest, roleTemplate, templateOf } from "./parse-in-test.ts";
import { toJson } from "./read-fields.ts";

const plan =
  "FormatVersion: 2.0.0\nParameters: {port: $port}\nScripts: {deploy: {Files: [{get_file: a}]}}\nBody: |\n  return 1\n";
const structure = {
  FormatVersion: "2.0.0",
  Parameters: { port: "$port" },
  Scripts: { deploy: { Files: [{ get_file: "a" }] } },
  Body: "return 1\n",
};

function runOf(run: string, tool = "murano"): unknown {
  const template = templateOf(roleTemplate().replace("tool: script", `tool: ${tool}`).replace("run: echo}", `run: ${run}}`), {
    file: "some/where/t.yaml",
    files: { "some/where/a.template": plan },
  });
  const value = template.resources.get("db")?.vm?.roles[0]?.run;
  return value?.kind === "call" ? value.fn : value && toJson(value);
}

test("a plan is a file, a text or a map, in which functions of Heat are none but in a map of the template itself", () => {
  expect(runOf("{get_file: a.template}")).toEqual(structure);
  expect(runOf(JSON.stringify(plan))).toEqual(structure);
  expect(runOf('{Body: "return 1"}')).toEqual({ Body: "return 1" });
  expect(runOf("{get_file: a.template}", "ansible")).toBe("get_file");
});

test("what is wrong in a plan's file is reported there, in an inline plan at its run", () => {
  const text = roleTemplate().replace("tool: script", "tool: murano");
  const inFile = parseInTest(text.replace("run: echo}", "run: {get_file: a}}"), { files: { a: "Body: 1\n- x\n" } });
  expect(inFile.places[0]).toBe("2:1 yaml-syntax");
  const inline = parseInTest(text.replace("run: echo}", 'run: "Body: [1"}'));
  expect(inline.places).toEqual(["9:32 yaml-syntax"]);
  expect(inline.messages[0]).toMatch(/^in the plan: /);
});
