// What goes wrong with the directory of a hub's embedded coordinator: full, read-only, in use. Each is told with what to do.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { operatorToken } from "../../src/hub/tokens.ts";
import { root } from "./stack-bed.ts";

const tokenKey = "a key for tests only";
const env = { ...process.env, WEFT_TOKEN_KEY: tokenKey };

// File systems of our own, without being root, where the kernel lets us.
const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-faults-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a hub over a directory; `before` is shell that runs first, in a mount namespace of its own. */
function startHub(
  directory: string,
  before?: string,
): { child: ChildProcess; text(): string; until(part: string): Promise<void> } {
  const hub = [join(root, "bin/weft.js"), "hub", "--listen", "127.0.0.1:0", "--coordinator", `embedded:${directory}`];
  const child =
    before === undefined
      ? spawn(process.execPath, hub, { env })
      : spawn("unshare", ["-rm", "sh", "-c", `${before} && exec "$0" "$@"`, process.execPath, ...hub], { env, cwd: "/" });
  onTestFinished(() => void child.kill("SIGKILL"));
  let seen = "";
  let wake = (): void => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      seen += chunk;
      wake();
    });
  }
  return {
    child,
    text: () => seen,
    async until(part) {
      while (!seen.includes(part)) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

test("a second hub on a directory is refused, and the first goes on", async () => {
  const directory = join(makeFolder(), "data");
  const first = startHub(directory);
  await first.until("hub at ");
  const second = startHub(directory);
  expect(await once(second.child, "close")).toEqual([4, null]);
  expect(second.text()).toContain("is in use by another process: end it, or use another directory");
  const health = await fetch(`${/hub at (\S+)/.exec(first.text())?.[1]}/healthz`);
  expect(health.status).toBe(200);
});

test.runIf(canMount)("a directory on a read-only disk is refused with what to do", async () => {
  const folder = makeFolder();
  const hub = startHub(join(folder, "data"), `mount -t tmpfs -o ro tmpfs ${folder}`);
  expect(await once(hub.child, "close")).toEqual([4, null]);
  expect(hub.text()).toContain("cannot be written: check its owner and permissions");
});

test.runIf(canMount)("a full disk is told with what to do, and nothing that was acknowledged is lost", async () => {
  const folder = makeFolder();
  const hub = startHub(join(folder, "data"), `mount -t tmpfs -o size=2m tmpfs ${folder}`);
  await hub.until("hub at ");
  const url = /hub at (\S+)/.exec(hub.text())?.[1];
  const ask = (cell: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { authorization: `Bearer ${operatorToken(tokenKey, "shop")}` };
    return fetch(`${url}/v1/stacks/shop/cells/db.mysql.${cell}?generation=g1`, { ...init, headers });
  };
  const body = JSON.stringify("x".repeat(200_000));
  let written = 0;
  while ((await ask(`c${written}`, { method: "PUT", body })).status === 201) written += 1;
  await hub.until("the disk is full: free some space");
  expect(written).toBeGreaterThan(0);
  for (let index = 0; index < written; index++) expect((await ask(`c${index}`)).status).toBe(200);
  expect((await ask(`c${written}`)).status).toBe(202);
});
