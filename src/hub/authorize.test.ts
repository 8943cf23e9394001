import { expect, test } from "vitest";
import type { RequestBody } from "../coordinator/backends/hub-frames.ts";
import { cellKey, choiceKey, generationKey, logKey, outlineKey, roleKey, vmKey } from "../coordinator/keys.ts";
import { identify, isAllowed } from "./authorize.ts";
import { operatorToken, rightsTag, vmToken } from "./tokens.ts";

const scope = { stack: "shop", generation: "g1" };
const rights = { read: ["db.mysql.port", "app[*].serve.url"], write: ["web.app.url"], choose: ["app"] };
const web = { kind: "vm", vm: "web", stack: "shop", epoch: "g1", rights } as const;
const operator = { kind: "operator", stack: "shop" } as const;

const read = (key: string): RequestBody => ({ verb: "read", key });
const watch = (prefix: string): RequestBody => ({ verb: "watch", prefix });
const write = (key: string, expected: "absent" | "any" = "absent"): RequestBody => ({
  verb: "write",
  key,
  value: "x",
  expected,
});
const join = (key: string): RequestBody => ({ verb: "join", key, value: "x" });

test.for<[string, RequestBody]>([
  ["reads a cell of its plan", read(cellKey(scope, "db.mysql.port"))],
  ["watches a member's cell by pattern", watch(cellKey(scope, "app[12].serve.url"))],
  ["reads back what it writes", read(cellKey(scope, "web.app.url"))],
  ["settles its own cell", write(cellKey(scope, "web.app.url"))],
  ["makes a choice of its plan", write(choiceKey(scope, "app"))],
  ["reports its role", write(roleKey(scope, "web.app"), "any")],
  ["sends its role's log", write(logKey(scope, "web.app"), "any")],
  ["tells what its roles are", write(outlineKey(scope, "web"), "any")],
  ["settles anew what was its failure", { verb: "write", key: cellKey(scope, "web.app.url"), value: "x", expected: 7 }],
  ["sees what the operator retries", watch("shop/g1/retries/")],
  ["sees which epochs there are", watch("shop/generations/")],
  ["shows itself", join(vmKey(scope, "web"))],
])("a vm %s", ([, request]) => {
  expect(isAllowed(web, request)).toBe(true);
});

test.for<[string, RequestBody]>([
  ["read a cell of no concern to it", read(cellKey(scope, "db.mysql.password"))],
  ["read another generation", read(cellKey({ stack: "shop", generation: "g2" }, "db.mysql.port"))],
  ["read another epoch", read(cellKey({ stack: "shop", generation: "g1~2" }, "db.mysql.port"))],
  ["see another stack's epochs", watch("blog/generations/")],
  ["say which instance counts", write("shop/instances/web")],
  ["read another stack", read(cellKey({ stack: "blog", generation: "g1" }, "db.mysql.port"))],
  ["settle a cell that it only reads", write(cellKey(scope, "db.mysql.port"))],
  ["overwrite its own cell", write(cellKey(scope, "web.app.url"), "any")],
  ["change a choice that was made", write(choiceKey(scope, "app"), "any")],
  ["make a choice of another plan", write(choiceKey(scope, "other"))],
  ["report another vm's role", write(roleKey(scope, "db.mysql"), "any")],
  ["report a role of a vm whose name begins like its own", write(roleKey(scope, "web.inner.app"), "any")],
  ["send the log of another vm's role", write(logKey(scope, "db.mysql"), "any")],
  ["read a log", read(logKey(scope, "web.app"))],
  ["tell of another vm's roles", write(outlineKey(scope, "db"), "any")],
  ["show another vm as present", join(vmKey(scope, "db"))],
  ["join a cell", join(cellKey(scope, "web.app.url"))],
  ["remove its own cell", { verb: "remove", key: cellKey(scope, "web.app.url") }],
  ["retry a role", write("shop/g1/retries/web.app")],
  ["settle anew a cell that it only reads", { verb: "write", key: cellKey(scope, "db.mysql.port"), value: "x", expected: 7 }],
  ["number generations", write(generationKey(scope))],
  ["watch everything", watch("")],
  ["watch its stack", watch("shop/g1/cells/")],
  ["list its stack", { verb: "list", prefix: "shop/" }],
  ["hide a key in another spelling", read("shop/g1/cells/db.mysql%2eport")],
])("a vm must not %s", ([, request]) => {
  expect(isAllowed(web, request)).toBe(false);
});

test("an operator may do everything in its stack and nothing elsewhere", () => {
  expect(isAllowed(operator, { verb: "remove", key: cellKey(scope, "web.app.url") })).toBe(true);
  expect(isAllowed(operator, watch("shop/"))).toBe(true);
  expect(isAllowed(operator, watch("shop"))).toBe(false);
  expect(isAllowed(operator, watch(""))).toBe(false);
  expect(isAllowed(operator, read("shopping/g/cells/x"))).toBe(false);
});

test("tokens and tags are believed only as they were made", () => {
  const claim = {
    stack: "shop",
    token: vmToken("key", "shop", "web"),
    vm: { id: "web", generation: "g1", rights, tag: rightsTag("key", "shop", "web", "g1", rights) },
  };
  expect(identify(claim, "key")).toEqual(web);
  expect(identify(claim, "other key")).toBeUndefined();
  expect(identify({ ...claim, stack: "blog" }, "key")).toBeUndefined();
  expect(identify({ ...claim, vm: { ...claim.vm, id: "db" } }, "key")).toBeUndefined();
  expect(identify({ ...claim, vm: { ...claim.vm, generation: "g2" } }, "key")).toBeUndefined();
  expect(identify({ ...claim, vm: { ...claim.vm, rights: { ...rights, read: ["db.mysql.password"] } } }, "key")).toBeUndefined();
  expect(identify({ stack: "shop", token: operatorToken("key", "shop") }, "key")).toEqual(operator);
  expect(identify({ stack: "shop", token: claim.token }, "key")).toBeUndefined();
});

test("a member of a group has the rights in its group's plan for itself, and not another's", () => {
  const groupRights = {
    read: ["app[*].serve.url", "shard[%own:0%]/db[%own:1%].run.port"],
    write: ["app[%own:0%].serve.url"],
    choose: [],
  };
  const tag = rightsTag("key", "shop", "app[0]", "g1", groupRights);
  const claim = (id: string): Parameters<typeof identify>[0] => ({
    stack: "shop",
    token: vmToken("key", "shop", "app[k3xq7]"),
    vm: { id, generation: "g1", rights: groupRights, tag },
  });
  const member = identify(claim("app[k3xq7]"), "key");
  if (member === undefined) throw new Error("the member is not believed");
  expect(isAllowed(member, write(cellKey(scope, "app[k3xq7].serve.url")))).toBe(true);
  expect(isAllowed(member, write(cellKey(scope, "app[0].serve.url")))).toBe(false);
  expect(isAllowed(member, write(cellKey(scope, "app[%own:0%].serve.url")))).toBe(false);
  expect(isAllowed(member, read(cellKey(scope, "app[0].serve.url")))).toBe(true);
  // Its token is its own, and its group's tag is no other group's.
  expect(identify(claim("app[0]"), "key")).toBeUndefined();
  const other = { ...claim("app[k3xq7]"), token: vmToken("key", "shop", "web[0]") };
  expect(identify({ ...other, vm: { id: "web[0]", generation: "g1", rights: groupRights, tag } }, "key")).toBeUndefined();
});
