import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { exitCodes, UsageError } from "./command.ts";
import { command as check } from "./commands/check.ts";
import { command as compile } from "./commands/compile.ts";
import { command as explain } from "./commands/explain.ts";
import { command as graph } from "./commands/graph.ts";
import { command as simulate } from "./commands/simulate.ts";
import { loadTemplate } from "./load-template.ts";

// Where `capture` sees it; the real one writes past the streams of this process.
vi.mock("./print.ts", () => ({
  print: (to: 1 | 2, text: string): void => void (to === 1 ? process.stdout : process.stderr).write(text),
}));

const folder = mkdtempSync(join(tmpdir(), "weft-test-"));
const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const good = write(
  "good.yaml",
  `heat_template_version: 2018-08-31
parameters: {apps: {type: number}, text: {type: string}}
resources:
  db: {type: OS::Nova::Server, metadata: {weft: {tool: script, roles: [{name: mysql, run: x, outputs: {port: {type: number}}}]}}}
  app:
    type: OS::Heat::ResourceGroup
    properties:
      count: {get_param: apps}
      resource_def:
        type: OS::Nova::Server
        metadata: {weft: {tool: script, roles: [{name: serve, run: x, inputs: {PORT: {get_attr: [db, port]}}}]}}
`,
);
const bad = write("bad.yaml", "heat_template_version: 2018-08-31\nresources: {db: {type: OS::Nova::Server, property: {}}}\n");

afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

test("parameters come from the command line, from files, and from environments in their order", () => {
  const [one, two] = [write("one.yaml", "parameters: {apps: 1, text: one}\n"), write("two.yaml", "parameters: {apps: 2}\n")];
  const content = write("text.txt", "a=b\n");
  const { template } = loadTemplate([good], { environment: [one, two], parameter: [`text=@${content}`] });
  expect(template?.parameters.get("apps")?.value).toBe(2);
  expect(template?.parameters.get("text")?.value).toBe("a=b\n");
  expect(loadTemplate([good], { parameter: ["text=x=y", "apps=3"] }).template?.parameters.get("text")?.value).toBe("x=y");
});

test.for([
  { positionals: [], values: {}, message: "no template is given" },
  { positionals: ["a.yaml", "b.yaml"], values: {}, message: "one template is expected, not also b.yaml" },
  { positionals: ["/nowhere/a.yaml"], values: {}, message: "cannot read /nowhere/a.yaml" },
  { positionals: [good], values: { parameter: ["apps"] }, message: "-P apps: NAME=VALUE or NAME=@FILE is expected" },
  { positionals: [good], values: { parameter: ["=3"] }, message: "-P =3: NAME=VALUE or NAME=@FILE is expected" },
  { positionals: [good], values: { parameter: ["text=@/nowhere"] }, message: "cannot read /nowhere" },
  { positionals: [good], values: { environment: ["/nowhere/e.yaml"] }, message: "cannot read /nowhere/e.yaml" },
])("$message: that is an error of usage", ({ positionals, values, message }) => {
  const load = (): unknown => loadTemplate(positionals, values);
  expect(load).toThrow(UsageError);
  expect(load).toThrow(message);
});

test("check tells all as one JSON document, and by its exit code", async () => {
  const seen = capture();
  expect(await check.run([bad, "--json"])).toBe(exitCodes.template);
  expect(JSON.parse(seen.stdout())).toMatchObject({
    ok: false,
    diagnostics: [{ severity: "error", code: "unknown-key", line: 2 }],
  });
  expect(seen.stderr()).toBe("");
});

test("check of a good template is done", async () => {
  const seen = capture();
  expect(await check.run([good])).toBe(exitCodes.done);
  expect([seen.stdout(), seen.stderr()]).toEqual(["", "nothing to complain about\n"]);
});

test("compile writes nothing for a wrong template, and says why on standard error", async () => {
  const seen = capture();
  expect(await compile.run([bad])).toBe(exitCodes.template);
  expect(seen.stdout()).toBe("");
  expect(seen.stderr()).toContain("error[unknown-key]");
});

test("graph knows its formats", async () => {
  const seen = capture();
  expect(await graph.run([good, "--format", "dot"])).toBe(exitCodes.done);
  expect(seen.stdout()).toContain("digraph");
  await expect(graph.run([good, "--format", "png"])).rejects.toThrow("--format png: one of text, mermaid, dot, json is expected");
});

test("simulate takes durations from a file and from flags, and sizes of groups", async () => {
  const durations = write("durations.json", '{"db.mysql": 1200, "app[*].serve": 300}');
  const seen = capture();
  const flags = ["--durations", durations, "--set", "app[1].serve=2s", "--count", "app=2", "--json"];
  expect(await simulate.run([good, ...flags])).toBe(exitCodes.done);
  expect(JSON.parse(seen.stdout())).toEqual({
    makespanMs: 3200,
    criticalPath: ["db.mysql", "app[1].serve"],
    roles: [
      { id: "db.mysql", startMs: 0, endMs: 1200 },
      { id: "app[0].serve", startMs: 1200, endMs: 1500 },
      { id: "app[1].serve", startMs: 1200, endMs: 3200 },
    ],
    idle: [
      { vm: "db", idleMs: 2000 },
      { vm: "app[0]", idleMs: 2900 },
      { vm: "app[1]", idleMs: 1200 },
    ],
    advice: expect.arrayContaining([expect.objectContaining({ kind: "split", role: "db.mysql", gainMs: 600 })]) as unknown,
  });
});

test.for([
  [["--set", "db.mysqll=3s"], 'durations: the template has no role "db.mysqll"; did you mean "db.mysql"?'],
  [["--set", "db.mysql=soon"], "--set db.mysql=soon: VM.ROLE=TIME is expected"],
  [["--count", "apps=2"], '--count: the template has no group "apps"; did you mean "app"?'],
  [["--count", "app=many"], "--count app=many: GROUP=N is expected"],
  [["--durations", bad], "--durations"],
] as const)("simulate refuses %s", async ([flags, message]) => {
  capture();
  await expect(simulate.run([good, ...flags])).rejects.toThrow(message);
});

test("explain tells a code's meaning, lists all, and knows what was meant", async () => {
  const seen = capture();
  expect(await explain.run(["deadlock"])).toBe(exitCodes.done);
  expect(seen.stdout()).toContain("error[deadlock]");
  await explain.run([]);
  expect(seen.stdout()).toContain("secret-in-output");
  await expect(explain.run(["dedlock"])).rejects.toThrow('did you mean "deadlock"?');
});

function capture(): { stdout(): string; stderr(): string } {
  const [out, err] = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")].map((spy) =>
    spy.mockReturnValue(true),
  );
  const text = (spy: typeof out): string => spy?.mock.calls.map(([chunk]) => String(chunk)).join("") ?? "";
  return { stdout: () => text(out), stderr: () => text(err) };
}
