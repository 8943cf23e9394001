// Which vm of its name this is: a random name made at the first start and kept with the state. A vm that replaces it has another one.
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Returns the instance whose state is in `folder`; it is on the disk before anybody hears of it. */
export function readInstance(folder: string): string {
  const path = join(folder, "instance");
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const instance = randomBytes(16).toString("hex");
  const file = openSync(`${path}.new`, "w", 0o600);
  writeSync(file, `${instance}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.new`, path);
  return instance;
}
