// Tests against real engines run where these are installed; elsewhere they are skipped loudly, or fail when REQUIRE_ENGINES=1.
import { describe, test } from "vitest";

/** Runs `define` unless `missing` says why it cannot. */
export function withEngine(name: string, missing: string | undefined, define: () => void): void {
  if (missing === undefined) return define();
  if (process.env["REQUIRE_ENGINES"] === "1") {
    test(`${name} is there, as REQUIRE_ENGINES=1 demands`, () => {
      throw new Error(missing);
    });
    return;
  }
  process.stderr.write(`\nSKIPPED: all tests over ${name}: ${missing}\n\n`);
  describe.skip(name, () => {
    test(missing, () => {});
  });
}
