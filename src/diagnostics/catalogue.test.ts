import { expect, test } from "vitest";
import { catalogue } from "./catalogue.ts";

test.for(Object.keys(catalogue))("code %s is made of words", (code) => {
  expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
});

test.for(Object.entries(catalogue))("%s is explained in whole sentences", ([, row]) => {
  expect(row.why.length).toBeGreaterThan(40);
  expect(row.why).toMatch(/[.)]$/);
});
