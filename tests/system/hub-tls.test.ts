// `weft hub` with TLS: its own certificate is made once and kept, a given one is used, and commands trust what they are told to.
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeCertificates } from "../engines/make-certificates.ts";
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
