// The hub over a memory coordinator: plain HTTP, events, and agents' sockets across a restart.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type HubClient, openHubClient } from "../coordinator/backends/hub.ts";
import { pingIntervalMs } from "../coordinator/backends/hub-frames.ts";
import type { Coordinator } from "../coordinator/coordinator.ts";
import { openDataflow } from "../coordinator/dataflow.ts";
import { openLocalStore } from "../coordinator/local-store.ts";
import { maxValueBytes } from "../model/cell.ts";
import { Failure } from "../model/failure.ts";
import type { RoleLog, RoleStatus, VmOutline } from "../model/status.ts";
import type { Rights } from "../model/vm-plan.ts";
import { type Hub, openHub } from "./hub.ts";
import type { HubLimits } from "./throttle.ts";
import { rightsText } from "../model/rights-text.ts";
import { operatorToken, rightsTag, sha256, vmToken } from "./tokens.ts";

const tokenKey = "key";
const scope = { stack: "shop", generation: "g1" };
const operator = operatorToken(tokenKey, "shop");
const dbRights: Rights = { read: [], write: ["db.mysql.port", "db.mysql.host"], choose: [] };
const webRights: Rights = { read: ["db.mysql.port", "db.mysql.host"], write: ["wéb.app.url"], choose: ["app"] };

async function startHub(coordinator: Coordinator = openLocalStore(), port = 0, limits: Partial<HubLimits> = {}): Promise<Hub> {
  const hub = await openHub({ listen: { host: "127.0.0.1", port }, coordinator, tokenKey, limits });
  onTestFinished(() => hub.close());
  return hub;
}

async function connectVm(urls: string[], vm: string, rights: Rights): Promise<HubClient> {
  const proofs = { token: vmToken(tokenKey, "shop", vm), tag: rightsTag(tokenKey, "shop", vm, "g1", rights) };
  const client = await openHubClient({ urls, credentials: { kind: "vm", ...scope, vm, rights, ...proofs } });
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}

function vmHeaders(vm: string, rights: Rights): Record<string, string> {
  const utf8 = (text: string): string => Buffer.from(text).toString("latin1");
  return {
    authorization: `Bearer ${vmToken(tokenKey, "shop", vm)}`,
    "x-weft-vm": utf8(vm),
    "x-weft-generation": "g1",
    "x-weft-rights": utf8(rightsText(rights)),
    "x-weft-tag": rightsTag(tokenKey, "shop", vm, "g1", rights),
  };
}

async function ask(
  hub: Hub,
  path: string,
  init: RequestInit & { token?: string } = {},
): Promise<{ status: number; body: unknown }> {
  const { token = operator, ...rest } = init;
  const answer = await fetch(`${hub.url}${path}`, { headers: { authorization: `Bearer ${token}` }, ...rest });
  return { status: answer.status, body: await answer.json() };
}

const portPath = "/v1/stacks/shop/cells/db.mysql.port";
const portOfG1 = `${portPath}?generation=g1`;

test("a hub says that it is well", async () => {
  expect(await ask(await startHub(), "/healthz", { token: "" })).toEqual({ status: 200, body: { ok: true } });
});

test("an operator puts and gets a cell over plain HTTP", async () => {
  const hub = await startHub();
  expect(await ask(hub, portOfG1)).toEqual({ status: 202, body: { state: "pending" } });
  expect(await ask(hub, `${portOfG1}&wait=0.01`)).toEqual({ status: 202, body: { state: "pending" } });
  expect(await ask(hub, portOfG1, { method: "PUT", body: "3306" })).toMatchObject({
    status: 201,
    body: { value: 3306, by: "operator" },
  });
  expect(await ask(hub, portOfG1, { method: "PUT", body: " 3306\n" })).toMatchObject({ status: 200 });
  expect(await ask(hub, portOfG1, { method: "PUT", body: "3307" })).toMatchObject({
    status: 409,
    body: { error: expect.stringContaining("db.mysql.port") },
  });
  expect(await ask(hub, portOfG1)).toMatchObject({ status: 200, body: { state: "value", value: 3306 } });
});

test("a vm uses plain HTTP with its rights in headers, whatever its name", async () => {
  const hub = await startHub();
  const headers = vmHeaders("wéb", webRights);
  const url = `/v1/stacks/shop/cells/${encodeURIComponent("wéb.app.url")}`;
  expect(await ask(hub, url, { method: "PUT", body: '"http://x"', headers })).toMatchObject({
    status: 201,
    body: { by: "wéb.app" },
  });
  expect(await ask(hub, portPath, { headers })).toMatchObject({ status: 202 });
  expect(await ask(hub, portPath, { method: "PUT", body: "1", headers })).toMatchObject({
    status: 403,
    body: { hint: expect.any(String) },
  });
  expect(await ask(hub, "/v1/stacks/shop/status", { headers })).toMatchObject({ status: 403 });
  expect(await ask(hub, `${portPath}?generation=g2`, { headers })).toMatchObject({ status: 403 });
  expect(await ask(hub, portPath, { headers: { ...headers, "x-weft-tag": "0" } })).toMatchObject({ status: 401 });
  expect(await ask(hub, portPath, { headers: { ...headers, "x-weft-rights": "[]" } })).toMatchObject({ status: 401 });
});

const wrongRequests: [number, string, RequestInit & { token?: string }][] = [
  [401, portOfG1, { token: "wrong" }],
  [401, portOfG1, { headers: {} }],
  [400, portOfG1, { method: "PUT", body: "not JSON" }],
  [400, portOfG1, { method: "PUT", body: "null" }],
  [400, `${portOfG1}&wait=soon`, {}],
  [400, "/v1/stacks/%ff/status", {}],
  [400, "/v1/stacks/shop/cells/nonsense?generation=g1", { method: "PUT", body: "1" }],
  [404, portPath, {}],
  [404, "/v1/stacks/shop/status", {}],
  [404, "/v1/stacks/shop", {}],
  [404, "/else", {}],
  [404, "//", {}],
  [405, portOfG1, { method: "DELETE" }],
  [413, portOfG1, { method: "PUT", body: JSON.stringify("x".repeat(maxValueBytes)) }],
  [
    413,
    portOfG1,
    {
      method: "PUT",
      body: JSON.stringify(Array.from({ length: 40_000 }, () => 1e20)).replaceAll("100000000000000000000", "1e20"),
    },
  ],
];

// Some bodies are too long to be part of a name.
const namedRequests = wrongRequests.map(([status, path, init]) => ({
  status,
  path,
  init,
  asked: JSON.stringify(init).slice(0, 60),
}));

test.for(namedRequests)("$status for $path $asked, said in JSON", async ({ status, path, init }) => {
  expect(await ask(await startHub(), path, init)).toEqual({
    status,
    body: expect.objectContaining({ error: expect.any(String) }),
  });
});

test("a long poll wakes when the cell is settled, and ends when the hub closes", async () => {
  const coordinator = openLocalStore();
  const hub = await startHub(coordinator);
  const poll = ask(hub, `${portOfG1}&wait=60`);
  const open = ask(hub, "/v1/stacks/shop/cells/db.mysql.host?generation=g1&wait=60").catch(() => "cut");
  const record = { state: "value", value: 3306, by: "db.mysql", attempt: 1, atMs: 1 } as const;
  await openDataflow(coordinator, scope).publish("db.mysql.port", record);
  expect(await poll).toEqual({ status: 200, body: record });
  await hub.close();
  expect(await open).toBe("cut");
});

test("the status document tells roles, vms and cells of the newest generation, and no values", async () => {
  const hub = await startHub();
  const client = await connectVm([hub.url], "db", dbRights);
  const dataflow = openDataflow(client, scope);
  await dataflow.publish("db.mysql.port", { state: "value", value: "a secret", by: "db.mysql", attempt: 2, atMs: 5 });
  const role: RoleStatus = { id: "db.mysql", state: "done", atMs: 6, attempt: 2, waitingFor: [] };
  await dataflow.report(role);
  const presence = { vm: "db", instance: "i", address: "127.0.0.1", startedMs: 1 };
  await dataflow.join(presence, new AbortController().signal);
  const outline: VmOutline = { vm: "db", atMs: 1, order: "listed", roles: [] };
  await dataflow.outline(outline);
  const cell = { cell: "db.mysql.port", state: "value", by: "db.mysql", atMs: 5, attempt: 2, sha256: sha256('"a secret"') };
  expect(await ask(hub, "/v1/stacks/shop/status")).toEqual({
    status: 200,
    body: { ...scope, roles: [role], vms: [presence], cells: [cell], outlines: [outline] },
  });
});

test("the event stream waits for the first generation, then gives a snapshot and every change", async () => {
  const hub = await startHub();
  const stream = await fetch(`${hub.url}/v1/stacks/shop/events`, { headers: { authorization: `Bearer ${operator}` } });
  const next = readEvents(stream);
  const client = await connectVm([hub.url], "db", dbRights);
  expect(await next()).toEqual(["snapshot", { ...scope, roles: [], vms: [], cells: [], outlines: [] }]);
  const dataflow = openDataflow(client, scope);
  const presence = { vm: "db", instance: "i", address: "127.0.0.1", startedMs: 1 };
  await dataflow.join(presence, new AbortController().signal);
  expect(await next()).toEqual(["vm", { vm: "db", present: true, presence }]);
  const outline: VmOutline = { vm: "db", atMs: 2, order: "listed", roles: [] };
  await dataflow.outline(outline);
  expect(await next()).toEqual(["outline", outline]);
  await dataflow.publish("db.mysql.port", { state: "failed", error: "a secret", origin: "db.mysql", by: "db.mysql", atMs: 5 });
  expect(await next()).toEqual(["cell", { cell: "db.mysql.port", state: "failed", by: "db.mysql", atMs: 5 }]);
  await dataflow.report({ id: "db.mysql", state: "failed", atMs: 6, attempt: 1, waitingFor: [] });
  expect(await next()).toEqual(["role", { id: "db.mysql", state: "failed", atMs: 6, attempt: 1, waitingFor: [] }]);
  await client[Symbol.asyncDispose]();
  expect(await next()).toEqual(["vm", { vm: "db", present: false }]);
});

test("the operator reads the end of a role's log, and follows it", async () => {
  const hub = await startHub();
  const client = await connectVm([hub.url], "db", dbRights);
  const dataflow = openDataflow(client, scope);
  const path = "/v1/stacks/shop/logs/db.mysql";
  expect(await ask(hub, path)).toMatchObject({ status: 404, body: { error: "there is no log of db.mysql" } });
  const next = readEvents(await fetch(`${hub.url}${path}?follow`, { headers: { authorization: `Bearer ${operator}` } }));
  const log: RoleLog = { id: "db.mysql", attempt: 1, skippedBytes: 0, text: "a\n", ended: false };
  await dataflow.sendLog(log);
  expect(await next()).toEqual(["log", log]);
  await dataflow.sendLog({ ...log, text: "a\nb\n", ended: true });
  expect(await next()).toEqual(["log", { ...log, text: "a\nb\n", ended: true }]);
  expect(await ask(hub, path)).toEqual({ status: 200, body: { ...log, text: "a\nb\n", ended: true } });
  const asVm = await fetch(`${hub.url}${path}`, { headers: vmHeaders("db", dbRights) });
  expect(asVm.status).toBe(403);
});

test("the event stream begins again when a newer generation comes, and can be held to one", async () => {
  const coordinator = openLocalStore();
  const hub = await startHub(coordinator);
  await coordinator.write("shop/generations/g1", "1", "absent");
  const authorized = { headers: { authorization: `Bearer ${operator}` } };
  const newest = readEvents(await fetch(`${hub.url}/v1/stacks/shop/events`, authorized));
  const held = readEvents(await fetch(`${hub.url}/v1/stacks/shop/events?generation=g1`, authorized));
  expect(await newest()).toMatchObject(["snapshot", { generation: "g1" }]);
  expect(await held()).toMatchObject(["snapshot", { generation: "g1" }]);
  await coordinator.write("shop/generations/g2", "2", "absent");
  expect(await newest()).toMatchObject(["snapshot", { generation: "g2" }]);
  await coordinator.write("shop/g1/roles/db.mysql", "no JSON", "any");
  await coordinator.write("shop/g1/roles/db.mysql", '{"id":"db.mysql"}', "any");
  expect(await held()).toEqual(["role", { id: "db.mysql" }]);
});

test("an agent's read is woken by another agent's write, and strangers are refused", async () => {
  const hub = await startHub();
  const db = await connectVm([hub.url], "db", dbRights);
  const web = await connectVm([hub.url], "wéb", webRights);
  expect(web.address()).toBe("127.0.0.1");
  const read = openDataflow(web, scope).settled("db.mysql.port");
  const record = { state: "value", value: 3306, by: "db.mysql", attempt: 1, atMs: 1 } as const;
  await openDataflow(db, scope).publish("db.mysql.port", record);
  expect(await read).toEqual(record);
  await expect(openDataflow(web, scope).publish("db.mysql.port", record)).rejects.toMatchObject({
    reaction: "give-up",
    code: "forbidden",
  });
  await expect(openDataflow(db, scope).settled("wéb.app.url")).rejects.toMatchObject({ code: "forbidden" });
  await expect(
    openHubClient({ urls: [hub.url], credentials: { kind: "operator", stack: "shop", token: "wrong" } }),
  ).rejects.toMatchObject({
    reaction: "give-up",
    code: "unauthorized",
  });
});

test("a hub that restarts in mid-wait loses neither waits nor writes nor presence", async () => {
  const coordinator = openLocalStore();
  const first = await startHub(coordinator);
  const web = await connectVm([first.url], "wéb", webRights);
  const db = await connectVm([first.url], "db", dbRights);
  const [fromDb, fromWeb] = [openDataflow(db, scope), openDataflow(web, scope)];
  await fromDb.join({ vm: "db", instance: "i", address: "", startedMs: 1 }, new AbortController().signal);
  const reads = [fromWeb.settled("db.mysql.port"), fromWeb.settled("db.mysql.host")];
  const record = { state: "value", value: 3306, by: "db.mysql", attempt: 1, atMs: 1 } as const;
  const before = await coordinator.read("shop/g1/vms/db");
  await first.close();
  await openDataflow(coordinator, scope).publish("db.mysql.port", record);
  const write = fromDb.publish("db.mysql.host", record);
  const second = await startHub(coordinator, first.port);
  expect(second.url).toBe(first.url);
  expect(await Promise.all(reads)).toEqual([record, record]);
  expect(await write).toBe("written");
  const after = await coordinator.read("shop/g1/vms/db");
  expect(after?.value).toBe(before?.value);
  expect(after?.revision).toBeGreaterThan(before?.revision as number);
});

test("a watch that a hub cannot take up after a reconnect, because its coordinator is away, is asked for again", async () => {
  const coordinator = openLocalStore();
  const first = await startHub(coordinator);
  const web = await connectVm([first.url], "wéb", webRights);
  const read = openDataflow(web, scope).settled("db.mysql.port");
  await web.read("shop/g1/cells/db.mysql.port");
  await first.close();
  let refusals = 1;
  const away: Coordinator = {
    ...coordinator,
    watch: async (...args) => {
      if (refusals-- > 0) throw new Failure("retry", "unreachable", "away");
      return coordinator.watch(...args);
    },
  };
  await startHub(away, first.port);
  const record = { state: "value", value: 3306, by: "db.mysql", attempt: 1, atMs: 1 } as const;
  await openDataflow(coordinator, scope).publish("db.mysql.port", record);
  expect(await read).toEqual(record);
  expect(refusals).toBeLessThan(0);
});

test("an agent moves on to the next hub when one is gone", async () => {
  const coordinator = openLocalStore();
  const [first, second] = [await startHub(coordinator), await startHub(coordinator)];
  const db = await connectVm(["http://127.0.0.1:1", first.url, second.url], "db", dbRights);
  await first.close();
  expect(await db.read("shop/g1/cells/db.mysql.port")).toBeUndefined();
});

test("a connection that went silent is given up by both sides", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const hub = await startHub();
  const relay = await startRelay(hub.port);
  const db = await connectVm([relay.url], "db", dbRights);
  const watcher = await openHubClient({ urls: [hub.url], credentials: { kind: "operator", stack: "shop", token: operator } });
  onTestFinished(() => watcher[Symbol.asyncDispose]());
  await db.join("shop/g1/vms/db", "here", new AbortController().signal);
  const before = await watcher.read("shop/g1/vms/db");
  relay.freeze();
  const read = db.read("shop/g1/cells/db.mysql.port");
  for (let intervals = 0; intervals < 3; intervals++) vi.advanceTimersByTime(pingIntervalMs);
  expect(await read).toBeUndefined();
  expect((await watcher.read("shop/g1/vms/db"))?.revision).toBeGreaterThan(before?.revision as number);
});

test("a clock that is set anew is not silence", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const hub = await startHub();
  const db = await connectVm([hub.url], "db", dbRights);
  const watcher = await openHubClient({ urls: [hub.url], credentials: { kind: "operator", stack: "shop", token: operator } });
  onTestFinished(() => watcher[Symbol.asyncDispose]());
  await db.join("shop/g1/vms/db", "here", new AbortController().signal);
  const before = await watcher.read("shop/g1/vms/db");
  vi.setSystemTime(Date.now() + 86_400_000);
  vi.advanceTimersByTime(pingIntervalMs);
  expect(await db.read("shop/g1/cells/db.mysql.port")).toBeUndefined();
  expect(await watcher.read("shop/g1/vms/db")).toEqual(before);
});

test("a client that is refused after a reconnect ends for good and says so", async () => {
  const first = await startHub();
  const db = await connectVm([first.url], "db", dbRights);
  await first.close();
  const read = db.read("shop/g1/cells/db.mysql.port");
  const other = await openHub({
    listen: { host: "127.0.0.1", port: first.port },
    coordinator: openLocalStore(),
    tokenKey: "other",
  });
  onTestFinished(() => other.close());
  await expect(read).rejects.toMatchObject({ code: "unauthorized" });
  expect(await db.ended).toMatchObject({ reaction: "give-up", code: "unauthorized" });
  await expect(db.read("x")).rejects.toMatchObject({ code: "unauthorized" });
});

test.for([
  "no JSON",
  "{}",
  '{"v":1}',
  '{"v":1,"stack":"","token":"x"}',
  '{"v":1,"stack":"shop","token":"x","vm":{"id":"db"}}',
  "[1]",
  "null",
])("a hello of %j closes the socket, not the hub", async (text) => {
  const hub = await startHub();
  const socket = new WebSocket(`${hub.url}/v1/connect`);
  await once(socket, "open");
  socket.send(text);
  expect(await once(socket, "close")).toMatchObject([4400, expect.anything()]);
  expect(await ask(hub, "/healthz")).toMatchObject({ status: 200 });
});

test("a caller that hangs up in the middle does not harm the hub", async () => {
  const hub = await startHub();
  const socket = connect(hub.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write("PUT /v1/stacks/shop/cells/db.mysql.port?generation=g1 HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n");
  socket.write(`authorization: Bearer ${operator}\r\n\r\n[1,`);
  socket.end();
  socket.resume();
  await once(socket, "close");
  expect(await ask(hub, portOfG1)).toMatchObject({ status: 202 });
});

test("a token that asks too often is told to wait, over HTTP and over a socket, and others are served", async () => {
  const hub = await startHub(openLocalStore(), 0, { requestsPerSecond: 0.001, burst: 2 });
  await ask(hub, portOfG1);
  await ask(hub, portOfG1);
  const headers = { authorization: `Bearer ${operator}` };
  const refused = await fetch(`${hub.url}${portOfG1}`, { headers });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  const db = await connectVm([hub.url], "db", dbRights);
  await db.read("shop/g1/cells/db.mysql.port");
  await db.read("shop/g1/cells/db.mysql.port");
  await expect(db.read("shop/g1/cells/db.mysql.port")).rejects.toMatchObject({ reaction: "retry", code: "too-many" });
});

test("a connection too many is refused, the ones there stay, and it is let in when one has ended", async () => {
  const hub = await startHub(openLocalStore(), 0, { vmConnections: 1 });
  const first = await connectVm([hub.url], "db", dbRights);
  const credentials = {
    kind: "vm" as const,
    ...scope,
    vm: "db",
    rights: dbRights,
    token: vmToken(tokenKey, "shop", "db"),
    tag: rightsTag(tokenKey, "shop", "db", "g1", dbRights),
  };
  let second: Promise<HubClient> | undefined;
  const told = await new Promise<string>((resolve) => {
    second = openHubClient({ urls: [hub.url], credentials, complain: resolve });
  });
  expect(told).toContain("which is the limit");
  expect(await ask(hub, portPath, { headers: vmHeaders("db", dbRights) })).toMatchObject({ status: 429 });
  expect(await first.read("shop/g1/cells/db.mysql.port")).toBeUndefined();
  await first[Symbol.asyncDispose]();
  await using client = (await second) as HubClient;
  expect(await client.read("shop/g1/cells/db.mysql.port")).toBeUndefined();
});

test("an address in use is refused", async () => {
  const hub = await startHub();
  await expect(startHub(openLocalStore(), hub.port)).rejects.toMatchObject({ reaction: "give-up", code: "listen" });
});

test("a vm settles anew what was its own failure, at that revision, and nothing else", async () => {
  const coordinator = openLocalStore();
  const hub = await startHub(coordinator);
  const db = await connectVm([hub.url], "db", dbRights);
  const failure = { state: "failed", error: "exit 1", origin: "db.mysql", by: "db.mysql", atMs: 1 } as const;
  await openDataflow(db, scope).publish("db.mysql.port", failure);
  const record = { state: "value", value: 3306, by: "db.mysql", attempt: 2, atMs: 2 } as const;
  expect(await openDataflow(db, scope, (origin) => origin === "db.mysql").publish("db.mysql.port", record)).toBe("written");
  const settled = await coordinator.read("shop/g1/cells/db.mysql.port");
  await expect(db.write("shop/g1/cells/db.mysql.port", "{}", settled?.revision as number)).rejects.toMatchObject({
    code: "forbidden",
  });
  expect((await coordinator.read("shop/g1/cells/db.mysql.port"))?.value).toBe(JSON.stringify(record));
});

/** A TCP relay to a port of this machine; `freeze` makes the connections that there are half-open: nothing passes, nobody hears of it. */
async function startRelay(port: number): Promise<{ url: string; freeze(): void }> {
  const open: Socket[] = [];
  const relay = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.push(from);
      from.on("error", () => {});
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  onTestFinished(() => {
    relay.close();
    for (const socket of open) socket.destroy();
  });
  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    freeze() {
      for (const socket of open) {
        socket.unpipe();
        socket.pause();
        socket.removeAllListeners("close");
      }
    },
  };
}

/** Returns a function that reads the stream's next event as [type, data]. */
function readEvents(stream: Response): () => Promise<[string, unknown]> {
  expect(stream.headers.get("content-type")).toBe("text/event-stream");
  const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  return async () => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        // A comment.
        if (block.startsWith(":")) continue;
        const [, type, data] = /^event: (.*)\ndata: (.*)$/.exec(block) as RegExpExecArray;
        return [type as string, JSON.parse(data as string)];
      }
      const { value, done } = await reader.read();
      if (done) throw new Error("the stream has ended");
      text += decoder.decode(value, { stream: true });
    }
  };
}
