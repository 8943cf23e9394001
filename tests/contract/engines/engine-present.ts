// Tests against real engines run where these are installed; elsewhere they are skipped loudly, or fail when REQUIRE_ENGINES=1.
import { describe, test } from "vitest";

/** Runs `define` unless `missing` says why it cannot; what the kernel refuses, `refused`, no installation would bring, so nothing demands it. */
export function withEngine(name: string, missing: string | undefined, define: () => void, refused?: string): void {
  if (missing === undefined && refused === undefined) return define();
  if (missing !== undefined && process.env["REQUIRE_ENGINES"] === "1") {
    test(`${name} is there, as REQUIRE_ENGINES=1 demands`, () => {
      throw new Error(missing);
    });
    return;
  }
  const reason = [missing, refused].filter((one) => one !== undefined).join("; ");
  process.stderr.write(`\nSKIPPED: all tests over ${name}: ${reason}\n\n`);
  describe.skip(name, () => {
    test(reason, () => {});
  });
}
