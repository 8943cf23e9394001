import { expect, test } from "vitest";
import type { RolePlan } from "../model/vm-plan.ts";
import { collectHeatOutputs, fillInputs, heatOutputFiles, heatVariable } from "./heat-contract.ts";

test("an input without a type is Heat's String: its value becomes the text that Python makes of it", () => {
  const texts = ["a\n", 5, true, null, ["a", "it's", 1.5, null], { k: "\n\u0001\\äß🧵'\"" }].map((value) =>
    heatVariable(value, {}),
  );
  expect(texts).toEqual(["a\n", "5", "True", "None", `['a', "it's", 1.5, None]`, "{'k': '\\n\\x01\\\\äß🧵\\'\"'}"]);
});

test("maps and lists of an input that is declared otherwise are JSON", () => {
  expect([{ k: [1] }, 5, null].map((value) => heatVariable(value, { type: "json" }))).toEqual(['{"k":[1]}', "5", ""]);
});

test("inputs are filled in wherever the key stands alone with a name", () => {
  const config = { a: { get_input: "x" }, b: [{ get_input: "y" }], c: { get_input: "x", d: 1 }, e: { get_input: ["x"] } };
  expect(fillInputs(config, { x: { z: 1 } }, "get_input")).toEqual({
    a: { z: 1 },
    b: [null],
    c: { get_input: "x", d: 1 },
    e: { get_input: ["x"] },
  });
});

const job = (...outputs: string[]) => ({
  vm: "db",
  role: { outputs: outputs.map((name) => ({ name })) } as unknown as RolePlan,
  run: "",
  inputs: {},
  folder: "/f",
  roleFolder: "/r",
  startedAt: "",
});

test("what a tool prints is captured only when somebody reads it", () => {
  expect(heatOutputFiles(job("url"), "/f/outputs")).toEqual({ outputFiles: { url: "/f/outputs.url" }, capture: false });
  expect(heatOutputFiles(job("url", "deploy_stderr", "deploy_status_code"), "/f/outputs")).toEqual({
    outputFiles: { url: "/f/outputs.url" },
    capture: true,
  });
});

test("outputs keep their text to the last newline, and of what was printed the end that fits", () => {
  const stdout = `${"\n".repeat(200_000)}end`;
  const outputs = collectHeatOutputs({
    job: job("url", "deploy_stdout", "deploy_status_code"),
    exitCode: 0,
    signal: null,
    files: { url: "http://x\n" },
    printed: { stdout, stderr: "" },
  });
  expect(outputs["url"]).toEqual({ value: "http://x\n" });
  expect(outputs["deploy_status_code"]).toEqual({ value: 0 });
  const { value } = outputs["deploy_stdout"] as { value: string };
  expect(value.endsWith("\nend")).toBe(true);
  expect(Buffer.byteLength(JSON.stringify(value))).toBeLessThanOrEqual(256 * 1024);
});
