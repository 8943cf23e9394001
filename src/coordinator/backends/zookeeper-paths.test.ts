import { assert, property, string, array } from "fast-check";
import { expect, test } from "vitest";
import { directoryOf, keyOf, nodeOf } from "./zookeeper-paths.ts";

const root = "/weft/prod";

test.for([
  ["shop/g1/cells/db.make.x", "/weft/prod/shop:/g1:/cells:/db.make.x"],
  ["a", "/weft/prod/a"],
  ["a:", "/weft/prod/a%3A"],
  ["a/", "/weft/prod/a:/%"],
  ["a//b", "/weft/prod/a:/:/b"],
  ["..", "/weft/prod/%2E%2E"],
  ["100% \u0001🧵", "/weft/prod/100%25 %01%F0%9F%A7%B5"],
] as const)("the key %j is the node %s", ([key, path]) => {
  expect(nodeOf(root, key)).toBe(path);
  expect(keyOf(root, path)).toBe(key);
});

test("every key has a node of its own that ZooKeeper allows, in the directory of its prefix", () => {
  // What PathUtils.validatePath refuses.
  // oxlint-disable-next-line no-control-regex -- they are what it is about
  const refused = /[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]|\/\/|\/\.{1,2}(\/|$)|\/$/;
  const part = string({ unit: "binary" }).map((text) => text.replaceAll("/", ""));
  assert(
    property(array(part, { minLength: 1 }), (parts) => {
      const key = parts.join("/");
      const path = nodeOf(root, key);
      expect(path).not.toMatch(refused);
      expect(keyOf(root, path)).toBe(key);
      const prefix = key.slice(0, key.lastIndexOf("/") + 1);
      expect(path.startsWith(`${directoryOf(root, prefix)}/`)).toBe(true);
    }),
  );
});

test.for(["/weft/prod", "/weft/prod/shop:", "/weft/prod/shop/x", "/weft/production/x", "/weft/prod/%41", "/zookeeper/quota"])(
  "%s is no key's node",
  (path) => {
    expect(keyOf(root, path)).toBeUndefined();
  },
);
