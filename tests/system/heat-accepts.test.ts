// Every template that the golden tests expect to be emitted is shown to the real Heat engine.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

// Debian's interpreter: only it sees Debian's modules.
const python = "/usr/bin/python3";
const root = join(import.meta.dirname, "../..");
const isThere = spawnSync(python, ["-c", "import heat.engine, heatclient"]).status === 0;
const isRequired = process.env["REQUIRE_ENGINES"] === "1";

test("the Heat engine is there to be asked", ({ skip }) => {
  if (!isRequired) skip(!isThere, "python3-heat and python3-heatclient are not installed: no template was shown to Heat");
  expect(isThere).toBe(true);
});

test.runIf(isThere)("Heat accepts every emitted template", () => {
  const templates = ["examples", "tests/golden"].flatMap((parent) =>
    readdirSync(join(root, parent))
      .map((name) => join(root, parent, name, "expected/template.yaml"))
      .filter((file) => existsSync(file)),
  );
  expect(templates.length).toBeGreaterThan(0);
  const verdicts = askHeat(templates.map(withEnvironment));
  // Of some weft has said that Heat may well refuse them.
  const doubtful = verdicts.filter(({ file }) => isDoubtful(file));
  expect(doubtful.filter(({ error }) => error === null)).toEqual([]);
  expect(verdicts.filter((one) => one.error !== null && !doubtful.includes(one))).toEqual([]);
  // The examples' vms depend on each other all over, and yet Heat may create all of them at once.
  const examples = verdicts.filter(({ file }) => file.startsWith(join(root, "examples/")));
  expect(examples.flatMap(({ edges }) => edges)).toEqual([]);
});

test.runIf(isThere)("Heat refuses a template that names an attribute which does not exist", () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-"));
  try {
    const file = join(folder, "wrong.yaml");
    writeFileSync(
      file,
      "heat_template_version: 2018-08-31\nresources: {text: {type: OS::Heat::Value, properties: {value: {get_attr: [db, port]}}}, db: {type: OS::Nova::Server, properties: {image: i, flavor: f}}}\n",
    );
    expect(askHeat([file])[0]?.error).toContain("The Referenced Attribute (db port) is incorrect");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function withEnvironment(template: string): string {
  const environment = join(template, "../../env.yaml");
  return existsSync(environment) ? `${template}=${environment}` : template;
}

function isDoubtful(template: string): boolean {
  const diagnostics = join(template, "../diagnostics.txt");
  return existsSync(diagnostics) && /\[unknown-(type|property)|too-large-for-heat\]/.test(readFileSync(diagnostics, "utf8"));
}

interface Verdict {
  file: string;
  error: string | null;
  edges: [string, string][];
}

function askHeat(files: string[]): Verdict[] {
  const answer = execFileSync(python, [join(import.meta.dirname, "heat-accepts.py"), ...files], { encoding: "utf8" });
  return JSON.parse(answer) as Verdict[];
}
