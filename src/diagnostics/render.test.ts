import { expect, test } from "vitest";
import { Report } from "./diagnostic.ts";
import { renderJson, renderText } from "./render.ts";

const source = "one: 1\n\tkey: {tpye: string}\r\nlast: line";
const sources = new Map([["t.yaml", source]]);

function reportOf(...places: { line: number; column: number; length: number; key: string }[]): Report {
  const report = new Report();
  for (const { key, ...place } of places) report.add("unknown-key", { file: "t.yaml", ...place }, { what: "it", key });
  return report;
}

test("the text form shows the place, the source line, the notes and the hint", () => {
  const report = new Report();
  const related = [{ message: "first given here", span: { file: "t.yaml", line: 1, column: 1, length: 3 } }];
  report.add(
    "unknown-key",
    { file: "t.yaml", line: 3, column: 1, length: 4 },
    { what: "it", key: "last" },
    { hint: "leave it", related },
  );
  expect(renderText(report.diagnostics, sources)).toBe(
    [
      't.yaml:3:1: error[unknown-key]: it cannot have the key "last"',
      "  3 | last: line",
      "    | ^^^^",
      "  note: t.yaml:1:1: first given here",
      "  hint: leave it",
      "",
    ].join("\n"),
  );
});

test("carets stand below the place even after a tab", () => {
  const text = renderText(reportOf({ line: 2, column: 8, length: 4, key: "tpye" }).diagnostics, sources);
  expect(text.split("\n").slice(1, 3)).toEqual(["  2 | \tkey: {tpye: string}", "    | \t      ^^^^"]);
});

test("carets end with the line, and there is at least one", () => {
  const text = renderText(
    reportOf({ line: 3, column: 7, length: 99, key: "a" }, { line: 3, column: 1, length: 0, key: "b" }).diagnostics,
    sources,
  );
  expect(text.match(/\^+/g)).toEqual(["^", "^^^^"]);
});

test("a place in a file that is not at hand is shown without its line", () => {
  expect(renderText(reportOf({ line: 1, column: 1, length: 1, key: "a" }).diagnostics, new Map())).toBe(
    't.yaml:1:1: error[unknown-key]: it cannot have the key "a"\n',
  );
});

test("diagnostics are shown by place and the same one only once", () => {
  const late = { line: 3, column: 1, length: 1, key: "late" };
  const early = { line: 1, column: 1, length: 1, key: "early" };
  const { diagnostics } = renderJson(reportOf(late, early, late).diagnostics);
  expect(diagnostics.map(({ line }) => line)).toEqual([1, 3]);
});

test("the JSON form has places without lengths and leaves out what is not there", () => {
  const report = new Report();
  report.add("shadowed-key", { file: "t.yaml", line: 1, column: 1, length: 3 }, { key: "one" });
  expect(renderJson(report.diagnostics)).toEqual({
    ok: true,
    diagnostics: [
      {
        severity: "warning",
        code: "shadowed-key",
        message: 'the key "one" is given again: Heat takes this one and forgets the earlier one',
        file: "t.yaml",
        line: 1,
        column: 1,
      },
    ],
  });
  expect(renderJson(reportOf({ line: 1, column: 1, length: 1, key: "a" }).diagnostics).ok).toBe(false);
});
