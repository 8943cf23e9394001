import { expect, test } from "vitest";
import type { Json } from "../../model/json.ts";
import type { Parameter } from "../../model/template.ts";
import { parseInTest, templateOf } from "./parse-in-test.ts";

function declare(...parameters: string[]): string {
  return ["heat_template_version: 2018-08-31", "parameters:", ...parameters.map((line) => `  ${line}`), ""].join("\n");
}

function parameterOf(text: string, options: Parameters<typeof templateOf>[1] = {}): Parameter | undefined {
  return templateOf(text, options).parameters.get("p");
}

test.for<[string, string, Json]>([
  ["string", "abc", "abc"],
  ["string", "5", "5"],
  ["string", "1.5", "1.5"],
  ["string", "true", "True"],
  ["string", "{a: [1, it's], b: }", `{'a': [1, "it's"], 'b': None}`],
  ["number", "5", 5],
  ["number", '" 1.5"', 1.5],
  ["boolean", "yes", true],
  ["boolean", "'off'", false],
  ["boolean", "1", true],
  ["json", "{a: [1]}", { a: [1] }],
  ["json", "[1]", [1]],
  ["json", `'{"a": 1}'`, { a: 1 }],
  ["json", "''", ""],
  ["comma_delimited_list", "'a, b'", ["a", " b"]],
  ["comma_delimited_list", "''", []],
  ["comma_delimited_list", "[a, 1, true]", ["a", "1", "True"]],
])("the default of a %s, %s, is %j", ([type, written, value]) => {
  expect(parameterOf(declare(`p: {type: ${type}, default: ${written}}`))).toMatchObject({ type, default: value, value });
});

test.for<[string, string]>([
  ["number", "abc"],
  ["number", "''"],
  ["number", "true"],
  ["boolean", "2"],
  ["boolean", "maybe"],
  ["json", "5"],
  ["json", "'{a'"],
  ["comma_delimited_list", "5"],
])("a %s cannot be %s", ([type, written]) => {
  const { places } = parseInTest(declare(`p: {type: ${type}, default: ${written}}`));
  expect(places).toEqual([`3:${type.length + 24} bad-parameter-value`]);
});

test.for<[string, string, string, boolean]>([
  ["string", "length: {min: 2, max: 3}", "abc", true],
  ["string", "length: {min: 2, max: 3}", "abcd", false],
  ["string", "length: {max: 1}", "\u{1F600}", true],
  ["comma_delimited_list", "length: {min: 2}", "[a]", false],
  ["json", "length: {max: 1}", "{a: 1, b: 2}", false],
  ["number", "range: {min: 1}", "1", true],
  ["number", "range: {min: 1}", "0", false],
  ["number", "range: {max: '5'}", "6", false],
  ["number", "modulo: {step: 4, offset: 1}", "9", true],
  ["number", "modulo: {step: 4, offset: 1}", "-3", true],
  ["number", "modulo: {step: 4, offset: 1}", "8", false],
  ["string", "allowed_values: [a, 1]", "'1'", true],
  ["string", "allowed_values: [a, 1]", "b", false],
  ["boolean", "allowed_values: ['yes']", "on", true],
  ["comma_delimited_list", "allowed_values: [a, b]", "[b, a]", true],
  ["comma_delimited_list", "allowed_values: [a, b]", "[a, c]", false],
  ["string", "allowed_pattern: '[a-z]+'", "abc", true],
  ["string", "allowed_pattern: '[a-z]+'", "abc1", false],
  ["string", "allowed_pattern: 'a|ab'", "ab", false],
  ["string", "allowed_pattern: '(?P<n>x)'", "only Python knows", true],
  ["string", "custom_constraint: nova.flavor", "anything", true],
])("a %s with %s may be %s: %j", ([type, constraint, written, fits]) => {
  const { places } = parseInTest(declare(`p: {type: ${type}, constraints: [{${constraint}}], default: ${written}}`));
  expect(places.map((place) => place.split(" ")[1])).toEqual(fits ? [] : ["bad-parameter-value"]);
});

test.for<[string, string]>([
  ["string", "range: {min: 1}"],
  ["number", "length: {min: 1}"],
  ["number", "range: {}"],
  ["number", "range: {min: a}"],
  ["number", "modulo: {step: 0, offset: 0}"],
  ["number", "modulo: {step: 2}"],
  ["number", "modulo: {step: 2, offset: 3}"],
  ["string", "allowed_values: a"],
  ["string", "allowed_pattern: 5"],
  ["string", "description: only words"],
])("for a %s the constraint %s is bad", ([type, constraint]) => {
  const { places } = parseInTest(declare(`p: {type: ${type}, constraints: [{${constraint}}]}`));
  expect(places).toEqual([expect.stringMatching(/bad-constraint$/)]);
});

test("the author's words for a constraint are the hint", () => {
  const { hints } = parseInTest(
    declare("p: {type: number, default: 5, constraints: [{range: {max: 3}, description: three at most}]}"),
  );
  expect(hints).toEqual(["three at most"]);
});

test.for<[string, string, string]>([
  ["no type", "p: {}", "3:3 missing-key"],
  ["an unknown type", "p: {type: text}", "3:13 bad-type"],
  ["an unknown key", "p: {type: string, defualt: 5}", "3:21 unknown-key"],
  ["no map", "p: string", "3:6 bad-type"],
  ["constraints that are no list", "p: {type: string, constraints: {length: {min: 1}}}", "3:34 bad-type"],
])("a parameter with %s is reported at its place", ([, line, place]) => {
  expect(parseInTest(declare(line)).places).toEqual([place]);
});

test("-P wins over environments, parameters over parameter_defaults, later files over earlier ones", () => {
  const text = declare("p: {type: number, default: 0}");
  const defaults = { file: "d.yaml", text: "parameter_defaults: {p: 1, other: 1}" };
  const first = { file: "e.yaml", text: "parameters: {p: 2}" };
  const second = { file: "f.yaml", text: "parameters: {p: 3}\nparameter_defaults: {p: 4}" };
  const valueWith = (...environments: { file: string; text: string }[]): Json | undefined =>
    parameterOf(text, { environments })?.value;
  expect(valueWith()).toBe(0);
  expect(valueWith(defaults)).toBe(1);
  expect(valueWith(first, defaults)).toBe(2);
  expect(valueWith(first, second)).toBe(3);
  const parameters = [
    { name: "p", value: "5" },
    { name: "p", value: "6" },
  ];
  expect(parameterOf(text, { environments: [second], parameters })?.value).toBe(6);
});

test("parameter_defaults stand for the defaults of nested templates, which then need not be right; not for the stack's own", () => {
  const text = "heat_template_version: 2018-08-31\nresources: {n: {type: n.yaml}}\n";
  const declared = declare("p: {type: string, default: '', constraints: [{allowed_pattern: x+}]}");
  const given = { file: "d.yaml", text: "parameter_defaults: {p: xx}" };
  const files = { "n.yaml": declared };
  expect(parseInTest(text, { files }).places).toEqual(["3:30 bad-parameter-value"]);
  expect(parseInTest(text, { files, environments: [given] }).places).toEqual([]);
  expect(parseInTest(text, { files, environments: [{ ...given, text: "parameter_defaults: {p: }" }] }).places).toHaveLength(1);
  expect(parseInTest(declared, { environments: [given] }).places).toEqual(["3:30 bad-parameter-value"]);
});

test("a parameter without a value anywhere has none", () => {
  expect(parameterOf(declare("p: {type: string, hidden: true}"))).toEqual({
    name: "p",
    type: "string",
    hidden: true,
    span: { file: "t.yaml", line: 3, column: 3, length: 1 },
  });
});

test.for<[string, string, string, Json]>([
  ["comma_delimited_list", "{p: merge}", "[a]|[b]", ["a", "b"]],
  ["comma_delimited_list", "{default: merge}", "'a,b'|c", ["a", "b", "c"]],
  ["comma_delimited_list", "{p: overwrite, default: merge}", "[a]|[b]", ["b"]],
  ["comma_delimited_list", "{other: merge}", "[a]|[b]", ["b"]],
  ["string", "{p: merge}", "x|y", "xy"],
  ["number", "{p: merge}", "1|2", 3],
  ["json", "{p: merge}", "{a: {x: 1}, b: 1}|{a: {y: 1}, c: null}", { a: { y: 1 }, b: 1 }],
  ["json", "{p: deep_merge}", "{a: {x: 1, l: [1], t: u}}|{a: {y: 1, l: [2], t: v}}", { a: { x: 1, y: 1, l: [1, 2], t: "uv" } }],
])("environments that give a %s, with the strategies %s, as %s, make %j", ([type, strategies, values, merged]) => {
  const environments = values.split("|").map((value, index) => ({
    file: `${index}.yaml`,
    text: `parameter_merge_strategies: ${strategies}\nparameters: {p: ${value}}`,
  }));
  expect(parameterOf(declare(`p: {type: ${type}}`), { environments })?.value).toEqual(merged);
});

test("values for parameters that are not declared are refused, with the nearest name", () => {
  const { places, hints } = parseInTest(declare("port: {type: number}"), {
    parameters: [{ name: "prot", value: "1" }],
    environments: [{ file: "e.yaml", text: "parameters: {prt: 1}" }],
  });
  expect(places).toEqual(["2:1 unknown-parameter", "1:14 unknown-parameter"]);
  expect(hints).toEqual(['did you mean "port"?', 'did you mean "port"?']);
});

test("a wrong value of -P is reported at the declaration, one of an environment at its own place", () => {
  const text = declare("p: {type: number}", "q: {type: number, hidden: true}");
  const { places, messages } = parseInTest(text, {
    parameters: [{ name: "q", value: "s3cret" }],
    environments: [{ file: "e.yaml", text: "parameters:\n  p: x" }],
  });
  expect(places).toEqual(["2:6 bad-parameter-value", "4:3 bad-parameter-value"]);
  expect(messages.join()).not.toContain("s3cret");
});

test("a wrong environment is reported and the template parsed all the same", () => {
  const environments = [
    { file: "a.yaml", text: "parameter: {}" },
    { file: "b.yaml", text: "- a" },
    { file: "c.yaml", text: "" },
    { file: "d.yaml", text: "resource_registry: {A: B}" },
  ];
  const { parsed, places } = parseInTest(declare("p: {type: string}"), { environments });
  expect(parsed?.template.parameters.has("p")).toBe(true);
  expect(places).toEqual(["1:1 unknown-key", "1:1 not-a-template"]);
});
