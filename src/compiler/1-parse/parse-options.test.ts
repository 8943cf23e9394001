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

test("a hook beside the template travels, one of the vm does not, and a folder is none", () => {
  const parseHook = (tool: string): ReturnType<typeof parseInTest> => {
    const folders: Record<string, FoundFile[]> = { "hooks/say": found({ "": 3 }), hooks: found({ say: 3 }) };
    const listFiles = (_folder: string, path: string): FoundFile[] | undefined => folders[path];
    return parseInTest(roleTemplate(`tool: ${tool}`), { host: { readFile: () => undefined, listFiles } });
  };
  const packedOf = ({ parsed }: ReturnType<typeof parseInTest>): unknown =>
    parsed?.template.resources.get("db")?.vm?.roles[1]?.packed;
  expect(packedOf(parseHook("hook:./hooks/say"))).toMatchObject({ "./hooks/say": { file: "say" } });
  expect(packedOf(parseHook("hook:/usr/bin/say"))).toEqual({});
  expect(parseHook("hook:hooks").messages).toEqual(['the hook "hooks" must be an executable file, not a folder']);
  expect(parseHook("hook:other").places[0]).toContain("missing-file");
});

test("options that are no paths are left alone", () => {
  const { places, parsed } = parse("{tags: [a], sensitive: true}", {});
  expect(places).toEqual([]);
  expect(parsed?.template.resources.get("db")?.vm?.roles[1]).toMatchObject({
    options: { tags: ["a"], sensitive: true },
    packed: {},
  });
});
