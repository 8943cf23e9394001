// The real Heat engine accepts every template that weft emits, and finds no dependence between servers in the examples.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./stack-bed.ts";

interface Verdict {
  file: string;
  ok: boolean;
  error?: string;
  edges?: [string, string][];
}

const emitted = ["examples", "tests/golden"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .map((name) => join(root, folder, name, "expected/template.yaml"))
    .filter((path) => existsSync(path)),
);

test("Heat accepts every emitted template", ({ skip }) => {
  const installed = spawnSync("/usr/bin/python3", ["-c", "import heat, heatclient"]).status === 0;
  if (process.env["REQUIRE_ENGINES"] !== "1") skip(!installed, "python3-heat and python3-heatclient are not installed (apt-get)");
  expect(installed).toBe(true);
  expect(emitted.length).toBeGreaterThan(3);

  const { stdout } = spawnSync("/usr/bin/python3", [join(import.meta.dirname, "heat_judge.py"), ...emitted], { encoding: "utf8" });
  const verdicts = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Verdict);
  expect(verdicts.filter(({ ok }) => !ok)).toEqual([]);
  expect(verdicts.length).toBe(emitted.length);
  const examples = verdicts.filter(({ file }) => file.startsWith(join(root, "examples")));
  expect(examples.map(({ file, edges }) => [basename(dirname(dirname(file))), edges])).toEqual(
    examples.map(({ file }) => [basename(dirname(dirname(file))), []]),
  );
});
