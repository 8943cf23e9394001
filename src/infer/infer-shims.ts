// The texts of the programs in shims/, which run inside a tool while its reads and writes are inferred. bin/build.js puts them into the bundle.
import { readFileSync } from "node:fs";

/** Returns the text of the file `name` of shims/. */
export function inferShim(name: string): string {
  return readFileSync(new URL(`./shims/${name}`, import.meta.url), "utf8");
}
