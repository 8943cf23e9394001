// Two libraries read templates: one to check them, one to write them again (docs/decisions/0008). Whatever stands in a text, both find the same
// values in it, and what the first takes the second takes. FUZZ_RUNS and FUZZ_SEED set how often and from where.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { visit } from "yaml";
import { parseYaml } from "../../src/compiler/1-parse/parse-yaml.ts";
import { toJson } from "../../src/compiler/1-parse/read-fields.ts";
import { readDocument } from "../../src/compiler/3-emit/read-document.ts";
import { Report } from "../../src/diagnostics/diagnostic.ts";
import { mutate, mutation, sources } from "./mutate.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const numRuns = Number(process.env["FUZZ_RUNS"] ?? 1000);

/** What one reader makes of a text: JSON, or nothing where it sees a mistake. */
interface Readings {
  checked: string | undefined;
  emitted: string | undefined;
}

function read(text: string): Readings {
  const report = new Report();
  const root = parseYaml("t.yaml", text, report);
  // What is no map is no template, and never written.
  if (root?.kind !== "map" || report.hasErrors) return { checked: undefined, emitted: undefined };
  const document = readDocument("t.yaml", text, report);
  if (document === undefined) return { checked: sorted(toJson(root)), emitted: undefined };
  // A key is the text as written, be it a number.
  visit(document, {
    Scalar: (where, scalar) => {
      if (where === "key" && typeof scalar.value !== "symbol") scalar.value = scalar.source ?? String(scalar.value);
    },
  });
  return { checked: sorted(toJson(root)), emitted: sorted(document.toJS({ maxAliasCount: -1 }) as unknown) };
}

// What is no finite number is a text to the checker.
function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "number" && !Number.isFinite(inner)) return null;
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  });
}

test.for(sources.map((text, index) => [index, text] as const))("template %i has the same values for both", ([, text]) => {
  const { checked, emitted } = read(text);
  expect(emitted).toBe(checked);
});

test(`${numRuns} mutated texts have the same values for both, from the seed ${seed}`, { timeout: 600_000 }, () => {
  const property = fc.property(
    fc.nat(sources.length - 1),
    fc.array(mutation, { minLength: 1, maxLength: 6 }),
    (index, mutations) => {
      const { checked, emitted } = read(mutations.reduce(mutate, sources[index] as string));
      expect(emitted).toBe(checked);
    },
  );
  fc.assert(property, { seed, numRuns });
});
