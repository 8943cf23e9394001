// `weft retry` on a stack of two vms and a group: what failed because of one role begins anew, also when agents were killed in between.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../bench/engines.ts";
import { followStack, followToEnd } from "../../src/monitor/follow.ts";
import { emptyPicture, updatePicture, type Picture } from "../../src/monitor/picture.ts";
import { root, StackBed } from "./stack-bed.ts";

const server = `
    type: OS::Nova::Server
    properties: {image: debian-12, flavor: m1.small, networks: [{network: private}]}`;

// db.load needs a file that is not there; web.app and web.check fail with it, web.packages does not.
const template = (file: string, trace: string): string => `heat_template_version: 2018-08-31
resources:
  db:${server}
    metadata:
      weft:
        tool: script
        roles:
          - name: disk
            run: echo db.disk >> ${trace}
          - name: load
            run: echo db.load >> ${trace}; weft-put port "$(cat ${file})"
            outputs: {port: {type: number}}
  web:${server}
    metadata:
      weft:
        tool: script
        roles:
          - name: packages
            run: echo web.packages >> ${trace}
          - name: app
            run: echo web.app $PORT >> ${trace}; weft-put url "http://web/$PORT"
            inputs: {PORT: {get_attr: [db, port]}}
            outputs: {url: {type: string}}
          - name: check
            run: echo web.check >> ${trace}
  client:${server}
    metadata:
      weft:
        tool: script
        roles:
          - name: visit
            run: echo client.visit $URL >> ${trace}
            inputs: {URL: {get_attr: [web, url]}}
outputs:
  url: {value: {get_attr: [web, url]}}
`;

async function openBed(): Promise<{ bed: StackBed; file: string; trace: () => string[] }> {
  const bed = new StackBed("shop", await freePort());
  const [path, file, trace] = ["stack.yaml", "port", "trace"].map((name) => join(bed.outside, name)) as [string, string, string];
  writeFileSync(path, template(file, trace));
  await bed.prepare(path);
  for (const member of ["hub", ...bed.vms]) bed.start(member);
  return { bed, file, trace: () => readFileSync(trace, "utf8").trimEnd().split("\n").toSorted() };
}

const neverAborted = new AbortController().signal;

function retry(bed: StackBed, role: string): { status: number | null; stderr: string } {
  const { hub, stack, token } = bed.access;
  const args = [join(root, "bin/weft.js"), "retry", role, "--hub", hub, "--stack", stack, "--token", token];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, stderr };
}

/** Follows the stack until `check` holds. */
async function until(bed: StackBed, check: (picture: Picture) => boolean): Promise<void> {
  const seen = new AbortController();
  let picture = emptyPicture;
  const onEvent = (event: Parameters<typeof updatePicture>[1]): void => {
    picture = updatePicture(picture, event);
    if (check(picture)) seen.abort();
  };
  await followStack(bed.access, onEvent, seen.signal);
}

const allDone = (bed: StackBed) => (picture: Picture) => bed.roles.every((role) => picture.roles.get(role)?.state === "done");

test("a role that failed for want of a file, and all that failed with it, finish after a retry", async () => {
  const { bed, file, trace } = await openBed();
  await using _ = bed;
  const { picture, reason } = await followToEnd(bed.access, bed.roles, { timeoutMs: 60_000, signal: neverAborted }, () => {});
  expect(reason).toBe("failed");
  expect(picture.roles.get("client.visit")).toMatchObject({ state: "failed", origin: "db.load" });
  expect(retry(bed, "web.app")).toEqual({ status: 3, stderr: expect.stringContaining("weft retry db.load") });
  expect(retry(bed, "db.disk")).toEqual({ status: 3, stderr: expect.stringContaining("it is done") });
  expect(retry(bed, "db.none")).toEqual({ status: 3, stderr: expect.stringContaining("no role db.none") });

  // In vain, and again with the file there.
  expect(retry(bed, "db.load")).toEqual({ status: 0, stderr: "" });
  await until(bed, ({ roles }) => roles.get("db.load")?.attempt === 2 && roles.get("db.load")?.state === "failed");
  writeFileSync(file, "3306");
  expect(retry(bed, "db.load")).toEqual({ status: 0, stderr: "" });
  await until(bed, allDone(bed));
  expect(trace()).toEqual([
    "client.visit http://web/3306",
    "db.disk",
    "db.load",
    "db.load",
    "db.load",
    "web.app 3306",
    "web.check",
    "web.packages",
  ]);
});

test("agents that were away during the retry, or are killed after it, take part in it", async () => {
  const { bed, file, trace } = await openBed();
  await using _ = bed;
  await followToEnd(bed.access, bed.roles, { timeoutMs: 60_000, signal: neverAborted }, () => {});
  await bed.kill("web");
  await bed.kill("hub");
  bed.start("hub");
  await until(bed, ({ vms }) => vms.has("db"));
  writeFileSync(file, "3306");
  expect(retry(bed, "db.load")).toEqual({ status: 0, stderr: "" });
  await until(bed, ({ roles }) => roles.get("db.load")?.state === "done" && roles.get("client.visit")?.state === "waiting");
  await bed.kill("client");
  for (const vm of bed.vms) bed.start(vm);
  await until(bed, allDone(bed));
  expect(trace()).toEqual([
    "client.visit http://web/3306",
    "db.disk",
    "db.load",
    "db.load",
    "web.app 3306",
    "web.check",
    "web.packages",
  ]);
});
