// `weft hub` with TLS: its own certificate is made once and kept, a given one is used, and commands trust what they are told to.
import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { planFormat } from "../../src/model/vm-plan.ts";
import { expect, onTestFinished, test } from "vitest";
import type { AgentConfig } from "../../src/agent/agent-config.ts";
import { openLocalStore } from "../../src/coordinator/local-store.ts";
import { openHub } from "../../src/hub/hub.ts";
import { makeSelfSigned } from "../../src/hub/self-signed.ts";
import { rightsTag, vmToken } from "../../src/hub/tokens.ts";
import { makeCertificates } from "../engines/make-certificates.ts";
import { root } from "./stack-bed.ts";
import { makeFolder, runCommand, startHubProgram } from "./hub-program.ts";

const put = ["put", "db.mysql.port", "3306"];

function fingerprintIn(said: string): string {
  return /fingerprint: (\S+)/.exec(said)?.[1] ?? "";
}

test("a self-signed hub keeps its certificate across starts, and commands pin it or take it as an authority", async () => {
  const folder = makeFolder();
  const first = await startHubProgram(folder, ["--tls", "self-signed"]);
  expect(first.url).toMatch(/^https:/);
  await first.stop();
  const { url, said } = await startHubProgram(folder, ["--tls", "self-signed"]);
  const fingerprint = fingerprintIn(said);
  expect(fingerprint).toBe(fingerprintIn(first.said));
  expect(statSync(join(folder, "weft-hub.key")).mode & 0o777).toBe(0o600);
  // No vm has come yet: the hub's own answer.
  expect(await runCommand(["status", "--stack", "shop", "--hub", url, "--fingerprint", fingerprint])).toMatchObject({
    status: 4,
    stderr: expect.stringContaining("no vm of stack shop has come yet"),
  });
  const trusting = { NODE_EXTRA_CA_CERTS: join(folder, "weft-hub.crt") };
  expect(await runCommand(["status", "--stack", "shop", "--hub", url], trusting)).toMatchObject({
    stderr: expect.stringContaining("no vm of stack shop has come yet"),
  });
  expect(await runCommand([...put, "--stack", "shop", "--hub", url])).toMatchObject({
    status: 4,
    stderr: expect.stringContaining("--fingerprint"),
  });
  expect(await runCommand([...put, "--stack", "shop", "--hub", url, "--fingerprint", "12"])).toMatchObject({ status: 2 });
});

test("a hub uses a certificate that it is given", async () => {
  const folder = makeFolder();
  const { cert, key, ca } = makeCertificates(folder);
  const { url } = await startHubProgram(folder, ["--tls-cert", cert, "--tls-key", key]);
  expect(await runCommand(["status", "--stack", "shop", "--hub", url], { NODE_EXTRA_CA_CERTS: ca })).toMatchObject({
    stderr: expect.stringContaining("no vm of stack shop has come yet"),
  });
});

test.for([true, false])("an agent whose configuration pins the hub's certificate: %s, is served only then", async (isPinned) => {
  const tls = makeSelfSigned(["127.0.0.1"]);
  const coordinator = openLocalStore();
  await using hub = await openHub({ listen: { host: "127.0.0.1", port: 0 }, coordinator, tokenKey: "key", tls });
  const shown = isPinned ? tls : makeSelfSigned(["127.0.0.1"]);
  const rights = { read: [], write: [], choose: [] };
  const stateDir = makeFolder();
  const config: AgentConfig = {
    stack: "shop",
    generation: "g1",
    vm: "db",
    hubs: [hub.url],
    hubFingerprint: new X509Certificate(shown.cert).fingerprint256,
    token: vmToken("key", "shop", "db"),
    tag: rightsTag("key", "shop", "db", "g1", rights),
    plan: { format: planFormat, vm: "db", order: "dataflow", facts: [], roles: [], rights },
    values: {},
    stateDir,
  };
  writeFileSync(join(stateDir, "agent.json"), JSON.stringify(config));
  const agent = spawn(process.execPath, [join(root, "dist/agent.cjs"), "--config", join(stateDir, "agent.json")]);
  onTestFinished(() => void agent.kill("SIGKILL"));
  const closed = once(agent, "close");
  let log = "";
  const complaint = new Promise<void>((resolve) => {
    agent.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      log += chunk;
      if (log.includes("another certificate than the pinned one")) resolve();
    });
  });
  const come = new Promise<string>((resolve) => {
    const seen = (key: string): void => void (key === "shop/g1/vms/db" && resolve("served"));
    const observer = { snapshot: () => {}, change: seen };
    void coordinator.watch("shop/", observer, new AbortController().signal);
  });
  if (isPinned) expect(await come).toBe("served");
  else await complaint;
  agent.kill("SIGTERM");
  await closed;
  if (!isPinned) expect(await coordinator.list("")).toEqual([]);
  expect(log).not.toContain(config.token);
});
