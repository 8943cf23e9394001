// What functions give here is compared, value by value, with what the real Heat engine gives; so is the table of who has which.
import { createHash } from "node:crypto";
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile } from "../../src/compiler/compile.ts";
import { heatFunctions } from "../../src/functions/heat-functions.ts";
import { findVersion, versionNames } from "../../src/functions/heat-versions.ts";
import { HeatPlayer } from "../../src/machines/play-heat.ts";
import type { Json } from "../../src/model/json.ts";

// Debian's interpreter: only it sees Debian's modules.
const python = "/usr/bin/python3";
const isThere = spawnSync(python, ["-c", "import heat.engine"]).status === 0;
const isRequired = process.env["REQUIRE_ENGINES"] === "1";

const parameters = {
  text: { type: "string", default: "a,b,c" },
  number: { type: "number", default: 7 },
  flag: { type: "boolean", default: true },
  list: { type: "comma_delimited_list", default: "x,y,z" },
  json: { type: "json", default: { a: { b: [1, 2, { c: "deep" }] }, empty: {}, nothing: null } },
};
const conditions = {
  yes: { equals: [{ get_param: "flag" }, true] },
  no: { not: "yes" },
  both: { and: ["yes", { equals: ["a", "a"] }] },
  either: { or: ["no", { contains: ["x", { get_param: "list" }] }] },
  neither: { not: { or: ["no", false] } },
};
const p = (...path: Json[]): Json => ({ get_param: path.length === 1 ? (path[0] as Json) : path });

const values: Json[] = [
  p("text"),
  p("json", "a", "b", 2, "c"),
  p("json", "a", "b", "1"),
  p("json", "nowhere", "x"),
  p("json", "nothing"),
  p("list", 1),
  p("list", "2"),
  p("list", "x"),
  p("text", 0),
  p({ list_join: ["", ["te", "xt"]] }),
  p("json", { str_split: [",", "a,b", 0] }, "b"),
  { str_replace: { template: "A-AB-B", params: { A: "1", AB: [1, { x: "ä" }], B: p("json") } } },
  { str_replace: { template: "$x {{x}} %x% \\x \"'", params: { x: "q\"'\n\\$&{{x}}ü🦊" } } },
  { str_replace: { template: "A", params: p("json", "empty") } },
  { str_replace: { template: "T F N", params: { T: true, F: 1.5, N: null } } },
  { str_replace: { template: ["A"], params: { A: "x" } } },
  { str_replace_strict: { template: "A", params: { A: "x", B: "y" } } },
  { str_replace_strict: { template: "A", params: { A: "x" } } },
  { str_replace_vstrict: { template: "A", params: { A: "" } } },
  { str_replace_vstrict: { template: "A", params: { A: p("number") } } },
  { list_join: [",", p("list"), ["q", null]] },
  { list_join: ["-", [{ b: 1, a: [true, null] }, ["é"]]] },
  { list_join: ["-", "text"] },
  { list_join: ["-", [1]] },
  { str_split: [",", p("text")] },
  { str_split: [",", p("text"), 1] },
  { str_split: [",", p("text"), "-1"] },
  { str_split: [",", p("text"), 9] },
  { str_split: [",", null] },
  { list_concat: [["a"], null, p("list")] },
  { list_concat: [["a"], "b"] },
  {
    list_concat_unique: [
      ["a", { x: 1 }, 1],
      [{ x: 1 }, "a", true, 2, 1.0],
    ],
  },
  { map_merge: [{ a: 1, b: { c: 1 } }, null, { b: 2 }] },
  { map_merge: [{ a: 1 }, ["b"]] },
  { map_merge: p("json", "a", "b", 2) },
  {
    map_replace: [
      { k1: "v1", k2: "v2" },
      { keys: { k1: "K1" }, values: { v2: "V2" } },
    ],
  },
  { map_replace: [{ k1: 1, k2: { x: 1 }, k3: null, k4: true }, { values: { "1": "one", true: "yes" } }] },
  { map_replace: [{ k1: "v1", k2: "v2" }, { keys: { k1: "k2" } }] },
  { map_replace: [{ k1: "v1", k2: "v2" }, { keys: { k1: "K", k2: "K" } }] },
  { map_replace: [{ k1: "v1" }, { keys: { k1: "k1" } }] },
  { map_replace: [{ k1: "v1" }, { others: {} }] },
  { map_replace: [{ k1: "v1" }] },
  { map_replace: [null, null] },
  { repeat: { template: "%a%-%b%", for_each: { "%a%": ["1", "2"], "%b%": p("list") } } },
  { repeat: { template: { "%a%": ["x%a%", 5, null] }, for_each: { "%a%": ["1", "2"] } } },
  { repeat: { template: "%a%", for_each: { "%a%": { k: 1, l: 2 } } } },
  { repeat: { template: "%a%%b%", for_each: { "%a%": ["1", "2"], "%b%": ["3", "4"] }, permutations: false } },
  { repeat: { template: "%a%%b%", for_each: { "%a%": ["1", "2"], "%b%": ["3"] }, permutations: false } },
  { repeat: { template: "%a%", for_each: { "%a%": { k: 1 } }, permutations: false } },
  { repeat: { template: "%a%", for_each: { "%a%": [] } } },
  { repeat: { template: "%a%%b%", for_each: { "%a%": ["1"], "%b%": null } } },
  { repeat: { template: "%a%%b%", for_each: { "%a%": ["1"], "%b%": null }, permutations: false } },
  { repeat: { template: "%a%", for_each: { "%a%": [1] } } },
  { repeat: { template: 7, for_each: { "%a%": [1, 2] } } },
  { repeat: { template: "%a%", for_each: { "%a%": "text" } } },
  { repeat: { template: "%a%", for_each: {} } },
  { repeat: { template: "%a%", for_each: { "%a%": ["1"] }, permutations: "no" } },
  { repeat: { template: "ab", for_each: { a: ["b"], b: ["c"] } } },
  { repeat: { template: { repeat: { template: "%a%%b%", for_each: { "%b%": ["3", "4"] } } }, for_each: { "%a%": ["1", "2"] } } },
  { repeat: { template: { str_replace: { template: "%a%X", params: { X: "%a%" } } }, for_each: { "%a%": ["1", "2"] } } },
  { digest: ["md5", "text"] },
  { digest: ["SHA256", p("text")] },
  { digest: ["sha512", "é"] },
  { digest: ["sha1", "日"] },
  { digest: ["nonsense", "x"] },
  { digest: ["md5"] },
  { digest: ["md5", 5] },
  {
    filter: [
      ["a", 1],
      ["a", "b", true, 1, 1.0, "1"],
    ],
  },
  { filter: [[{ x: 1 }], [{ x: 1 }, { x: 2 }]] },
  { filter: [[], ["a"]] },
  { filter: [["a"], null] },
  { filter: ["a", ["a"]] },
  { filter: [["a"], "a"] },
  { filter: [["a"]] },
  { contains: ["x", p("list")] },
  { contains: ["bc", "abcd"] },
  { contains: [1, "1"] },
  { contains: [1, [true]] },
  { contains: [{ a: [1] }, [{ a: [1.0] }]] },
  { contains: ["a", { a: 1 }] },
  { contains: ["a"] },
  {
    make_url: {
      scheme: "http",
      host: "example.com",
      port: 8080,
      path: "/a b/ü",
      query: { q: "x y&z/ä", n: 1, t: true },
      fragment: "f g",
    },
  },
  { make_url: { scheme: "https", username: "us:er", password: "p@ss/w", host: "::1", path: "rel" } },
  { make_url: { scheme: "ftp", username: "u", host: "[fe80::1]", port: "21" } },
  { make_url: { scheme: "mailto", path: "a@b" } },
  { make_url: { scheme: "http", path: "x" } },
  { make_url: { path: "x", query: {} } },
  { make_url: { host: "h", password: "p" } },
  { make_url: {} },
  { make_url: { scheme: "file", path: "//x/y" } },
  { make_url: { scheme: "http:", host: "h" } },
  { make_url: { host: "h", port: 0 } },
  { make_url: { host: "h", port: "x" } },
  { make_url: { host: "h", port: 70000 } },
  { make_url: { host: 5 } },
  { make_url: { hosts: "h" } },
  { make_url: { host: "!*'()~-_." } },
  { if: ["yes", "a", "b"] },
  { if: ["no", "a", { list_join: ["", p("list")] }] },
  { if: ["both", 1, 2] },
  { if: ["either", 1, 2] },
  { if: ["neither", 1, 2] },
  { if: [{ not: "no" }, 1, 2] },
  { if: [{ and: ["yes", "either", true] }, 1, 2] },
  { if: [true, 1, 2] },
  { if: [{ get_param: "flag" }, 1, 2] },
  { if: [{ equals: [1, true] }, "same", "other"] },
  { if: [{ equals: [{ a: 1 }, { a: 1.0 }] }, "same", "other"] },
  { if: ["unknown", 1, 2] },
  { if: ["yes"] },
  { if: [5, 1, 2] },
  { list: [1, { if: ["yes", 2, 3] }] },
  { notafunction: { get_param: "number" } },
];
const omitting: Json[] = [
  { if: ["no", 1] },
  [1, { if: ["no", 1] }, { if: ["yes", 2] }],
  { a: { if: ["no", 1] }, b: { if: ["yes", 2] } },
];

interface Question {
  version: string;
  conditions: Json;
  value: Json;
}
const questions: Question[] = [
  ...values.map((value) => ({ version: "2018-08-31", conditions, value })),
  ...[...values, ...omitting].map((value) => ({ version: "2021-04-16", conditions, value })),
];

interface Answers {
  tables: Record<string, { functions: string[]; removed: string[]; conditions: string[] }>;
  answers: ({ value: Json } | { error: string })[];
}

test("the Heat engine is there to be asked", ({ skip }) => {
  if (!isRequired) skip(!isThere, "python3-heat is not installed: no function was compared with Heat's");
  expect(isThere).toBe(true);
});

test.runIf(isThere)("every function gives what Heat's gives, and every version has the functions that Heat's has", () => {
  const asked = JSON.stringify({ versions: versionNames, parameters, questions });
  const text = execFileSync(python, [join(import.meta.dirname, "heat-functions.py")], { encoding: "utf8", input: asked });
  const { tables, answers } = JSON.parse(text) as Answers;
  for (const name of versionNames) expect(tableOf(name), name).toEqual(tables[name]);
  // An engine that refuses everything would agree with much.
  expect(answers.filter((answer) => "value" in answer).length).toBeGreaterThan(values.length);
  const differences = questions.flatMap((question, index) => {
    const [theirs, ours] = [answers[index] as { value?: Json; error?: string }, evaluateHere(question)];
    const isSame = "error" in theirs ? "error" in ours : "value" in ours && same(theirs.value as Json, ours.value);
    return isSame ? [] : [{ question: JSON.stringify(question.value), version: question.version, theirs, ours }];
  });
  expect(differences).toEqual([]);
});

function same(left: Json, right: Json): boolean {
  return JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, sorted(inner)] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

function tableOf(name: string): Answers["tables"][string] {
  const version = findVersion(name) as string;
  const all = [...heatFunctions.values()].filter((fn) => fn.name !== "get_output");
  const inValues = all.filter(({ since }) => since !== undefined && since <= version);
  const isRemoved = (until: string | undefined): boolean => until !== undefined && until <= version;
  const names = (functions: typeof all): string[] => functions.map((fn) => fn.name).sort();
  return {
    functions: names(inValues.filter(({ until }) => !isRemoved(until))),
    removed: names(inValues.filter(({ until }) => isRemoved(until))),
    conditions: names(all.filter(({ inConditionsSince: since }) => since !== undefined && since <= version)),
  };
}

function evaluateHere({ version, conditions, value }: Question): { value: Json } | { error: string } {
  const text = JSON.stringify({ heat_template_version: version, parameters, conditions, outputs: { answer: { value } } });
  const { report, template, resolved } = compile({
    file: "asked.yaml",
    text,
    environments: [],
    parameters: [],
    host: {
      readFile: () => undefined,
      listFiles: () => undefined,
      sha256: (content) => createHash("sha256").update(content).digest("hex"),
    },
  });
  const [output] = resolved?.outputs ?? [];
  if (report.hasErrors || template === undefined || resolved === undefined || output === undefined)
    return { error: report.diagnostics.map(({ message }) => message).join("; ") };
  try {
    return {
      value: new HeatPlayer({ template, resolved, stack: "asked", addresses: new Map(), attrs: {} }).evaluate(output.value),
    };
  } catch (error) {
    return { error: String(error) };
  }
}
