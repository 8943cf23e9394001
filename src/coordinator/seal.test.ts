import { assert, jsonValue, property } from "fast-check";
import { expect, test } from "vitest";
import type { CellRecord } from "../model/cell.ts";
import type { Json } from "../model/json.ts";
import { memory } from "./backends/memory.ts";
import { openDataflow } from "./dataflow.ts";
import { makeSealer, sealDataflow } from "./seal.ts";

const scope = { stack: "shop", generation: "g1" };
const key = "a seal key for tests";

test("what is sealed opens again, whatever it is", () => {
  const sealer = makeSealer(key, scope);
  assert(
    property(jsonValue(), (value) => {
      expect(sealer.open("db.mysql.password", sealer.seal("db.mysql.password", value as Json))).toEqual(
        JSON.parse(JSON.stringify(value)),
      );
    }),
  );
});

test("equal values stay equal, so that a retry may write its value again; different ones do not", () => {
  const sealer = makeSealer(key, scope);
  expect(sealer.seal("db.mysql.password", "abc")).toBe(makeSealer(key, scope).seal("db.mysql.password", "abc"));
  expect(sealer.seal("db.mysql.password", "abc")).not.toBe(sealer.seal("db.mysql.password", "abd"));
});

test.for([
  { other: "key", sealer: makeSealer("another key", scope), cell: "db.mysql.password" },
  { other: "stack", sealer: makeSealer(key, { ...scope, stack: "shop2" }), cell: "db.mysql.password" },
  { other: "generation", sealer: makeSealer(key, { ...scope, generation: "g2" }), cell: "db.mysql.password" },
  { other: "cell", sealer: makeSealer(key, scope), cell: "db.mysql.token" },
])("a value that was sealed for another $other does not open", ({ sealer, cell }) => {
  const sealed = makeSealer(key, scope).seal("db.mysql.password", "abc");
  expect(() => sealer.open(cell, sealed)).toThrow(`the secret ${cell} cannot be opened`);
});

test("a value that was changed on its way does not open, at whichever byte", () => {
  const sealer = makeSealer(key, scope);
  const sealed = Buffer.from(sealer.seal("a.b.c", "abc"), "base64url");
  for (let index = 0; index < sealed.length; index++) {
    const changed = Buffer.from(sealed);
    changed[index] = (changed[index] as number) ^ 1;
    expect(() => sealer.open("a.b.c", changed.toString("base64url"))).toThrow("cannot be opened");
  }
  expect(() => sealer.open("a.b.c", "")).toThrow("cannot be opened");
});

test("a sealed dataflow publishes secrets sealed and reads them in clear", async () => {
  await using coordinator = await memory.open();
  const plain = openDataflow(coordinator, scope);
  const sealed = sealDataflow(plain, makeSealer(key, scope), (cell) => cell === "db.mysql.password");
  const record = (value: Json): CellRecord => ({ state: "value", value, by: "db.mysql", attempt: 1, atMs: 0 });
  expect(await sealed.publish("db.mysql.password", record("pa55"))).toBe("written");
  expect(await sealed.publish("db.mysql.password", record("pa55"))).toBe("same");
  await expect(sealed.publish("db.mysql.password", record("other"))).rejects.toThrow("refused");
  await sealed.publish("db.mysql.port", record(3306));

  expect(await sealed.settled("db.mysql.password")).toEqual(record("pa55"));
  expect(await sealed.peek("db.mysql.password")).toEqual(record("pa55"));
  expect(JSON.stringify(await plain.peek("db.mysql.password"))).not.toContain("pa55");
  expect(await plain.peek("db.mysql.port")).toEqual(record(3306));
  const gathered = await sealed.gather(["db.mysql.password", "db.mysql.port"], "all", "");
  expect(gathered).toMatchObject({ state: "met", members: [{ record: { value: "pa55" } }, { record: { value: 3306 } }] });
});

test("a secret as large as a value may be still fits", async () => {
  await using coordinator = await memory.open();
  const sealed = sealDataflow(openDataflow(coordinator, scope), makeSealer(key, scope), () => true);
  const value = "x".repeat(256 * 1024 - 2);
  await sealed.publish("a.b.c", { state: "value", value, by: "a.b", attempt: 1, atMs: 0 });
  expect(await sealed.peek("a.b.c")).toMatchObject({ value });
});
