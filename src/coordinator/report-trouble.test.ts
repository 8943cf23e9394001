import { expect, test } from "vitest";
import { Failure } from "../model/failure.ts";
import { openLocalStore } from "./local-store.ts";
import { reportTrouble } from "./report-trouble.ts";

test("each reason in a row is told once, and that it is over; a caller's own mistake is not", async () => {
  const store = openLocalStore();
  let failure: Failure | undefined;
  const said: string[] = [];
  const read = (key: string) => (failure === undefined ? store.read(key) : Promise.reject(failure));
  const coordinator = reportTrouble({ ...store, read }, (text) => said.push(text));

  failure = new Failure("retry", "disk-full", "the disk is full: free some space");
  for (let tries = 0; tries < 3; tries++) await expect(coordinator.read("key")).rejects.toBe(failure);
  failure = new Failure("retry", "unreachable", "it is away");
  await expect(coordinator.read("key")).rejects.toBe(failure);
  failure = undefined;
  await coordinator.read("key");
  await coordinator.read("key");
  await expect(coordinator.write("key", "x".repeat(2 ** 21), "any")).rejects.toMatchObject({ code: "too-large" });
  expect(said).toEqual(["the disk is full: free some space", "it is away", "the coordinator serves again"]);
});
