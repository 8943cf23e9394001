import { expect, test } from "vitest";
import type { RoleLog } from "../model/status.ts";
import { newPart } from "./follow-log.ts";

function log(text: string, more: Partial<RoleLog> = {}): RoleLog {
  return { id: "db.mysql", attempt: 1, skippedBytes: 0, text, ended: false, ...more };
}

test.for([
  { what: "the first of a log is all of it", before: undefined, now: log("a\n"), text: "a\n", gap: false },
  {
    what: "the end of a long one has a gap before it",
    before: undefined,
    now: log("z\n", { skippedBytes: 9 }),
    text: "z\n",
    gap: true,
  },
  { what: "what has grown is its new part", before: log("a\nb"), now: log("a\nbc\n"), text: "c\n", gap: false },
  { what: "another attempt begins anew", before: log("a\n"), now: log("a\nb\n", { attempt: 2 }), text: "a\nb\n", gap: false },
  {
    what: "an end that has moved goes on where the last one ended",
    before: log("x\nb\nx\nc\n"),
    now: log("x\nc\nd\n", { skippedBytes: 4 }),
    text: "d\n",
    gap: false,
  },
  {
    what: "one that has moved too far has a gap",
    before: log("a\n"),
    now: log("y\nz\n", { skippedBytes: 99 }),
    text: "y\nz\n",
    gap: true,
  },
  {
    what: "what is masked later is said again from there",
    before: log("key 1234\n"),
    now: log("key ***\nb\n"),
    text: "***\nb\n",
    gap: false,
  },
])("$what", ({ before, now, text, gap }) => {
  expect(newPart(before, now)).toEqual({ text, gap });
});
