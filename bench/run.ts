// npm run bench [NAME...]: the measurements that a person can repeat; docs/benchmarks.md has their figures.
import { measureBoot } from "./boot.ts";
import { measureCheck } from "./check.ts";
import { measureCoordinators } from "./coordinators.ts";
import { measureEvents } from "./events.ts";
import { measureHop } from "./hop.ts";
import { measureMakespan } from "./makespan.ts";
import { measureOverhead } from "./overhead.ts";
import { measurePage } from "./page.ts";
import { measureReaders } from "./readers.ts";
import { measureTools } from "./tools.ts";

const measurements: Record<string, () => Promise<void>> = {
  hop: measureHop,
  events: measureEvents,
  coordinators: measureCoordinators,
  overhead: measureOverhead,
  makespan: measureMakespan,
  check: measureCheck,
  readers: measureReaders,
  boot: measureBoot,
  tools: measureTools,
  page: measurePage,
};
const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(measurements)) {
  const measure = measurements[name];
  if (measure === undefined) throw new Error(`no measurement ${name}: there are ${Object.keys(measurements).join(", ")}`);
  process.stdout.write(`\n${name}\n`);
  await measure();
}
