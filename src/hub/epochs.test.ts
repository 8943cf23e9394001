// Epochs: which one a vm is in, and that a superseded instance is out, over a table and over a real hub.
import { expect, onTestFinished, test, vi } from "vitest";
import { type HubClient, openHubClient } from "../coordinator/backends/hub.ts";
import { openLocalStore } from "../coordinator/local-store.ts";
import type { Rights } from "../model/vm-plan.ts";
import { chooseEpoch, type InstanceRecord } from "./epochs.ts";
import { openHub } from "./hub.ts";
import { rightsTag, vmToken } from "./tokens.ts";

const rights: Rights = { read: [], write: ["db.mysql.port"], choose: [] };

/** A claim in few words: `g1 by a with i`, and `back in g1` for one that has been welcomed before. */
function choose(claim: string, record: string, epochs: string): string | undefined {
  const [, generation = "", instance = "", inputs = "", epoch] =
    /^(\S+) by (\S+) with (\S+)(?: back in (\S+))?$/.exec(claim) ?? [];
  const known = /^(\S+) by (\S+) with (\S+)(?: after (\S+))?$/.exec(record);
  const made: InstanceRecord | undefined =
    known === null
      ? undefined
      : {
          epoch: known[1] as string,
          instance: known[2] as string,
          inputs: known[3] as string,
          superseded: known[4]?.split(",") ?? [],
        };
  const asked = { id: "db", generation, rights, tag: "", instance, inputs, ...(epoch === undefined ? {} : { epoch }) };
  return chooseEpoch(asked, made, epochs === "" ? [] : epochs.split(" "));
}

test.for<[string, string, string, string, string | undefined]>([
  ["the first vm of all opens its generation", "g1 by a with i", "", "", "g1"],
  ["another vm joins it", "g1 by a with i", "", "g1", "g1"],
  ["a vm that comes again is where it was", "g1 by a with i", "g1 by a with i", "g1", "g1"],
  ["the first with a new generation opens that", "g2 by a with i", "g1 by a with i", "g1", "g2"],
  ["the next joins it", "g2 by a with i", "g1 by a with i", "g1 g2", "g2"],
  ["a vm that was not told yet stays where it is", "g1 by a with i", "g1 by a with i", "g1 g2", "g1"],
  ["one that was never here joins its generation although another is newer", "g1 by a with i", "", "g1 g2", "g1"],
  ["back to an earlier generation: another epoch of it", "g1 by a with i", "g2 by a with i", "g1 g2", "g1~2"],
  ["which the next one joins, also when it has gone on since", "g1 by a with i", "g2 by a with i", "g1 g2 g1~2 g3", "g1~2"],
  ["other values: another epoch", "g1 by a with j", "g1 by a with i", "g1", "g1~2"],
  ["which one with other values of its own joins", "g1 by a with j", "g1 by a with i", "g1 g1~2", "g1~2"],
  ["and leaves again when its values are others once more", "g1 by a with k", "g1~2 by a with j", "g1 g1~2", "g1~3"],
  ["a new instance: another epoch", "g1 by b with i", "g1 by a with i", "g1", "g1~2"],
  ["or one where the vm has not been yet", "g1 by b with i", "g1 by a with i", "g1 g1~2", "g1~2"],
  ["a superseded instance is out", "g1 by a with i", "g1~2 by b with i after a", "g1 g1~2", undefined],
  [
    "also with a new generation, and with an old welcome",
    "g2 by a with i back in g2",
    "g1 by b with i after z,a",
    "g1",
    undefined,
  ],
  [
    "after a lost connection a vm is in its epoch, whatever has come since",
    "g1 by a with i back in g1",
    "g1 by a with i",
    "g1 g1~2",
    "g1",
  ],
  ["what was cut off between record and number is finished", "g1 by a with j", "g1~2 by a with j", "g1", "g1~2"],
  ["all that was removed begins with the first epoch again", "g1 by a with i", "", "", "g1"],
])("%s", ([, claim, record, epochs, expected]) => {
  expect(choose(claim, record, epochs)).toBe(expected);
});

async function startHubs(count: number) {
  const coordinator = openLocalStore();
  const hubs = await Promise.all(
    Array.from({ length: count }, () => openHub({ listen: { host: "127.0.0.1", port: 0 }, coordinator, tokenKey: "key" })),
  );
  onTestFinished(async () => void (await Promise.all(hubs.map((hub) => hub.close()))));
  return { coordinator, urls: hubs.map(({ url }) => url) };
}

async function come(url: string, instance: string, more: { generation?: string; vm?: string } = {}): Promise<HubClient> {
  const { generation = "g1", vm = "db" } = more;
  const proofs = { token: vmToken("key", "shop", vm), tag: rightsTag("key", "shop", vm, generation, rights) };
  const credentials = { kind: "vm" as const, stack: "shop", vm, generation, rights, instance, inputs: "i", ...proofs };
  const client = await openHubClient({ urls: [url], credentials });
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}

test("an instance that is superseded, at another hub too, is cut off and refused for good, and finds no way into the new epoch", async () => {
  const { coordinator, urls } = await startHubs(2);
  const old = await come(urls[0] as string, "old");
  expect(old.epoch).toBe("g1");
  const cell = (epoch: string): string => `shop/${epoch}/cells/db.mysql.port`;
  const fresh = await come(urls[1] as string, "fresh");
  expect(fresh.epoch).toBe("g1~2");
  await expect(old.write(cell("g1~2"), "old", "absent")).rejects.toMatchObject({ reaction: "give-up" });
  expect(await old.ended).toMatchObject({ code: "superseded", message: expect.stringContaining("vm db has been replaced") });
  await expect(come(urls[0] as string, "old")).rejects.toMatchObject({ code: "superseded" });
  await expect(come(urls[1] as string, "old", { generation: "g2" })).rejects.toMatchObject({ code: "superseded" });
  expect(await fresh.write(cell("g1~2"), "fresh", "absent")).toMatchObject({ written: true });
  expect((await coordinator.list("shop/")).filter(({ value }) => value === "old")).toEqual([]);
});

test("over plain HTTP a vm that has instances must say which one it is", async () => {
  const { urls } = await startHubs(1);
  await come(urls[0] as string, "old");
  await come(urls[0] as string, "fresh");
  const ask = async (instance?: string): Promise<number> => {
    const headers = {
      authorization: `Bearer ${vmToken("key", "shop", "db")}`,
      "x-weft-vm": "db",
      "x-weft-generation": "g1",
      "x-weft-rights": JSON.stringify(rights),
      "x-weft-tag": rightsTag("key", "shop", "db", "g1", rights),
      ...(instance === undefined ? {} : { "x-weft-instance": instance }),
    };
    const url = `${urls[0]}/v1/stacks/shop/cells/db.mysql.port`;
    return (await fetch(url, { method: "PUT", headers, body: "1" })).status;
  };
  expect([await ask(), await ask("old"), await ask("fresh")]).toEqual([401, 403, 201]);
});

test("an epoch of another generation than the tag's is refused", async () => {
  const { urls } = await startHubs(1);
  const proofs = { token: vmToken("key", "shop", "db"), tag: rightsTag("key", "shop", "db", "g1", rights) };
  const claim = { kind: "vm" as const, stack: "shop", vm: "db", generation: "g1", rights, instance: "a", epoch: "g2", ...proofs };
  await expect(openHubClient({ urls, credentials: claim })).rejects.toMatchObject({ code: "unauthorized" });
});

test("vms that come at once are all in one epoch", async () => {
  const { urls, coordinator } = await startHubs(2);
  const names = Array.from({ length: 20 }, (_, index) => `app[${index}]`);
  const clients = await Promise.all(names.map((vm, index) => come(urls[index % 2] as string, vm, { vm })));
  expect(new Set(clients.map(({ epoch }) => epoch))).toEqual(new Set(["g1"]));
  await vi.waitFor(async () => expect((await coordinator.list("shop/generations/")).length).toBe(1));
});
