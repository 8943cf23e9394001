// A public synthetic deployment, one server and twelve dependencies, wall clock against its critical path.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
/** dep1.install 14.07 s, then server.config1 19.12 s, then server.run 1.4 s. */
const boundMs = 34_590;

/** Runs the stack once with `weft up` and prints its makespan beside the bound. */
export async function measureMakespan(): Promise<void> {
  const child = spawn(process.execPath, [join(root, "bin/weft.js"), "up", join(root, "bench/concerto-t0.yaml"), "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let last = "";
  let buffer = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (buffer + chunk).split("\n");
    buffer = lines.pop() as string;
    last = lines.findLast((line) => line !== "") ?? last;
  });
  await once(child, "close");
  const done = JSON.parse(last) as { ok: boolean; makespanMs: number; criticalPathMs: number };
  if (!done.ok) throw new Error(`the run failed: ${last}`);
  process.stdout.write(
    `concerto-t0: makespan ${done.makespanMs} ms, bound ${boundMs} ms, ratio ${(done.makespanMs / boundMs).toFixed(4)} (at most 1.03)\n`,
  );
  process.stdout.write(`  of which the roles themselves: critical path ${done.criticalPathMs} ms\n`);
}
