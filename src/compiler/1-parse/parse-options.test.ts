import { expect, test } from "vitest";
import type { FoundFile } from "../../model/bundle.ts";
import { parseInTest, roleTemplate } from "./parse-in-test.ts";

function found(files: Record<string, number>): FoundFile[] {
  return Object.entries(files).map(([path, sizeBytes]) => {
    return { path, kind: "file", sizeBytes, executable: false, read: () => ({ text: path }) };
  });
}

function parse(options: string, folders: Record<string, FoundFile[]>): ReturnType<typeof parseInTest> {
  const host = {
    readFile: (): undefined => undefined,
    listFiles: (_folder: string, path: string): FoundFile[] | undefined => folders[path],
  };
  return parseInTest(roleTemplate("tool: puppet", `options: ${options}`), { host });
}

test("more than may travel with one vm's plan is refused, with the biggest files", () => {
  const folders = { a: found({ small: 1, large: 200_000 }), b: found({ larger: 60_000, largest: 250_000, "x/y": 2 }) };
  const { places, messages } = parse("{modulepath: [a, b]}", folders);
  expect(places).toEqual(["13:39 bundle-too-large"]);
  expect(messages[0]).toContain("510003 bytes; 262144 may travel");
  expect(messages[0]).toContain("The biggest: b/largest (250000 bytes), a/large (200000 bytes), b/larger (60000 bytes)");
});

test("what two options name is packed once, and counts once", () => {
  const { places, parsed } = parse("{modulepath: [a, ./a, b/../a/]}", { a: found({ large: 200_000 }) });
  expect(places).toEqual([]);
  const packed = parsed?.template.resources.get("db")?.vm?.roles[1]?.packed ?? {};
  expect(Object.keys(packed)).toEqual(["a", "./a", "b/../a/"]);
  expect(new Set(Object.values(packed)).size).toBe(1);
});

test("a file stands for itself", () => {
  const { parsed } = parse("{modulepath: conf/site.pp}", { "conf/site.pp": found({ "": 3 }) });
  const packed = parsed?.template.resources.get("db")?.vm?.roles[1]?.packed;
  expect(packed?.["conf/site.pp"]).toMatchObject({ bundle: [{ path: "site.pp" }], file: "site.pp" });
});

test("options that are no paths are left alone", () => {
  const { places, parsed } = parse("{tags: [a], sensitive: true}", {});
  expect(places).toEqual([]);
  expect(parsed?.template.resources.get("db")?.vm?.roles[1]).toMatchObject({
    options: { tags: ["a"], sensitive: true },
    packed: {},
  });
});
