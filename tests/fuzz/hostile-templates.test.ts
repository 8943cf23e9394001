// Templates made to break a compiler: each is refused with a message or compiled, without much time and memory.
import { expect, test } from "vitest";
import { compile } from "../../src/compiler/compile.ts";

const head = "heat_template_version: 2018-08-31\n";
const output = (value: string): string => `${head}outputs: {o: {value: ${value}}}\n`;
const parameter = (pattern: string, text: string): string =>
  `${head}parameters: {p: {type: string, default: "${text}", constraints: [{allowed_pattern: '${pattern}'}]}}\n`;
const letters = "abcdefghij".split("");

/** What it is, the text, and the code of the first diagnostic, if it must be refused. */
const cases: [string, string, string?][] = [
  [
    "a bomb of aliases",
    `a: &a [${Array(9).fill("x").join()}]\n${letters
      .slice(1)
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${letters[index]}`).join()}]`)
      .join("\n")}`,
    "bad-alias",
  ],
  [
    "a bomb of merge keys",
    `a0: &a0 {k: 1}\n${Array.from({ length: 30 }, (_, index) => `a${index + 1}: &a${index + 1} {<<: [*a${index}, *a${index}]}`).join("\n")}`,
    "bad-alias",
  ],
  ["an alias that holds itself", `${head}x: &x [*x]\n`, "bad-alias"],
  ["deep lists", `a: ${"[".repeat(100_000)}${"]".repeat(100_000)}`, "yaml-syntax"],
  ["lists that never end", `a: ${"[".repeat(100_000)}`, "yaml-syntax"],
  ["deep maps", `a: ${"{a: ".repeat(20_000)}${"}".repeat(20_000)}`, "yaml-syntax"],
  ["deep blocks", Array.from({ length: 2000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"), "yaml-syntax"],
  ["nested dashes", `${"- ".repeat(20_000)}x`, "yaml-syntax"],
  ["nested question marks", "? ".repeat(5000), "yaml-syntax"],
  ["a huge file", `${head}description: '${"x".repeat(9_000_000)}'\n`, "file-too-large"],
  ["a large text", `${head}description: '${"x".repeat(4_000_000)}'\n`],
  ["a huge number", `${head}parameters: {p: {type: number, default: ${"9".repeat(500_000)}}}\n`, "bad-parameter-value"],
  ["a long base-60 number", `${head}description: ${"1:".repeat(100_000)}1\n`],
  ["a long key", `${head}outputs:\n  ? ${"k".repeat(200_000)}\n  : {value: 1}\n`],
  ["many tags", `a: ${"!".repeat(100_000)}`, "yaml-syntax"],
  [
    "bytes that are no UTF-8",
    Buffer.from([...Buffer.from(head), 0x61, 0x3a, 0x20, 0xff, 0xfe]).toString("utf8"),
    "bad-character",
  ],
  ["control characters", `${head}description: "a\u0000b"\n`, "bad-character"],
  ["half a surrogate pair", `${head}description: "\ud800"\n`, "bad-character"],
  [
    "conditions that double",
    `${head}conditions:\n  c0: true\n${Array.from({ length: 60 }, (_, index) => `  c${index + 1}: {and: [c${index}, c${index}]}`).join("\n")}\n`,
  ],
  [
    "a repeat of a thousand million items",
    output(
      `{repeat: {template: x, for_each: {${Array.from({ length: 9 }, (_, index) => `p${index}: [${letters.join()}]`).join(", ")}}}}`,
    ),
    "function-failed",
  ],
  [
    "replacements that multiply",
    output(`${"{str_replace: {template: aaaaaaaaaa, params: {a: ".repeat(40)}b${"}}}".repeat(40)}`),
    "function-failed",
  ],
  ["a pattern that takes for ever", parameter("(a+)+$", `${"a".repeat(40)}!`)],
  ["a pattern of choices that takes for ever", parameter("((a|b)|(a|c))*d", `${"a".repeat(60)}!`)],
  ["a pattern of many stars", parameter("a*a*a*a*a*b", "a".repeat(5000))],
  ["names of an object's own", `${head}resources: {__proto__: {type: constructor}, toString: {type: OS::Heat::None}}\n`],
];

test.for(cases)("%s", ([, text, code]) => {
  const host = {
    readFile: (): undefined => undefined,
    listFiles: (): undefined => undefined,
    sha256: (): string => "0".repeat(64),
  };
  const { report, emitted } = compile({ file: "t.yaml", text, environments: [], parameters: [], host });
  expect(report.diagnostics.find(({ severity }) => severity === "error")?.code).toBe(code);
  expect(emitted === undefined).toBe(code !== undefined);
});

test("the memory for hostile templates stays small", () => {
  // All of the above, in this process.
  expect(process.memoryUsage().rss).toBeLessThan(1_500_000_000);
});
