// Whatever becomes of a template, the compiler neither crashes nor hangs, nor emits anything after an error. FUZZ_RUNS and FUZZ_SEED set
// how often and from where.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compile, type Compiled } from "../../src/compiler/compile.ts";
import { folders, mutate, mutation, sources } from "./mutate.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const numRuns = Number(process.env["FUZZ_RUNS"] ?? 2000);

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
