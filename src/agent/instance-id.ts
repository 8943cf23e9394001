// Which vm of its name this is: a random name made at the first start and kept with the state. A vm that replaces it has another one.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { readKept, writeKept } from "./kept-file.ts";

/** Returns the instance whose state is in `folder`; it is on the disk before anybody hears of it. */
export function readInstance(folder: string): string {
  const path = join(folder, "instance.json");
  const known = (readKept(path) as { instance: string } | undefined)?.instance;
  if (known !== undefined) return known;
  const instance = randomBytes(16).toString("hex");
  writeKept(path, { instance });
  return instance;
}
