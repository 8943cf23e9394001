import { assert, array, integer, property, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import { frame, splitFrames } from "./zookeeper-wire.ts";

test("messages come out whole, however the stream is cut", () => {
  assert(
    property(array(uint8Array({ maxLength: 40 })), integer({ min: 1, max: 50 }), (messages, step) => {
      const stream = Buffer.concat(messages.map((message) => frame(Buffer.from(message))));
      const seen: Buffer[] = [];
      const split = splitFrames((message) => void seen.push(Buffer.from(message)));
      for (let offset = 0; offset < stream.length; offset += step) split(stream.subarray(offset, offset + step));
      expect(seen).toEqual(messages.map((message) => Buffer.from(message)));
    }),
  );
});

test("what is no ZooKeeper is told by its first bytes", () => {
  const split = splitFrames(() => {});
  expect(() => split(Buffer.from("HTTP/1.1 400 Bad Request\r\n"))).toThrow(RangeError);
});
