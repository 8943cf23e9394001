import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeMessage, encodeMessage, type Field, readMessage, readMessages, readNumber, readText } from "./etcd-protobuf.ts";

test("what was encoded is read back, whatever it is", () => {
  const value = fc.oneof(fc.string({ unit: "binary" }), fc.maxSafeNat());
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), value)), (fields) => {
      const message = decodeMessage(encodeMessage(...fields));
      const read = [...message].flatMap(([number, values]) =>
        values.map((one): Field => [number, typeof one === "number" ? one : one.toString()]),
      );
      const ordered = [...new Set(fields.map(([number]) => number))].flatMap((number) =>
        fields.filter((field) => field[0] === number),
      );
      expect(read).toEqual(ordered);
    }),
  );
});

test("bytes are what the format's own examples say", () => {
  expect(encodeMessage([1, 150]).toString("hex")).toBe("089601");
  expect(encodeMessage([2, "testing"]).toString("hex")).toBe("120774657374696e67");
  expect(encodeMessage([3, encodeMessage([1, 150])]).toString("hex")).toBe("1a03089601");
});

test("a field that was left out has its type's zero value", () => {
  const message = decodeMessage(Buffer.alloc(0));
  expect([readNumber(message, 1), readText(message, 1), readMessages(message, 1)]).toEqual([0, "", []]);
  expect(readMessage(message, 1).size).toBe(0);
});

test("a message that is cut off is a bug that shows", () => {
  expect(() => decodeMessage(Buffer.from("08", "hex"))).toThrow("in the middle");
});
