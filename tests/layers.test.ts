// Keeps the house: which folder may import which, where I/O may happen, and what else a newcomer relies on.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const src = join(import.meta.dirname, "../src");

/** Each layer with the layers that it may import, beside itself. The longest matching prefix of a path is its layer. */
const layers: Record<string, string[]> = {
  diagnostics: [],
  model: ["diagnostics"],
  functions: ["model"],
  progress: ["model"],
  "compiler/1-parse": ["model", "functions", "diagnostics"],
  "compiler/2-analyze": ["model", "functions", "diagnostics"],
  "compiler/3-emit": ["model", "functions", "diagnostics"],
  compiler: ["model", "functions", "diagnostics", "compiler/1-parse", "compiler/2-analyze", "compiler/3-emit"],
  coordinator: ["model"],
  hub: ["model", "coordinator", "monitor"],
  agent: ["model", "functions", "progress", "coordinator", "diagnostics"],
  infer: ["model", "agent", "coordinator"],
  machines: ["model", "functions"],
  monitor: ["model", "progress", "coordinator"],
  cloud: ["model", "coordinator"],
  web: ["model", "monitor"],
  cli: [
    "diagnostics",
    "model",
    "functions",
    "compiler",
    "compiler/2-analyze",
    "compiler/3-emit",
    "coordinator",
    "hub",
    "agent",
    "infer",
    "machines",
    "monitor",
    "cloud",
  ],
};

/** Paths without files, processes, sockets, clock or randomness: same input, same bytes. */
const pure = [
  /^(diagnostics|model|functions|progress|compiler)\//,
  /^agent\/(instantiate|mask|tools\/)/,
  /^monitor\/(picture|predict|time-queue|flow-of-picture|estimate|hold-ups|advise|run-spans|recording)/,
];

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".test.ts"))
  .map((path) => ({ path, text: readFileSync(join(src, path), "utf8") }));

function layerOf(path: string): string {
  const candidates = Object.keys(layers).filter((layer) => path.startsWith(`${layer}/`));
  return candidates.sort((a, b) => b.length - a.length)[0] ?? "";
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom |\bimport |\bimport\()"([^"\n]+)"/g)].map((match) => match[1] as string);
}

test("arrows between folders go downwards only", () => {
  const wrong = files.flatMap(({ path, text }) =>
    importsOf(text)
      .filter((name) => name.startsWith("."))
      .map((name) => relative(src, join(src, dirname(path), name)))
      .filter((target) => layerOf(target) !== layerOf(path) && !(layers[layerOf(path)] ?? []).includes(layerOf(target)))
      .map((target) => `${path} -> ${target}`),
  );
  expect(wrong).toEqual([]);
});

test("pure folders touch no file, clock or randomness", () => {
  const impure = /\bDate\.now\(|\bnew Date\(\)|Math\.random\(|\bperformance\.|\bsetTimeout\(|\bprocess\.|\bfetch\(/;
  const wrong = files
    .filter(({ path }) => pure.some((pattern) => pattern.test(path)))
    .filter(
      ({ text }) =>
        importsOf(text).some((name) => name.startsWith("node:")) || impure.test(text.replace(/\/\/.*$|\/\*[\s\S]*?\*\//gm, "")),
    )
    .map(({ path }) => path);
  expect(wrong).toEqual([]);
});

test("libraries stay where they belong", () => {
  const allowed: Record<string, RegExp> = {
    "js-yaml": /^compiler\/1-parse\//,
    yaml: /^(compiler\/3-emit|cloud)\//,
    ws: /^hub\//,
    "prom-client": /^hub\/metrics/,
    "@opentelemetry/api": /^cli\/export-spans/,
    "@opentelemetry/exporter-trace-otlp-http": /^cli\/export-spans/,
    "@opentelemetry/resources": /^cli\/export-spans/,
    "@opentelemetry/sdk-trace-base": /^cli\/export-spans/,
    preact: /^web\//,
    "preact/hooks": /^web\//,
    "@dagrejs/dagre": /^web\//,
  };
  const wrong = files.flatMap(({ path, text }) =>
    importsOf(text)
      .filter((name) => !name.startsWith(".") && !name.startsWith("node:") && !allowed[name]?.test(path))
      .map((name) => `${path} imports ${name}`),
  );
  expect(wrong).toEqual([]);
});

test.for([
  { folder: "coordinator/backends", list: "coordinator/backends.ts" },
  { folder: "agent/tools", list: "agent/tools.ts" },
])("every file in $folder stands in its list, or is a part (NAME-PART.ts) of one that does", ({ folder, list }) => {
  const text = files.find(({ path }) => path === list)?.text ?? "";
  const names = files.filter(({ path }) => dirname(path) === folder).map(({ path }) => basename(path, ".ts"));
  expect(names.length).toBeGreaterThan(0);
  const isPart = (name: string): boolean => names.some((whole) => name.startsWith(`${whole}-`));
  expect(names.filter((name) => !isPart(name) && !text.includes(`/${name}.ts"`))).toEqual([]);
});

test("no source file is over 500 lines", () => {
  expect(files.filter(({ text }) => text.split("\n").length > 500).map(({ path }) => path)).toEqual([]);
});

test("no two source files share a name", () => {
  const names = files
    .filter(({ path }) => !/^(cli\/commands|coordinator\/backends)\//.test(path))
    .map(({ path }) => basename(path));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
