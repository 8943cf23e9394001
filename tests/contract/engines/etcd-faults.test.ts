// What goes wrong with real etcd servers: members killed, frozen and cut off, leases that run out, revisions that are gone, a full store.
import { expect, onTestFinished, test, describe } from "vitest";
import { etcd } from "../../../src/coordinator/backends/etcd.ts";
import type { Coordinator, Entry } from "../../../src/coordinator/coordinator.ts";
import { openDataflow } from "../../../src/coordinator/dataflow.ts";
import { vmKey } from "../../../src/coordinator/keys.ts";
import type { CellRecord } from "../../../src/model/cell.ts";
import { freePort } from "../../../bench/engines.ts";
import { type EtcdCluster, type EtcdMember, etcdIsThere, startEtcdCluster } from "../../engines/etcd.ts";
import { openRelay, type Relay } from "../../engines/tcp-relay.ts";

const scope = { stack: "shop", generation: "g" };
const record: CellRecord = { state: "value", value: 3306, by: "db.mysql", attempt: 1, atMs: 1 };

async function startCluster(members: number, ...flags: string[]): Promise<EtcdCluster & { first: EtcdMember }> {
  const cluster = await startEtcdCluster({ members, flags });
  onTestFinished(async () => cluster[Symbol.asyncDispose]());
  return { ...cluster, first: cluster.members[0] as EtcdMember };
}

async function open(url: string): Promise<Coordinator> {
  const coordinator = await etcd.open(url);
  onTestFinished(async () => coordinator[Symbol.asyncDispose]());
  return coordinator;
}

/** Opens the coordinator through a relay before a member. */
async function openBehindRelay(port: number, ...others: number[]): Promise<{ relay: Relay; coordinator: Coordinator }> {
  const relay = await openRelay(port);
  onTestFinished(() => relay.close());
  const members = [relay.port, ...others].map((member) => `127.0.0.1:${member}`);
  return { relay, coordinator: await open(`etcd://${members.join(",")}/faults`) };
}

interface Log {
  /** `snapshot of N`, `KEY=VALUE` or `KEY gone`, in the order in which they came. */
  lines: string[];
  until(holds: (lines: string[]) => boolean): Promise<void>;
}

async function watchAll(coordinator: Coordinator): Promise<Log> {
  let wake = (): void => {};
  const log: Log = {
    lines: [],
    async until(holds) {
      while (!holds(log.lines)) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
  const say = (line: string): void => {
    log.lines.push(line);
    wake();
  };
  const observer = {
    snapshot: (entries: Entry[]) => say(`snapshot of ${entries.length}`),
    change: (key: string, entry: Entry | undefined) => say(entry === undefined ? `${key} gone` : `${key}=${entry.value}`),
  };
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  await coordinator.watch("", observer, controller.signal);
  return log;
}

// Writes until it is written: what a caller does that was told `retry`.
async function writeAnyhow(coordinator: Coordinator, key: string, value: string): Promise<void> {
  for (;;) {
    const error = await coordinator.write(key, value, "any").then(
      () => undefined,
      (thrown: { reaction: string }) => thrown,
    );
    if (error === undefined) return;
    expect(error).toMatchObject({ name: "Failure", reaction: "retry" });
  }
}

describe.runIf(etcdIsThere)("etcd", () => {
  test("a reader that waits while its connection is cut gets the value that was written meanwhile", async () => {
    const { first, url } = await startCluster(1);
    const { relay, coordinator } = await openBehindRelay(first.port);
    const other = await open(url("faults"));
    const read = openDataflow(coordinator, scope).settled("db.mysql.port");
    await coordinator.list("");
    for (let cuts = 0; cuts < 3; cuts++) relay.cut();
    await openDataflow(other, scope).publish("db.mysql.port", record);
    expect(await read).toEqual(record);
  });

  test("a watch goes on where it was after a lost connection, without a new snapshot", async () => {
    const { first, url } = await startCluster(1);
    const { relay, coordinator } = await openBehindRelay(first.port);
    const other = await open(url("faults"));
    const log = await watchAll(coordinator);
    const expected = ["snapshot of 0"];
    for (let n = 0; n < 30; n++) {
      await other.write("key", `${n}`, "any");
      expected.push(`key=${n}`);
      if (n % 10 === 5) relay.cut();
    }
    await log.until((lines) => lines.includes("key=29"));
    expect(log.lines).toEqual(expected);
  });

  test("a link that is half open is given up, and the wait goes on over another", async () => {
    const { first, url } = await startCluster(1);
    const { relay, coordinator } = await openBehindRelay(first.port, first.port);
    const other = await open(url("faults"));
    const log = await watchAll(coordinator);
    relay.freeze();
    await other.write("key", "x", "any");
    await log.until((lines) => lines.includes("key=x"));
    expect(log.lines).toEqual(["snapshot of 0", "key=x"]);
  });

  test("a member that is frozen is left for another, and presence stays", async () => {
    const { first, url, members } = await startCluster(3);
    const coordinator = await open(url("faults"));
    const log = await watchAll(coordinator);
    await coordinator.join("vm", "here", new AbortController().signal);
    await log.until((lines) => lines.includes("vm=here"));
    first.freeze();
    const other = await open(`etcd://127.0.0.1:${members[1]?.port}/faults`);
    await writeAnyhow(other, "key", "x");
    await log.until((lines) => lines.includes("key=x"));
    first.thaw();
    await writeAnyhow(coordinator, "key", "y");
    await log.until((lines) => lines.includes("key=y"));
    expect((await coordinator.read("vm"))?.value).toBe("here");
    expect(log.lines).not.toContain("vm gone");
  });

  test("a single member that is frozen fails its callers with retry, and serves them when it goes on", async () => {
    const { first, url } = await startCluster(1);
    const coordinator = await open(url("faults"));
    first.freeze();
    await expect(coordinator.read("key")).rejects.toMatchObject({ reaction: "retry", code: "unreachable" });
    first.thaw();
    await writeAnyhow(coordinator, "key", "x");
    expect((await coordinator.read("key"))?.value).toBe("x");
  });

  test("nothing acknowledged is lost when the leader is killed, and both watchers see one order", async () => {
    const { url, members, leader } = await startCluster(3);
    const [writer, reader] = [await open(url("faults")), await open(url("faults"))];
    const logs = [await watchAll(writer), await watchAll(reader)];
    const acknowledged: string[] = [];
    for (let n = 0; n < 60; n++) {
      if (n === 20) await members[await leader()]?.end("SIGKILL");
      await writeAnyhow(writer, `key${n}`, "x");
      acknowledged.push(`key${n}`);
    }
    await writeAnyhow(writer, "last", "x");
    for (const log of logs) await log.until((lines) => lines.includes("last=x"));
    const kept = new Set((await reader.list("key")).map(({ key }) => key));
    expect(acknowledged.filter((key) => !kept.has(key))).toEqual([]);
    expect(logs[0]?.lines).toEqual(logs[1]?.lines);
    expect(new Set(logs[0]?.lines)).toEqual(new Set(["snapshot of 0", ...acknowledged.map((key) => `${key}=x`), "last=x"]));
  });

  test("of racers who write once through three members, one wins", async () => {
    const { members } = await startCluster(3);
    const coordinators = await Promise.all(members.map(({ port }) => open(`etcd://127.0.0.1:${port}/faults`)));
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, n) => (coordinators[n % 3] as Coordinator).write("key", `${n}`, "absent")),
    );
    expect(results.filter(({ written }) => written)).toHaveLength(1);
  });

  test("a presence whose lease has run out is made again, and its end is seen", async () => {
    const { call, url } = await startCluster(1);
    const [coordinator, other] = [await open(url("faults")), await open(url("faults"))];
    const log = await watchAll(other);
    const controller = new AbortController();
    await coordinator.join("vm", "here", controller.signal);
    const { leases } = (await call(0, "lease/leases", {})) as { leases: { ID: string }[] };
    for (const { ID } of leases) await call(0, "lease/revoke", { ID });
    await log.until((lines) => lines.filter((line) => line === "vm=here").length === 2);
    controller.abort();
    await log.until((lines) => lines.filter((line) => line === "vm gone").length === 2);
    expect(log.lines).toEqual(["snapshot of 0", "vm=here", "vm gone", "vm=here", "vm gone"]);
  });

  test("the presence of a process that is cut off goes, and comes back with it", async () => {
    const { first, url } = await startCluster(1);
    const { relay, coordinator } = await openBehindRelay(first.port);
    const log = await watchAll(await open(url("faults")));
    const signal = new AbortController().signal;
    await openDataflow(coordinator, scope).join({ vm: "db", address: "127.0.0.1", atMs: 1 } as never, signal);
    const gone = `${vmKey(scope, "db")} gone`;
    relay.freeze();
    await log.until((lines) => lines.includes(gone));
    relay.thaw();
    await log.until((lines) => lines.at(-1) !== gone);
    expect((await coordinator.list("")).map(({ key }) => key)).toEqual([vmKey(scope, "db")]);
  });

  test("a watch that was away while its revisions were compacted begins again with everything", async () => {
    const { call, first, url } = await startCluster(1);
    const { relay, coordinator } = await openBehindRelay(first.port);
    const other = await open(url("faults"));
    const log = await watchAll(coordinator);
    await other.write("seen", "x", "any");
    await log.until((lines) => lines.includes("seen=x"));
    relay.freeze();
    await other.write("missed", "1", "any");
    await other.remove("seen");
    const result = await other.write("missed", "2", "any");
    await call(0, "kv/compaction", { revision: (result as { revision: number }).revision, physical: true });
    relay.cut();
    relay.thaw();
    await log.until((lines) => lines.length === 3);
    await other.write("after", "x", "any");
    await log.until((lines) => lines.length === 4);
    expect(log.lines).toEqual(["snapshot of 0", "seen=x", "snapshot of 1", "after=x"]);
  });

  test("a compaction under a watch that stands is not noticed", async () => {
    const { call, url } = await startCluster(1);
    const coordinator = await open(url("faults"));
    const log = await watchAll(coordinator);
    for (let n = 0; n < 5; n++) {
      const { revision } = (await coordinator.write("key", `${n}`, "any")) as { revision: number };
      // A watch that is behind would be told of the compaction, and take a snapshot.
      await log.until((lines) => lines.length === n + 2);
      await call(0, "kv/compaction", { revision });
    }
    expect(log.lines).toEqual(["snapshot of 0", ...[0, 1, 2, 3, 4].map((n) => `key=${n}`)]);
  });

  test("10,000 entries are listed and shown whole, in pages", async () => {
    const { url } = await startCluster(1);
    const coordinator = await open(url("faults"));
    const keys = Array.from({ length: 10_000 }, (_, n) => `many/${String(n).padStart(5, "0")}`);
    for (let from = 0; from < keys.length; from += 1000)
      await Promise.all(keys.slice(from, from + 1000).map((key) => coordinator.write(key, "x", "absent")));
    expect((await coordinator.list("many/")).map(({ key }) => key)).toEqual(keys);
    expect((await watchAll(coordinator)).lines).toEqual(["snapshot of 10000"]);
  });

  test("a member that is ended in order and comes back from its disk has everything", async () => {
    const { first, url } = await startCluster(1);
    const coordinator = await open(url("faults"));
    const log = await watchAll(coordinator);
    const before = await coordinator.write("key", "x", "absent");
    await first.end("SIGTERM");
    await first.start();
    expect(await coordinator.write("key", "y", "absent")).toMatchObject({
      written: false,
      current: { value: "x", revision: (before as { revision: number }).revision },
    });
    await writeAnyhow(coordinator, "after", "x");
    await log.until((lines) => lines.includes("after=x"));
    expect(log.lines).toEqual(["snapshot of 0", "key=x", "after=x"]);
  });

  test("a full store is refused with what to do, and goes on when there is room", async () => {
    const { call, url } = await startCluster(1, "--quota-backend-bytes", String(4 * 1024 * 1024));
    const coordinator = await open(url("faults"));
    const fill = async (): Promise<void> => {
      for (;;) await coordinator.write("key", "x".repeat(1024 * 1024), "any");
    };
    await expect(fill()).rejects.toMatchObject({
      reaction: "retry",
      code: "disk-full",
      message: expect.stringContaining("etcdctl alarm disarm"),
    });
    expect((await coordinator.read("key"))?.value.length).toBe(1024 * 1024);
    const { header } = (await call(0, "maintenance/status", {})) as { header: { revision: string } };
    await call(0, "kv/compaction", { revision: header.revision, physical: true });
    await call(0, "maintenance/defragment", {});
    const { alarms } = (await call(0, "maintenance/alarm", { action: "GET" })) as { alarms: object[] };
    for (const alarm of alarms) await call(0, "maintenance/alarm", { ...alarm, action: "DEACTIVATE" });
    await writeAnyhow(coordinator, "key", "small");
  });

  test("a cluster without a quorum is refused with what to do, and serves when it has one again", async () => {
    const { members, url } = await startCluster(3);
    const coordinator = await open(url("faults"));
    await Promise.all(members.slice(1).map((member) => member.end("SIGKILL")));
    const error = await coordinator.read("key").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "Failure", reaction: "retry" });
    await expect(etcd.open(url("faults"))).rejects.toMatchObject({ reaction: "retry" });
    await members[1]?.start();
    await writeAnyhow(coordinator, "key", "x");
  });

  test("an entry beyond a cluster's own limit is refused with what to do", async () => {
    const { url } = await startCluster(1, "--max-request-bytes", "65536");
    const coordinator = await open(url("faults"));
    await expect(coordinator.write("key", "x".repeat(100_000), "any")).rejects.toMatchObject({
      reaction: "give-up",
      code: "too-large",
      message: expect.stringContaining("--max-request-bytes"),
    });
  });

  test("an address at which nobody listens is refused with the address", async () => {
    const port = await freePort();
    await expect(etcd.open(`etcd://127.0.0.1:${port}/x`)).rejects.toMatchObject({
      reaction: "retry",
      code: "unreachable",
      message: expect.stringContaining(`127.0.0.1:${port} cannot be reached`),
    });
  });
});
