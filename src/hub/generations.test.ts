// Old generations over a hub: listed and removed by the operator, or by the hub itself when a new one comes.
import { expect, onTestFinished, test, vi } from "vitest";
import { openHubClient } from "../coordinator/backends/hub.ts";
import { openLocalStore } from "../coordinator/local-store.ts";
import type { Rights } from "../model/vm-plan.ts";
import { type Hub, openHub } from "./hub.ts";
import { operatorToken, rightsTag, vmToken } from "./tokens.ts";

const tokenKey = "key";
const rights: Rights = { read: [], write: ["db.mysql.port"], choose: [] };

async function startHub(keepGenerations?: number) {
  const coordinator = openLocalStore();
  const retention = keepGenerations === undefined ? {} : { keepGenerations };
  const hub = await openHub({ listen: { host: "127.0.0.1", port: 0 }, coordinator, tokenKey, ...retention });
  onTestFinished(() => hub.close());
  return { coordinator, hub };
}

/** An agent of a generation comes, writes a cell and shows itself; the result makes it go. */
async function comeAndWrite(hub: Hub, generation: string, stack = "shop"): Promise<() => Promise<void>> {
  const vm = "db";
  const proofs = { token: vmToken(tokenKey, stack, vm), tag: rightsTag(tokenKey, stack, vm, generation, rights) };
  const client = await openHubClient({ urls: [hub.url], credentials: { kind: "vm", stack, generation, vm, rights, ...proofs } });
  onTestFinished(() => client[Symbol.asyncDispose]());
  await client.write(`${stack}/${generation}/cells/db.mysql.port`, '{"state":"value","value":1}', "absent");
  const presence = new AbortController();
  await client.join(`${stack}/${generation}/vms/db`, "{}", presence.signal);
  return async () => {
    presence.abort();
    // Answered after the stop before it.
    await client.read(`${stack}/${generation}/cells/db.mysql.port`);
    await client[Symbol.asyncDispose]();
  };
}

async function ask(hub: Hub, path: string, method = "GET", stack = "shop"): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `Bearer ${operatorToken(tokenKey, stack)}` };
  const answer = await fetch(`${hub.url}/v1/stacks/${stack}${path}`, { method, headers });
  return { status: answer.status, body: await answer.json() };
}

async function listNames(hub: Hub): Promise<string[]> {
  const { body } = await ask(hub, "/generations");
  return (body as { generations: { generation: string }[] }).generations.map(({ generation }) => generation);
}

test("an operator lists generations and removes one; other generations and stacks stay", async () => {
  const { coordinator, hub } = await startHub();
  await (
    await comeAndWrite(hub, "g2")
  )();
  const leave = await comeAndWrite(hub, "g1");
  await (
    await comeAndWrite(hub, "g1", "other")
  )();
  await vi.waitFor(async () =>
    expect((await ask(hub, "/generations")).body).toEqual({
      stack: "shop",
      generations: [
        { generation: "g2", number: 1, cells: 1, roles: 0, vms: [] },
        { generation: "g1", number: 2, cells: 1, roles: 0, vms: ["db"] },
      ],
    }),
  );
  expect(await ask(hub, "/generations/g1", "DELETE")).toMatchObject({
    status: 409,
    body: { error: expect.stringContaining("the agent of db is there") },
  });
  expect(await ask(hub, "", "DELETE")).toMatchObject({ status: 409 });
  expect(await ask(hub, "/generations/g2", "DELETE")).toEqual({ status: 200, body: { removed: "g2" } });
  expect(await ask(hub, "/generations/g2", "DELETE")).toMatchObject({ status: 404 });
  expect(await coordinator.list("shop/g2/")).toEqual([]);
  expect(await listNames(hub)).toEqual(["g1"]);
  await leave();
  await vi.waitFor(async () => expect(await ask(hub, "", "DELETE")).toMatchObject({ status: 200 }));
  expect(await coordinator.list("shop/")).toEqual([]);
  expect(await coordinator.list("other/")).not.toEqual([]);
});

test("a generation that was removed and comes again is the newest", async () => {
  const { hub } = await startHub();
  await (
    await comeAndWrite(hub, "g1")
  )();
  await vi.waitFor(async () => expect(await ask(hub, "/generations/g1", "DELETE")).toMatchObject({ status: 200 }));
  await (
    await comeAndWrite(hub, "g2")
  )();
  await (
    await comeAndWrite(hub, "g1")
  )();
  expect(await ask(hub, "/status")).toMatchObject({ body: { generation: "g1", cells: [{ cell: "db.mysql.port" }] } });
});

test("only the operator may list and remove", async () => {
  const { hub } = await startHub();
  for (const [path, method] of [
    ["/generations", "GET"],
    ["/generations/g1", "DELETE"],
    ["", "DELETE"],
  ] as const) {
    const headers = {
      authorization: `Bearer ${vmToken(tokenKey, "shop", "db")}`,
      "x-weft-vm": "db",
      "x-weft-generation": "g1",
      "x-weft-rights": JSON.stringify(rights),
      "x-weft-tag": rightsTag(tokenKey, "shop", "db", "g1", rights),
    };
    expect((await fetch(`${hub.url}/v1/stacks/shop${path}`, { method, headers })).status).toBe(403);
  }
  expect(await ask(hub, "/generations", "DELETE")).toMatchObject({ status: 405 });
  expect(await ask(hub, "/generations/g1")).toMatchObject({ status: 405 });
});

test("a hub that keeps two generations removes older ones when a new one comes, but none with an agent", async () => {
  const { coordinator, hub } = await startHub(2);
  const stay = await comeAndWrite(hub, "g1");
  for (const generation of ["g2", "g3", "g4"]) {
    await (
      await comeAndWrite(hub, generation)
    )();
    await vi.waitFor(async () => expect((await coordinator.list(`shop/${generation}/vms/`)).length).toBe(0));
  }
  await vi.waitFor(async () => expect(await listNames(hub)).toEqual(["g1", "g3", "g4"]));
  await stay();
  await vi.waitFor(async () => expect((await coordinator.list("shop/g1/vms/")).length).toBe(0));
  await comeAndWrite(hub, "g5");
  await vi.waitFor(async () => expect(await listNames(hub)).toEqual(["g4", "g5"]));
  expect(await coordinator.list("shop/g1/")).toEqual([]);
});
