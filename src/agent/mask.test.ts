import { expect, test } from "vitest";
import { maskSecrets, secretTexts } from "./mask.ts";

test.for([
  { what: "a text", secret: "hunter22", text: "password=hunter22;", masked: "password=***;" },
  { what: "a text as JSON has it", secret: 'say "yes"', text: '{"password":"say \\"yes\\""}', masked: '{"password":"***"}' },
  {
    what: "a part of a map",
    secret: { user: "root", keys: ["abcdef"] },
    text: "using abcdef as root",
    masked: "using *** as ***",
  },
  { what: "a number", secret: 481516, text: "pin 481516", masked: "pin ***" },
  { what: "one line of several", secret: "-----KEY\nabcdef\n", text: "abcdef", masked: "***" },
  { what: "a text too short to tell", secret: "abc", text: "abcdef", masked: "abcdef" },
])("$what is masked", ({ secret, text, masked }) => {
  expect(maskSecrets(text, secretTexts(secret))).toBe(masked);
});

test("a secret inside another leaves nothing of the longer one", () => {
  expect(maskSecrets("token-12345", ["token", "token-12345"])).toBe("***");
});
