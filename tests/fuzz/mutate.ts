// Templates hit by random blows, for fuzzing: where they come from, and what may happen to them. FUZZ_CORPUS names a folder with more.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";

const root = join(import.meta.dirname, "../..");
const corpus = process.env["FUZZ_CORPUS"];
/** Where templates lie. */
export const folders: string[] = [join(root, "examples"), join(root, "tests/golden"), ...(corpus === undefined ? [] : [corpus])];
/** Texts of templates. */
export const sources: string[] = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /(^|\/)stack\.yaml$/.test(file) || (folder === corpus && /\.ya?ml$/.test(file)))
    .map((file) => readFileSync(join(folder, file), "utf8")),
);
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

export type Mutation = {
  kind: "delete" | "duplicate" | "swap" | "indent" | "cut" | "insert" | "replace";
  at: number;
  to: number;
  scrap: string;
};

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom("delete", "duplicate", "swap", "indent", "cut", "insert", "replace"),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  to: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  scrap: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...scraps) }, { weight: 1, arbitrary: fc.string() }),
});

/** The text after one blow. */
export function mutate(text: string, { kind, at, to, scrap }: Mutation): string {
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
