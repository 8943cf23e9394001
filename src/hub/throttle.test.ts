import { expect, test } from "vitest";
import type { Identity } from "./authorize.ts";
import { defaultLimits, makeThrottle } from "./throttle.ts";

const vm = (name: string): Identity => ({
  kind: "vm",
  stack: "shop",
  vm: name,
  epoch: "g1",
  rights: { read: [], write: [], choose: [] },
});
const tooMany = expect.objectContaining({ reaction: "retry", code: "too-many" }) as Error;

test("a token may spend what it has saved up, then goes on at its rate", () => {
  let nowMs = 0;
  const throttle = makeThrottle({ ...defaultLimits, requestsPerSecond: 2, burst: 3 }, () => nowMs);
  const take = (): void => throttle.take(vm("db"));
  for (let count = 0; count < 3; count++) take();
  expect(take).toThrow(tooMany);
  throttle.take(vm("web"));
  throttle.take({ kind: "operator", stack: "shop" });
  nowMs += 500;
  take();
  expect(take).toThrow(tooMany);
  nowMs += 60_000;
  for (let count = 0; count < 3; count++) take();
  expect(take).toThrow(tooMany);
});

test("a connection too many is refused until another one ends", () => {
  const throttle = makeThrottle({ ...defaultLimits, vmConnections: 2 });
  const leave = throttle.enter(vm("db"));
  throttle.enter(vm("db"));
  expect(() => throttle.enter(vm("db"))).toThrow(tooMany);
  throttle.enter(vm("web"));
  leave();
  leave();
  throttle.enter(vm("db"));
  expect(() => throttle.enter(vm("db"))).toThrow(tooMany);
});

test("what a token owes is not forgotten while others come and go", () => {
  const throttle = makeThrottle({ ...defaultLimits, requestsPerSecond: 1, burst: 1 }, () => 0);
  throttle.take(vm("db"));
  for (let count = 0; count < 5000; count++) throttle.enter(vm(`web${count}`))();
  expect(() => throttle.take(vm("db"))).toThrow(tooMany);
});
