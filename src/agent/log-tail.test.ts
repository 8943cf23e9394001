import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { lastLine, readLogTail } from "./log-tail.ts";

function writeLog(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "log");
  writeFileSync(path, text);
  return path;
}

test("a long log is cut to its last 20 lines", () => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  expect(readLogTail(writeLog(`${lines.join("\n")}\n`)).split("\n")).toEqual(lines.slice(10));
});

test("long lines are cut to 4 kB, between characters", () => {
  const tail = readLogTail(writeLog(`x${"ä".repeat(5000)}`));
  expect(tail).toBe("ä".repeat(2048));
  expect(readLogTail(writeLog(`${"ä".repeat(5000)}x`))).toBe(`${"ä".repeat(2047)}x`);
});

test("a log that is not there is empty", () => {
  expect(readLogTail("/no/such/log")).toBe("");
});

test("the last line is the last that says something", () => {
  expect(lastLine("one\ntwo  \n\n")).toBe("two");
});
