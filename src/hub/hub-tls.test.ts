// A hub over TLS: agents and commands accept exactly the certificate that they have pinned.
import { X509Certificate } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { hub as hubBackend, openHubClient } from "../coordinator/backends/hub.ts";
import { openLocalStore } from "../coordinator/local-store.ts";
import { Failure } from "../model/failure.ts";
import { askHub, followStack } from "../monitor/follow.ts";
import { type Hub, openHub } from "./hub.ts";
import { makeSelfSigned } from "./self-signed.ts";
import { operatorToken } from "./tokens.ts";

const tokenKey = "key";
const tls = makeSelfSigned(["localhost", "127.0.0.1"]);
const { fingerprint256: fingerprint } = new X509Certificate(tls.cert);
const { fingerprint256: otherFingerprint } = new X509Certificate(makeSelfSigned(["localhost"]).cert);
const token = operatorToken(tokenKey, "shop");

async function startHub(): Promise<Hub> {
  const hub = await openHub({ listen: { host: "127.0.0.1", port: 0 }, coordinator: openLocalStore(), tokenKey, tls });
  onTestFinished(() => hub.close());
  return hub;
}

test("a self-signed certificate names its hosts and is signed by its own key", () => {
  const certificate = new X509Certificate(makeSelfSigned(["hub.example", "10.0.0.7"]).cert);
  expect(certificate.subjectAltName).toBe("DNS:hub.example, IP Address:10.0.0.7");
  expect(certificate.subject).toBe("CN=weft hub");
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(new Date(certificate.validTo).getUTCFullYear()).toBe(2049);
});

test.for([fingerprint, fingerprint.replaceAll(":", "").toLowerCase()])("an agent that pins %s is served", async (pinned) => {
  const hub = await startHub();
  expect(hub.url).toMatch(/^https:/);
  const credentials = { kind: "operator", stack: "shop", token } as const;
  const client = await openHubClient({ urls: [hub.url], credentials, fingerprint: pinned });
  onTestFinished(() => client[Symbol.asyncDispose]());
  expect(client.address()).toBe("127.0.0.1");
  expect(await client.write("shop/g1/cells/a.b.c", "{}", "absent")).toMatchObject({ written: true });
});

test.for([
  { pinned: otherFingerprint, why: "another certificate" },
  { pinned: undefined, why: "self-signed certificate" },
])("an agent does not talk to a hub with $why, and says why", async ({ pinned, why }) => {
  const hub = await startHub();
  const stop = new AbortController();
  const told = await new Promise<string>((resolve, reject) => {
    const credentials = { kind: "operator", stack: "shop", token } as const;
    const options = { urls: [hub.url], credentials, complain: resolve, ...(pinned === undefined ? {} : { fingerprint: pinned }) };
    openHubClient(options, stop.signal).then(
      () => reject(new Error("was welcomed")),
      () => {},
    );
  });
  stop.abort();
  expect(told).toContain(why);
});

test("a coordinator's URL may carry the fingerprint", async () => {
  const { port } = await startHub();
  await using client = await hubBackend.open(`https://:${token}@127.0.0.1:${port}/shop?fingerprint=${fingerprint}`);
  expect(await client.read("shop/g1/cells/a.b.c")).toBeUndefined();
});

test("commands ask, put and follow a pinned hub, and refuse another one", async () => {
  const hub = await startHub();
  const access = { hub: hub.url, stack: "shop", token, generation: "g1", fingerprint };
  await askHub(access, "cells/db.mysql.port", { method: "PUT", body: "3306" });
  expect(await (await askHub(access, "cells/db.mysql.port")).json()).toMatchObject({ value: 3306 });
  await expect(askHub(access, "cells/db.mysql.port", { method: "PUT", body: "1" })).rejects.toMatchObject({ code: "conflict" });
  const stop = new AbortController();
  let seen = "";
  await followStack(
    access,
    (event) => {
      seen = event.type;
      stop.abort();
    },
    stop.signal,
  );
  expect(seen).toBe("snapshot");
  await expect(askHub({ ...access, fingerprint: otherFingerprint }, "status")).rejects.toThrow("another certificate");
});

test("a command that pins nothing trusts no self-signed hub, and hears what to do", async () => {
  const hub = await startHub();
  await expect(askHub({ hub: hub.url, stack: "shop", token }, "status")).rejects.toThrow("--fingerprint");
});

test("a certificate that is none is refused", async () => {
  const listen = { host: "127.0.0.1", port: 0 };
  const opening = openHub({ listen, coordinator: openLocalStore(), tokenKey, tls: { cert: "x", key: "y" } });
  await expect(opening).rejects.toThrow(Failure);
  await expect(opening).rejects.toMatchObject({ code: "tls" });
});
