// Writes without end to the embedded coordinator in the directory named, and prints each key with its revision when its write is
// acknowledged. A second argument begins the keys.
import { openEmbedded } from "../../src/coordinator/backends/embedded.ts";

const coordinator = openEmbedded(process.argv[2] as string);
const prefix = process.argv[3] ?? "contract/load";
let next = 0;

async function writeOn(): Promise<void> {
  for (;;) {
    const key = `${prefix}/${next++}`;
    const result = await coordinator.write(key, "x".repeat(100), "absent");
    if (!result.written) throw new Error(`${key} is there already`);
    process.stdout.write(`${key} ${result.revision}\n`);
  }
}

await Promise.all([writeOn(), writeOn(), writeOn(), writeOn()]);
