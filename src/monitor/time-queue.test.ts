import * as fc from "fast-check";
import { expect, test } from "vitest";
import { TimeQueue } from "./time-queue.ts";

test("what is put in comes out by time, and in the order of putting among equals", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (times) => {
      const queue = new TimeQueue<number>();
      times.forEach((timeMs, index) => queue.push(timeMs, index));
      const out = times.map(() => queue.pop());
      const expected = times
        .map((timeMs, index) => ({ timeMs, index }))
        .sort((left, right) => left.timeMs - right.timeMs || left.index - right.index);
      expect(out.map((item) => item?.value)).toEqual(expected.map(({ index }) => index));
      expect(queue.pop()).toBeUndefined();
    }),
  );
});
