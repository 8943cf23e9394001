// Writes without end to the embedded coordinator in the directory named, and prints each key when its write is acknowledged.
import { openEmbedded } from "../../src/coordinator/backends/embedded.ts";

const coordinator = openEmbedded(process.argv[2] as string);
let next = 0;

async function writeOn(): Promise<void> {
  for (;;) {
    const key = `contract/load/${next++}`;
    await coordinator.write(key, "x".repeat(100), "absent");
    process.stdout.write(`${key}\n`);
  }
}

await Promise.all([writeOn(), writeOn(), writeOn(), writeOn()]);
