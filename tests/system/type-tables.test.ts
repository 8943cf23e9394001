// The tables of attributes and properties are what the script makes from the installed Heat engine, as long as that is of the same version.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

test.for(["attribute", "property"])("the %s table is what tools/make-type-table.py makes", (what, { skip }) => {
  const made = spawnSync("/usr/bin/python3", [join(root, "tools/make-type-table.py"), what], { encoding: "utf8" });
  if (process.env["REQUIRE_ENGINES"] !== "1")
    skip(made.status !== 0, "python3-heat is not installed: the table was not compared");
  const kept = readFileSync(join(root, `src/compiler/2-analyze/${what}-table.ts`), "utf8");
  const versionOf = (text: string): string | undefined => /from Heat ([0-9.]+):/.exec(text)?.[1];
  skip(versionOf(made.stdout) !== versionOf(kept), `the table is of Heat ${versionOf(kept)}, here is ${versionOf(made.stdout)}`);
  expect(made.stdout).toBe(kept);
});
