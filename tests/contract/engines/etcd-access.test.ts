// Who may come to a real etcd: users and passwords, tokens that run out, TLS with and without certificates of our own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { etcd } from "../../../src/coordinator/backends/etcd.ts";
import type { Coordinator } from "../../../src/coordinator/coordinator.ts";
import { type EtcdCluster, etcdIsThere, startEtcdCluster } from "../../engines/etcd.ts";
import { makeCertificates } from "../../engines/make-certificates.ts";

async function open(url: string): Promise<Coordinator> {
  const coordinator = await etcd.open(url);
  onTestFinished(async () => coordinator[Symbol.asyncDispose]());
  return coordinator;
}

/** A cluster with the users `root` and `weft`; the password of each is its name and "@1/x". */
async function startWithUsers(): Promise<{ cluster: EtcdCluster; where: string }> {
  const cluster = await startEtcdCluster({ members: 1 });
  onTestFinished(async () => cluster[Symbol.asyncDispose]());
  const encode = (text: string): string => Buffer.from(text).toString("base64");
  await cluster.call(0, "auth/role/add", { name: "weft" });
  const perm = { permType: "READWRITE", key: encode("/stacks/"), range_end: encode("/stacks0") };
  await cluster.call(0, "auth/role/grant", { name: "weft", perm });
  for (const [name, role] of [
    ["root", "root"],
    ["weft", "weft"],
  ]) {
    await cluster.call(0, "auth/user/add", { name, password: `${name}@1/x` });
    await cluster.call(0, "auth/user/grant", { user: name, role });
  }
  await cluster.call(0, "auth/enable", {});
  return { cluster, where: `127.0.0.1:${cluster.members[0]?.port}` };
}

describe.runIf(etcdIsThere)("etcd", () => {
  test("a user with a password reads, writes, watches and joins below the prefix that is granted", async () => {
    const { where } = await startWithUsers();
    const coordinator = await open(`etcd://weft:weft%401%2Fx@${where}/stacks`);
    await coordinator.join("vm", "here", new AbortController().signal);
    await coordinator.write("key", "x", "absent");
    const seen: string[] = [];
    await coordinator.watch(
      "",
      { snapshot: (entries) => seen.push(...entries.map(({ key }) => key)), change: (key) => seen.push(key) },
      new AbortController().signal,
    );
    expect(seen).toEqual(["key", "vm"]);
  });

  test("a token that is no longer good is replaced, and nobody notices", async () => {
    const { cluster, where } = await startWithUsers();
    const coordinator = await open(`etcd://weft:weft%401%2Fx@${where}/stacks`);
    const { token } = await cluster.call(0, "auth/authenticate", { name: "root", password: "root@1/x" });
    for (let n = 0; n < 3; n++) {
      // The same password again: all tokens of the user end.
      await cluster.call(0, "auth/user/changepw", { name: "weft", password: "weft@1/x" }, token as string);
      const results = await Promise.all([1, 2, 3].map((m) => coordinator.write(`key${n}.${m}`, "x", "absent")));
      expect(results.map(({ written }) => written)).toEqual([true, true, true]);
    }
    const changes: string[] = [];
    const observer = { snapshot: () => {}, change: (key: string) => changes.push(key) };
    await coordinator.watch("", observer, new AbortController().signal);
    await coordinator.write("last", "x", "any");
    await expect.poll(() => changes).toEqual(["last"]);
  });

  test.for([
    ["a wrong password", "weft:wrong@", "stacks", "unauthorized", "check both in the URL"],
    ["an unknown user", "nobody:x@", "stacks", "unauthorized", "check both in the URL"],
    ["no user", "", "stacks", "unauthorized", "etcd://USER:PASSWORD@HOST"],
    ["a prefix that is not granted", "weft:weft%401%2Fx@", "elsewhere", "forbidden", "etcdctl role grant-permission"],
  ])("%s is refused with what to do", async ([, user, prefix, code, hint]) => {
    const { where } = await startWithUsers();
    const error = await etcd.open(`etcd://${user}${where}/${prefix}`).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reaction: "give-up", code, message: expect.stringContaining(hint as string) });
    expect(String(error)).not.toContain("wrong");
  });

  test("a user where nobody asks for one does no harm", async () => {
    const cluster = await startEtcdCluster({ members: 1 });
    onTestFinished(async () => cluster[Symbol.asyncDispose]());
    const coordinator = await open(`etcd://weft:secret@127.0.0.1:${cluster.members[0]?.port}/stacks`);
    expect(await coordinator.list("")).toEqual([]);
  });

  test("TLS with certificates on both sides carries everything, and an unknown certificate is refused with what to do", async () => {
    const folder = mkdtempSync(join(tmpdir(), "weft-tls-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { ca, cert, key } = makeCertificates(folder);
    const flags = ["--cert-file", cert, "--key-file", key, "--trusted-ca-file", ca, "--client-cert-auth"];
    const cluster = await startEtcdCluster({ members: 1, tls: true, flags });
    onTestFinished(async () => cluster[Symbol.asyncDispose]());
    const where = `127.0.0.1:${cluster.members[0]?.port}/stacks`;

    const coordinator = await open(`etcd://${where}?ca=${ca}&cert=${cert}&key=${key}`);
    expect(await coordinator.write("key", "x".repeat(1024 * 1024), "absent")).toMatchObject({ written: true });
    expect((await coordinator.read("key"))?.value.length).toBe(1024 * 1024);
    await expect(etcd.open(`etcds://${where}`)).rejects.toMatchObject({
      reaction: "give-up",
      code: "tls",
      message: expect.stringContaining("?ca=FILE"),
    });
    await expect(etcd.open(`etcds://${where}?ca=${ca}`)).rejects.toMatchObject({ name: "Failure" });
    await expect(etcd.open(`etcd://${where}`)).rejects.toMatchObject({ reaction: "retry", code: "unreachable" });
  });
});
