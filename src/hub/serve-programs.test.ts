// Programs for vms over a real hub: whole, the rest of one, and what has not changed.
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openLocalStore } from "../coordinator/local-store.ts";
import { openHub } from "./hub.ts";

async function serve(bytes: Buffer): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "weft-programs-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "agent.cjs");
  writeFileSync(path, bytes);
  const listen = { host: "127.0.0.1", port: 0 };
  const hub = await openHub({ listen, coordinator: openLocalStore(), tokenKey: "key", programs: { "agent.cjs": path } });
  onTestFinished(() => hub.close());
  return `${hub.url}/agent`;
}

test("a vm fetches a program without a token, and its digest comes with it", async () => {
  const bytes = randomBytes(300_000);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const url = await serve(bytes);
  const answer = await fetch(`${url}/agent.cjs`);
  expect({ status: answer.status, tag: answer.headers.get("etag") }).toEqual({ status: 200, tag: `"${digest}"` });
  expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  expect((await fetch(`${url}/agent.cjs`, { headers: { "if-none-match": `"${digest}"` } })).status).toBe(304);
});

test("whoever was cut off asks for the rest, and gets the whole when it is another program by now", async () => {
  const bytes = randomBytes(1000);
  const url = await serve(bytes);
  const rest = await fetch(`${url}/agent.cjs`, { headers: { range: "bytes=600-" } });
  expect({ status: rest.status, range: rest.headers.get("content-range") }).toEqual({ status: 206, range: "bytes 600-999/1000" });
  expect(Buffer.from(await rest.arrayBuffer()).equals(bytes.subarray(600))).toBe(true);
  const other = await fetch(`${url}/agent.cjs`, { headers: { range: "bytes=600-", "if-range": '"another"' } });
  expect({ status: other.status, length: other.headers.get("content-length") }).toEqual({ status: 200, length: "1000" });
  expect((await fetch(`${url}/agent.cjs`, { headers: { range: "bytes=1000-" } })).status).toBe(416);
});

test.for<[number, string, string]>([
  [404, "node-linux-x64", "GET"],
  [404, "__proto__", "GET"],
  [404, "..%2Fsecret", "GET"],
  [405, "agent.cjs", "PUT"],
])("%i for %s by %s", async ([status, name, method]) => {
  expect((await fetch(`${await serve(Buffer.from("x"))}/${name}`, { method })).status).toBe(status);
});
