// Whatever becomes of a template, the compiler neither crashes nor hangs, nor emits anything after an error. FUZZ_RUNS and FUZZ_SEED set
// how often and from where; FUZZ_CORPUS names a folder with more templates to start from.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compile, type Compiled } from "../../src/compiler/compile.ts";

const root = join(import.meta.dirname, "../..");
const corpus = process.env["FUZZ_CORPUS"];
const folders = [join(root, "examples"), join(root, "tests/golden"), ...(corpus === undefined ? [] : [corpus])];
const sources = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /(^|\/)stack\.yaml$/.test(file) || (folder === corpus && /\.ya?ml$/.test(file)))
    .map((file) => readFileSync(join(folder, file), "utf8")),
);
const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const numRuns = Number(process.env["FUZZ_RUNS"] ?? 2000);

/** Texts that templates are made of, and some that break things. */
const scraps = [
  ..."{ } [ ] : - ? | > & * ! % @ ` ' \" # , ~ \\ \t \r \u0000 \ufeff \ud800 \u2028".split(" "),
  ..."&a *a <<: !!binary !!set !!str !x --- ... %YAML null true 1e999 .inf .nan 0x 0o7 1_0 2001-01-01 12:30:45 -0 NaN".split(" "),
  ..."__proto__ constructor toString hasOwnProperty length weft roles inputs outputs after on_error on one others".split(" "),
  ..."OS::Nova::Server OS::Heat::ResourceGroup resource.0.x resource.%index%.y %index% self [*] @end @vm".split(" "),
  "<<: *a",
  "{get_attr: [db, password]}",
  "{get_attr: []}",
  "{get_attr: {get_attr: x}}",
  "{get_param: [p, {get_param: q}]}",
  "{get_output: [db, mysql, port], of: 3}",
  "{get_resource: {get_file: x}}",
  "{str_replace: {template: {get_attr: [db, x]}, params: [1]}}",
  "{list_join: [{}, [[]]]}",
  "{repeat: {template: 1, for_each: {a: [1, 2]}}}",
  "{if: [c, {if: [c, 1]}]}",
  "{if: [{and: [{not: c}, {or: [true]}]}, 1, 2]}",
  "{digest: [md5, {get_attr: [db, x]}]}",
  "{map_replace: [{a: 1}, {keys: {a: a}}]}",
  "{yaql: {expression: x, data: {get_attr: [db, x]}}}",
  "condition: {equals: [{get_param: x}, 1]}",
  "depends_on: [self, db]",
  "count: -1",
  "conditions: {c: {not: c}}",
  "heat_template_version: 2013-05-23",
  "heat_template_version: wallaby",
  "on: {index: {get_attr: [db, x]}}",
  "type: store.yaml",
  "type: farm.yaml",
  "resource_def: {type: shard.yaml, properties: {number: '%index%', database_url: {get_attr: [db, port]}}}",
  "{get_attr: [store, url]}",
  "{get_attr: [shards, attributes, url]}",
  "{get_output: [shards/web, serve, where], of: 2}",
  "[farms/web, serve]",
  "{value: 1, type: number, default: x, when: never}",
];

type Mutation = {
  kind: "delete" | "duplicate" | "swap" | "indent" | "cut" | "insert" | "replace";
  at: number;
  to: number;
  scrap: string;
};

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom("delete", "duplicate", "swap", "indent", "cut", "insert", "replace"),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  to: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  scrap: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...scraps) }, { weight: 1, arbitrary: fc.string() }),
});

function mutate(text: string, { kind, at, to, scrap }: Mutation): string {
  const lines = text.split("\n");
  const [line, other] = [Math.floor(at * lines.length), Math.floor(to * lines.length)];
  const [start, end] = [Math.floor(at * text.length), Math.floor(to * text.length)];
  switch (kind) {
    case "delete":
      return lines.toSpliced(line, 1 + (other % 4)).join("\n");
    case "duplicate":
      return lines.toSpliced(other, 0, ...lines.slice(line, line + 1 + (other % 8))).join("\n");
    case "swap":
      return lines
        .with(line, lines[other] as string)
        .with(other, lines[line] as string)
        .join("\n");
    case "indent":
      return lines.with(line, to < 0.5 ? `  ${lines[line]}` : (lines[line] as string).replace(/^ {1,2}/, "")).join("\n");
    case "cut":
      return text.slice(0, Math.min(start, end)) + text.slice(Math.min(start, end) + (Math.abs(end - start) % 40));
    case "insert":
      return text.slice(0, start) + scrap + text.slice(start);
    case "replace": {
      const words = [...text.matchAll(/[\w:.%-]+/g)];
      const word = words[Math.floor(at * words.length)];
      return word === undefined ? scrap : text.slice(0, word.index) + scrap + text.slice(word.index + word[0].length);
    }
  }
}

/** Nested templates by their names; what is emitted names its own. */
const nested = new Map(
  folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".yaml") && !/(^|\/)(stack|env|env-2)\.yaml$|(^|\/)expected\//.test(file))
      .map((file): [string, string] => [basename(file), readFileSync(join(folder, file), "utf8")]),
  ),
);

function compileText(text: string, readNested: (name: string) => string | undefined): Compiled {
  const sha256 = (content: string): string => createHash("sha256").update(content).digest("hex");
  return compile({
    file: "t.yaml",
    text,
    environments: [],
    parameters: [],
    host: { readFile: (name) => readNested(basename(name)) ?? `file ${name}`, listFiles: () => undefined, sha256 },
  });
}

test(`${numRuns} mutated templates are compiled or refused, from the seed ${seed}`, { timeout: 600_000 }, () => {
  let slowestMs = 0;
  const property = fc.property(
    fc.nat(sources.length - 1),
    fc.array(mutation, { minLength: 1, maxLength: 6 }),
    (index, mutations) => {
      const text = mutations.reduce(mutate, sources[index] as string);
      const startMs = performance.now();
      // A nested template may be hit by the same blows.
      const hit = mutations.length % 2 === 0 ? mutations : [];
      const nestedText = (name: string): string | undefined => {
        const written = nested.get(name);
        return written === undefined ? undefined : hit.reduce(mutate, written);
      };
      const { report, emitted } = compileText(text, nestedText);
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
      expect(emitted === undefined).toBe(report.hasErrors);
      const linesOf = (file: string): number => (nestedText(basename(file)) ?? text).split(/\r\n?|\n/).length;
      for (const { span } of report.diagnostics) expect(span.line).toBeLessThanOrEqual(linesOf(span.file));
      // What comes out is a template that goes in, and then there is nothing of ours left in it.
      if (emitted !== undefined) {
        const again = compileText(emitted.hot, (name) => emitted.files[name] ?? nestedText(name));
        expect(again.report.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
        expect(again.emitted?.plan.vms).toEqual([]);
      }
    },
  );
  fc.assert(property, { seed, numRuns });
  // Far above what is needed: a machine may be busy, but nothing here may grow without bounds.
  expect(slowestMs).toBeLessThan(10_000);
});
