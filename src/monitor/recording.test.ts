import { expect, test } from "vitest";
import { parseRecording } from "./recording.ts";

test("events are played in the order of their times", () => {
  const text = [
    { type: "role", id: "db.mysql", state: "running", atMs: 20, attempt: 1, waitingFor: [] },
    { type: "vm", vm: "db", present: true, atMs: 10, instance: "i", address: "a", startedMs: 10 },
    { type: "vm", vm: "db", present: false, atMs: 30 },
  ];
  expect(parseRecording(`${text.map((line) => JSON.stringify(line)).join("\n")}\n`).map(({ event }) => event)).toEqual([
    { type: "vm", vm: "db", present: true, presence: { vm: "db", atMs: 10, instance: "i", address: "a", startedMs: 10 } },
    { type: "role", status: { id: "db.mysql", state: "running", atMs: 20, attempt: 1, waitingFor: [] } },
    { type: "vm", vm: "db", present: false },
  ]);
});

test.for(["no JSON", "7", '{"type":"role"}', '{"type":"other","atMs":1}'])("a line %s is named", (line) => {
  expect(() => parseRecording(`{"type":"cell","atMs":1,"cell":"a.b.c"}\n${line}\n`)).toThrow("line 2 is no event");
});
