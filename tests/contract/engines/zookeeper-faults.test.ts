// What real ZooKeeper servers and links do at their worst, and what the coordinator over them makes of it.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Failure } from "../../../src/model/failure.ts";
import { openCoordinator } from "../../../src/coordinator/backends.ts";
import type { Coordinator } from "../../../src/coordinator/coordinator.ts";
import { retrying } from "../../../src/coordinator/retrying.ts";
import { freePort } from "../../../bench/engines.ts";
import { openView } from "../coordinator.ts";
import { makeCertificates } from "../../engines/make-certificates.ts";
import { openRelay, type Relay } from "../../engines/tcp-relay.ts";
import { findLeader, startZookeeper, type ZookeeperEnsemble, zookeeperMissing } from "../../engines/zookeeper.ts";
import { withEngine } from "./engine-present.ts";

withEngine("ZooKeeper", zookeeperMissing(), () => {
  describe("one ZooKeeper server", () => {
    let zookeeper: ZookeeperEnsemble;
    let direct: Coordinator;
    beforeAll(async () => {
      zookeeper = await startZookeeper(1);
      direct = await openCoordinator(`zookeeper://${zookeeper.hosts}/faults`);
    });
    afterAll(async () => {
      await direct[Symbol.asyncDispose]();
      await zookeeper.close();
    });

    async function openThroughRelay(): Promise<{ relay: Relay; coordinator: Coordinator }> {
      const relay = await openRelay(zookeeper.members[0]?.port ?? 0);
      const coordinator = await openCoordinator(`zookeeper://127.0.0.1:${relay.port}/faults`);
      onTestFinished(async () => {
        relay.thaw();
        await coordinator[Symbol.asyncDispose]();
        await relay.close();
      });
      return { relay, coordinator };
    }

    test("what was written while a link was cut is in the next snapshot", async () => {
      const { relay, coordinator } = await openThroughRelay();
      const view = await openView(coordinator, "cut/");
      for (let round = 0; round < 5; round++) {
        relay.cut();
        await direct.write(`cut/${round}`, "x", "absent");
        await view.until(({ entries }) => entries.has(`cut/${round}`));
      }
      view.stop();
    });

    test("a link that is half-open is noticed, presence goes and is made again, and nothing is missed", async () => {
      const { relay, coordinator } = await openThroughRelay();
      const joined = new AbortController();
      await coordinator.join("open/vm", "here", joined.signal);
      const [behind, beside] = [await openView(coordinator, "open/"), await openView(direct, "open/")];
      relay.freeze();
      await beside.until(({ entries }) => !entries.has("open/vm"));
      await direct.write("open/key", "x", "absent");
      relay.thaw();
      await behind.until(({ entries }) => entries.has("open/key") && entries.has("open/vm"));
      await beside.until(({ entries }) => entries.has("open/vm"));
      joined.abort();
      await beside.until(({ entries }) => !entries.has("open/vm"));
      for (const view of [behind, beside]) view.stop();
    });

    test("a read on a link that is half-open fails in the end, to be tried again", async () => {
      const { relay, coordinator } = await openThroughRelay();
      relay.freeze();
      await expect(coordinator.read("key")).rejects.toMatchObject({ reaction: "retry", code: "unreachable" });
      await expect(coordinator.write("key", "x", "any")).rejects.toMatchObject({ reaction: "retry" });
    });

    test("presence that somebody has removed is made again, one that was taken over is not", async () => {
      const { coordinator } = await openThroughRelay();
      const [first, second] = [new AbortController(), new AbortController()];
      await coordinator.join("presence/vm", "first", first.signal);
      const [view, behind] = [await openView(direct, "presence/"), await openView(coordinator, "presence/")];
      await direct.remove("presence/vm");
      await view.until(({ entries, changes }) => changes.length > 0 && entries.has("presence/vm"));
      await direct.join("presence/vm", "second", second.signal);
      // Who sees a presence only when it has gone again cannot know that it was another's.
      for (const seen of [view, behind]) await seen.until(({ entries }) => entries.get("presence/vm")?.value === "second");
      second.abort();
      await view.until(({ entries }) => !entries.has("presence/vm"));
      await direct.write("presence/last", "x", "any");
      await view.until(({ entries }) => entries.has("presence/last"));
      expect(view.entries.has("presence/vm")).toBe(false);
      view.stop();
      behind.stop();
    });

    test("a server that is frozen is given up, and found again when it goes on", async () => {
      const { coordinator } = await openThroughRelay();
      const view = await openView(coordinator, "frozen/");
      zookeeper.members[0]?.freeze();
      try {
        await expect(coordinator.write("frozen/key", "x", "any")).rejects.toMatchObject({ reaction: "retry" });
      } finally {
        zookeeper.members[0]?.thaw();
      }
      await retrying(() => coordinator.write("frozen/key", "y", "any"), undefined);
      await view.until(({ entries }) => entries.get("frozen/key")?.value === "y");
      view.stop();
    });

    test("a thousand writes in flight on one connection are all made, in order", async () => {
      const numbers = Array.from({ length: 1000 }, (_, index) => index);
      await direct.write("many/0", "x", "any");
      const results = await Promise.all(numbers.map((n) => direct.write(`many/${n}`, `${n}`, n === 0 ? "any" : "absent")));
      const revisions = results.map((result) => (result.written ? result.revision : Number.NaN));
      expect(revisions).toEqual(revisions.toSorted((left, right) => left - right));
      expect(await direct.list("many/")).toHaveLength(1000);
    });

    test("what a user with a password makes is closed to others", async () => {
      const address = `${zookeeper.hosts}/secret`;
      await using owner = await openCoordinator(`zookeeper://weft:p%40ss@${address}`);
      await owner.write("key", "x", "absent");
      for (const url of [`zookeeper://${address}`, `zookeeper://weft:wrong@${address}`]) {
        const opening = openCoordinator(url);
        await expect(opening).rejects.toMatchObject({
          reaction: "give-up",
          code: "unauthorized",
          message: expect.stringMatching(/secret.*check user and password/),
        });
        await expect(opening).rejects.not.toMatchObject({ message: expect.stringContaining("wrong") });
      }
      await using again = await openCoordinator(`zookeeper://weft:p%40ss@${address}`);
      expect((await again.read("key"))?.value).toBe("x");
    });

    test("watches that have ended leave nothing behind", async () => {
      const { relay, coordinator } = await openThroughRelay();
      const [ended, kept] = [await openView(coordinator, "ended/"), await openView(coordinator, "kept/")];
      ended.stop();
      relay.cut();
      await direct.write("ended/key", "x", "absent");
      await direct.write("kept/key", "x", "absent");
      await kept.until(({ entries }) => entries.has("kept/key"));
      expect({ entries: ended.entries.size, changes: ended.changes }).toEqual({ entries: 0, changes: [] });
      kept.stop();
    });
  });

  describe("three ZooKeeper servers", () => {
    let zookeeper: ZookeeperEnsemble;
    beforeAll(async () => {
      zookeeper = await startZookeeper(3);
    });
    afterAll(() => zookeeper.close());

    test("the leader is killed among writes: nothing acknowledged is lost, waits and presence go on", async () => {
      await using one = await openCoordinator(`zookeeper://${zookeeper.hosts}/leader`);
      await using two = await openCoordinator(`zookeeper://${zookeeper.hosts}/leader`);
      const view = await openView(two, "load/");
      await one.join("load/vm", "here", new AbortController().signal);
      const leader = await findLeader(zookeeper);
      const acknowledged: string[] = [];
      let killed: Promise<void> | undefined;
      for (let n = 0; n < 300; n++) {
        if (n === 100) killed = leader.stop("SIGKILL");
        const result = await retrying(() => one.write(`load/${n}`, `${n}`, "absent"), undefined);
        // Not written by this attempt: by an earlier one whose answer was lost.
        if (!result.written) expect(result.current?.value).toBe(`${n}`);
        acknowledged.push(`load/${n}`);
      }
      await killed;
      const kept = new Set((await retrying(() => two.list("load/"), undefined)).map((entry) => entry.key));
      expect(acknowledged.filter((key) => !kept.has(key))).toEqual([]);
      await view.until(({ entries }) => acknowledged.every((key) => entries.has(key)) && entries.has("load/vm"));
      view.stop();
      await leader.start();
    });

    test("a session goes on at another member, and presence with it", async () => {
      const relays = [await openRelay(zookeeper.members[0]?.port ?? 0), await openRelay(zookeeper.members[1]?.port ?? 0)];
      await using direct = await openCoordinator(`zookeeper://${zookeeper.hosts}/resume`);
      const hosts = relays.map(({ port }) => `127.0.0.1:${port}`).join(",");
      await using coordinator = await openCoordinator(`zookeeper://${hosts}/resume`);
      await coordinator.join("resume/vm", "here", new AbortController().signal);
      const view = await openView(direct, "resume/");
      for (let round = 0; round < 4; round++) {
        // Whichever it was on, it comes back by the other.
        for (const relay of relays) relay.cut();
        await retrying(() => coordinator.write("resume/key", `${round}`, "any"), undefined);
        await view.until(({ entries }) => entries.get("resume/key")?.value === `${round}`);
      }
      expect(view.changes.filter((change) => change.startsWith("resume/vm"))).toEqual([]);
      view.stop();
      for (const relay of relays) await relay.close();
    });

    test("without a quorum a read fails and says so, and is answered when the quorum is back", async () => {
      await using coordinator = await openCoordinator(`zookeeper://${zookeeper.hosts}/quorum`);
      await coordinator.write("key", "x", "any");
      const [first, second] = zookeeper.members;
      await Promise.all([first?.stop("SIGKILL"), second?.stop("SIGKILL")]);
      // The survivor takes a moment to notice that it is alone.
      const read = async (): Promise<string> => `answered ${(await coordinator.read("key"))?.value}`;
      const explain = (error: Failure): string => `${error.reaction} ${error.code}: ${error.message}`;
      await expect.poll(() => read().catch(explain), { timeout: 40_000 }).toMatch(/^retry .*quorum/);
      const open = async (): Promise<string> => {
        await using opened = await openCoordinator(`zookeeper://${zookeeper.hosts}/quorum`);
        return `opened ${typeof opened}`;
      };
      await expect.poll(() => open().catch(explain), { timeout: 40_000 }).toMatch(/^retry no-quorum/);
      await Promise.all([first?.start(), second?.start()]);
      expect((await retrying(() => coordinator.read("key"), undefined))?.value).toBe("x");
    });
  });

  test("a server over TLS wants our certificate, and we know its own", async () => {
    const folder = mkdtempSync(join(tmpdir(), "weft-tls-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { ca, cert, key } = makeCertificates(folder);
    const zookeeper = await startZookeeper(1, { tls: { ca, cert, key } });
    onTestFinished(() => zookeeper.close());
    const address = `zookeeper+tls://127.0.0.1:${zookeeper.members[0]?.tlsPort}/weft`;
    await using coordinator = await openCoordinator(`${address}?ca=${ca}&cert=${cert}&key=${key}`);
    await coordinator.write("key", "x", "absent");
    expect((await coordinator.read("key"))?.value).toBe("x");
    await expect(openCoordinator(address)).rejects.toMatchObject({
      reaction: "give-up",
      code: "tls",
      message: expect.stringContaining("?ca=FILE"),
    });
    await expect(openCoordinator(`${address}?ca=/nowhere.pem`)).rejects.toMatchObject({ code: "tls" });
  });

  test("an address where nothing listens is named, with what to do", async () => {
    const port = await freePort();
    await expect(openCoordinator(`zookeeper://127.0.0.1:${port}/weft`)).rejects.toMatchObject({
      reaction: "retry",
      code: "unreachable",
      message: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${port} .*ECONNREFUSED.*apt-get install zookeeper`)),
    });
  });

  test("a server that speaks something else is named", async () => {
    const server = createServer((socket) => socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const port = (server.address() as { port: number }).port;
    const opening = openCoordinator(`zookeeper://127.0.0.1:${port}/weft`);
    await expect(opening).rejects.toMatchObject({ message: expect.stringContaining("is no ZooKeeper server") });
  });
});
