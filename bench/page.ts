// The hub's page at 1,000 vms in a real browser: first paint, and whether 60 changes a second let it stall.
import { join } from "node:path";
import { openDataflow } from "../src/coordinator/dataflow.ts";
import { openLocalStore } from "../src/coordinator/local-store.ts";
import { openHub } from "../src/hub/hub.ts";
import { operatorToken } from "../src/hub/tokens.ts";
import type { RoleStatus, VmOutline } from "../src/model/status.ts";
import { startChromium } from "../tests/engines/chromium.ts";

const vms = 1000;
const changesPerSecond = 60;
const seconds = 8;
const databases = 10;
/** A database that all who read it still wait for. */
const slow = 7;
const scope = { stack: "large", generation: "g1" };
const tokenKey = "a key for the bench only";

/** Prints the figures; the environment variable WEFT_SCREENSHOT names a PNG file to make half-way. */
export async function measurePage(screenshot = process.env["WEFT_SCREENSHOT"]): Promise<void> {
  const coordinator = openLocalStore();
  const dataflow = openDataflow(coordinator, scope);
  await coordinator.write(`${scope.stack}/generations/${scope.generation}`, "1", "absent");
  const startMs = Date.now() - 60_000;
  for (let index = 0; index < vms; index++) {
    await dataflow.outline(outlineOf(index, startMs));
    await dataflow.join(
      { vm: vmName(index), instance: "i", address: `10.0.${index >> 8}.${index & 255}`, startedMs: startMs },
      new AbortController().signal,
    );
    await dataflow.report(installStatus(index, startMs));
    await dataflow.report(serveStatus(index, index === slow ? "running" : index < databases ? "done" : "waiting", startMs));
  }
  const page = join(import.meta.dirname, "../dist/page.html");
  await using hub = await openHub({ listen: { host: "127.0.0.1", port: 0 }, coordinator, tokenKey, page });
  const browser = await startChromium();
  try {
    const view = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await view.goto(`${hub.url}/#stack=large&token=${operatorToken(tokenKey, "large")}`);
    await view.getByText(`of ${2 * vms} roles`).waitFor();
    const paintMs = (await view.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")) as number;
    await view.evaluate(`
      window.frames_ = [];
      let last = performance.now();
      const next = (now) => { window.frames_.push(now - last); last = now; requestAnimationFrame(next); };
      requestAnimationFrame(next);`);
    const changing = Array.from({ length: vms }, (_, index) => index).filter(
      (index) => index >= databases && index % databases !== slow && isInstalled(index),
    );
    for (let turn = 0; turn < seconds * changesPerSecond; turn++) {
      const index = changing[((turn >> 1) * 7) % changing.length] as number;
      await dataflow.report(serveStatus(index, turn % 2 === 0 ? "running" : "done", startMs));
      await new Promise((resolve) => setTimeout(resolve, 1000 / changesPerSecond));
      if (screenshot !== undefined && turn === 240) await view.screenshot({ path: screenshot });
    }
    const gaps = ((await view.evaluate("window.frames_")) as number[]).toSorted((left, right) => left - right);
    const at = (share: number): string => `${(gaps[Math.floor(gaps.length * share)] ?? 0).toFixed(0)} ms`;
    process.stdout.write(`first contentful paint ${paintMs.toFixed(0)} ms\n`);
    process.stdout.write(
      `${vms} vms, ${changesPerSecond} changes a second: between frames p50 ${at(0.5)}, p95 ${at(0.95)}, longest ${at(1 - 1e-9)}\n`,
    );
  } finally {
    await browser.close();
  }
}

function vmName(index: number): string {
  return index < databases ? `db-${index}` : `app[${index - databases}]`;
}

function outlineOf(index: number, atMs: number): VmOutline {
  const vm = vmName(index);
  const cell = `${vm}.serve.url`;
  const reads = index < databases ? [] : [{ cell: `db-${index % databases}.serve.url` }];
  const input = { name: "DATABASE", when: "eager" as const, secret: false, reads };
  const role = { tool: "script", after: [] };
  return {
    vm,
    atMs,
    order: "listed",
    roles: [
      { ...role, id: `${vm}.install`, inputs: [], outputs: [] },
      {
        ...role,
        id: `${vm}.serve`,
        inputs: [input],
        outputs: [{ name: "url", cell, type: "string", secret: false, publish: "on_success" }],
      },
    ],
  };
}

const isInstalled = (index: number): boolean => index < databases || index % 3 > 0;

function installStatus(index: number, startMs: number): RoleStatus {
  const id = `${vmName(index)}.install`;
  const startedMs = startMs + (index % 50) * 100;
  const endedMs = startedMs + 9000 + ((index * 37) % 40) * 500;
  const base = { id, attempt: 1, waitingFor: [], startedMs, blockedMs: 0 };
  return isInstalled(index) ? { ...base, state: "done", atMs: endedMs, endedMs } : { ...base, state: "running", atMs: startedMs };
}

function serveStatus(index: number, state: "waiting" | "running" | "done", startMs: number): RoleStatus {
  const id = `${vmName(index)}.serve`;
  const [nowMs, readyMs] = [Date.now(), startMs + 30_000];
  const cell = `db-${index % databases}.serve.url`;
  if (state === "waiting") {
    const waitingFor = isInstalled(index) ? [{ cell, sinceMs: readyMs }] : [];
    return { id, state, atMs: nowMs, attempt: 0, waitingFor };
  }
  const startedMs = index < databases ? readyMs : nowMs - 4000;
  const base = { id, attempt: 1, waitingFor: [], startedMs, blockedMs: 0 };
  return state === "done" ? { ...base, state, atMs: nowMs, endedMs: nowMs } : { ...base, state, atMs: nowMs };
}
