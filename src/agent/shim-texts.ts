// The texts of shims: the programs in Ruby and Python in tools/ that run inside a tool. bin/build.js puts them into the bundles.
import { readFileSync } from "node:fs";

/** Returns the text of the file `name` of tools/. */
export function shimText(name: string): string {
  return readFileSync(new URL(`./tools/${name}`, import.meta.url), "utf8");
}
