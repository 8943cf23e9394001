import { expect, test } from "vitest";
import { cellKey, choiceKey, generationKey, parseKey, roleKey, scopePrefix, stackPrefix, vmKey } from "./keys.ts";

const scope = { stack: "shop", generation: "ab12" };

test("keys show stack, generation, folder and name", () => {
  expect(cellKey(scope, "db.mysql.port")).toBe("shop/ab12/cells/db.mysql.port");
  expect(generationKey(scope)).toBe("shop/generations/ab12");
  expect(choiceKey(scope, "app.serve.url@any")).toBe("shop/ab12/choices/app.serve.url@any");
});

test.for(["plain", "outer/db.r.o", "100%", "%2F", "%252F", "a b", "ü[0]", "//", ".."])(
  "a part %j comes back as it went in",
  (name) => {
    const odd = { stack: name, generation: name };
    expect(parseKey(cellKey(odd, name))).toEqual({ folder: "cells", ...odd, name });
    expect(parseKey(roleKey(odd, name))).toEqual({ folder: "roles", ...odd, name });
    expect(parseKey(vmKey(odd, name))).toEqual({ folder: "vms", ...odd, name });
    expect(parseKey(generationKey(odd))).toEqual({ folder: "generations", ...odd });
    expect(cellKey(odd, name).split("/")).toHaveLength(4);
  },
);

test("every key of a generation begins with its prefix, and with no other stack's", () => {
  expect(vmKey(scope, "db").startsWith(scopePrefix(scope))).toBe(true);
  expect(vmKey({ stack: "shop/x", generation: "g" }, "db").startsWith(stackPrefix("shop"))).toBe(false);
});

test.for([
  "",
  "shop",
  "shop/ab12",
  "shop/ab12/cells",
  "shop/ab12/other/x",
  "shop/ab12/cells/a/b",
  "shop/ab12/cells/%41",
  "shop/ab12/cells/%2f",
])("%j is no key", (text) => {
  expect(parseKey(text)).toBeUndefined();
});
