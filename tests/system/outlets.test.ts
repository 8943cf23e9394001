// What other systems take from weft: metrics of a hub, traces of a run.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json, text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../bench/engines.ts";
import { followToEnd } from "../../src/monitor/follow.ts";
import { hubToken } from "../../src/hub/tokens.ts";
import { root, StackBed } from "./stack-bed.ts";

const weft = join(root, "bin/weft.js");

async function run(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [weft, ...args], { cwd: root });
  const closed = once(child, "close") as Promise<[number]>;
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: (await closed)[0], stdout, stderr };
}

test("a hub tells Prometheus of its stacks, for its own token only", async () => {
  await using bed = new StackBed("handshake", await freePort(), undefined, ["--metrics"]);
  await bed.prepare("examples/handshake/stack.yaml");
  for (const member of ["hub", ...bed.vms]) bed.start(member);
  await followToEnd(bed.access, bed.roles, { timeoutMs: 60_000, signal: new AbortController().signal }, () => {});
  const ask = (token: string) => fetch(`${bed.access.hub}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect((await ask(bed.access.token)).status).toBe(401);
  const metrics = await (await ask(hubToken(bed.tokenKey))).text();
  expect(metrics).toContain('weft_roles{stack="handshake",state="done"} 6');
  expect(metrics).toContain('weft_vms_present{stack="handshake"} 2');
  expect(metrics).toMatch(/weft_hub_connections 2\b/);
  expect(metrics).toContain("process_resident_memory_bytes");
});

interface Received {
  resourceSpans: {
    scopeSpans: { spans: { name: string; spanId: string; parentSpanId?: string; links?: { spanId: string }[] }[] }[];
  }[];
}

test("a run is sent as a trace, and a refusal is told", async () => {
  const received: Received[] = [];
  let status = 200;
  const collector = createServer((request, response) => {
    void json(request).then((body) => {
      received.push(body as Received);
      response.writeHead(status, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void collector.close());
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const folder = mkdtempSync(join(tmpdir(), "weft-trace-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const record = join(folder, "run.jsonl");
  expect((await run("up", "examples/handshake/stack.yaml", "--record", record)).status).toBe(0);

  expect(await run("trace", "--replay", record, "--endpoint", endpoint)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("spans sent to"),
  });
  const spans = received.flatMap((body) =>
    body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
  );
  const find = (name: string) => spans.find((span) => span.name === name);
  expect(find("vmA.a1")?.parentSpanId).toBe(find("stack run")?.spanId);
  expect(find("vmB.b1")?.links?.map(({ spanId }) => spanId)).toEqual([find("vmA.a1")?.spanId]);

  status = 400;
  const refused = await run("trace", "--replay", record, "--endpoint", endpoint);
  expect(refused).toMatchObject({ status: 4, stderr: expect.stringContaining(`${endpoint} does not take the spans`) });
});
