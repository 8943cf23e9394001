// The hub's page in a real browser, while the cluster runs on real agents.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../bench/engines.ts";
import { followToEnd } from "../../src/monitor/follow.ts";
import { chromiumMissing, startChromium } from "../engines/chromium.ts";
import { root, StackBed } from "./stack-bed.ts";

const isThere = chromiumMissing === undefined;
// Where engines are required, one that is absent fails.
const testPage = test.skipIf(!isThere && process.env["REQUIRE_ENGINES"] !== "1");
if (!isThere) console.warn(`the page is not tested: ${chromiumMissing}`);

async function openPage(url: string, viewport = { width: 1440, height: 900 }): Promise<Page> {
  const browser = await startChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ viewport });
  page.on("pageerror", (error) => expect.fail(`the page fails: ${error.message}`));
  await page.goto(url);
  page.setDefaultTimeout(60_000);
  return page;
}

function linkOf({ access }: StackBed): string {
  return `${access.hub}/#${new URLSearchParams({ stack: access.stack, token: access.token }).toString()}`;
}

const startCluster = (vms: (vm: string) => boolean): Promise<StackBed> => startStack("examples/cluster/stack.yaml", vms);

async function startStack(path: string, vms: (vm: string) => boolean = () => true): Promise<StackBed> {
  const bed = new StackBed("cluster", await freePort());
  onTestFinished(() => bed[Symbol.asyncDispose]());
  await bed.prepare(path);
  bed.start("hub");
  for (const vm of bed.vms.filter(vms)) bed.start(vm);
  await expect
    .poll(
      () =>
        fetch(`${bed.access.hub}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true);
  return bed;
}

const toEnd = (bed: StackBed) =>
  followToEnd(bed.access, bed.roles, { timeoutMs: 120_000, signal: new AbortController().signal }, () => {});

/** What axe finds that keeps people out. */
async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  const found = (await page.evaluate("axe.run()")) as { violations: { id: string; impact: string; nodes: { html: string }[] }[] };
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

testPage("states change live, why leads to the vm that has not come, and its coming is seen", async () => {
  const bed = await startCluster((vm) => vm !== "directory");
  const page = await openPage(linkOf(bed));
  await page
    .getByRole("button", { name: /member\[0\]\.prerequisites/ })
    .first()
    .click();
  const panel = page.getByRole("article", { name: "role member[0].prerequisites" });
  await panel.getByText("directory.serve has not been reported: no agent of that vm is there").waitFor();
  expect(new URL(page.url()).hash).toBe("");
  await page.getByRole("list", { name: "what holds the stack up" }).getByText("directory has not come").waitFor();
  const row = page.locator(".vm-row").filter({ hasText: "directory" });
  await row.getByText("not come yet").waitFor();
  bed.start("directory");
  await panel.getByText(/^done in/).waitFor();
  expect(await row.getByText("not come yet").count()).toBe(0);
  await panel.getByText("enrolled").or(panel.getByText("Nothing has been printed.")).first().waitFor();
  expect((await toEnd(bed)).reason).toBeUndefined();
  await page.getByText(`${bed.roles.length} of ${bed.roles.length} roles`).waitFor();
  expect(await page.locator(".bar.critical").count()).toBeGreaterThan(3);
  expect(await seriousFaults(page)).toEqual([]);
});

testPage("an agent that is killed shows as dead, on a phone too, and when it comes back its role goes on", async () => {
  const bed = await startCluster(() => true);
  const page = await openPage(linkOf(bed), { width: 390, height: 800 });
  const role = page.getByRole("listitem").filter({ hasText: "member[1].prerequisites" });
  await role.waitFor();
  await bed.kill("member[1]");
  await role.click();
  await page.getByText("no agent is there").waitFor({ timeout: 10_000 });
  expect(await seriousFaults(page)).toEqual([]);
  bed.start("member[1]");
  expect((await toEnd(bed)).reason).toBeUndefined();
  await page.getByText(/agent at 127\./).waitFor();
});

// Three roles of one vm, each held up by another one: that has failed, whose agent dies, and that takes its time.
const threeRoots = `heat_template_version: 2018-08-31
resources:
${["broken", "dead", "slow"]
  .map((vm) => `  ${vm}: {type: OS::Nova::Server, properties: {image: i, flavor: f}, metadata: {weft: {roles: [${roleOf(vm)}]}}}`)
  .join("\n")}
  reader:
    type: OS::Nova::Server
    properties: {image: i, flavor: f}
    metadata:
      weft:
        tool: script
        order: dataflow
        roles: [${["broken", "dead", "slow"]
          .map((vm) => `{name: of_${vm}, run: "true", inputs: {V: {get_attr: [${vm}, value]}}}`)
          .join(", ")}]
`;

function roleOf(vm: string): string {
  const run = vm === "broken" ? "echo the disk is full >&2; exit 3" : "exec sleep 1000";
  return `{name: make, tool: script, run: "${run}", outputs: {value: {type: string}}}`;
}

testPage("why tells a root that has failed from one that is dead and from one that is slow", async () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-page-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "stack.yaml"), threeRoots);
  const bed = await startStack(join(folder, "stack.yaml"));
  const page = await openPage(linkOf(bed));
  const holdUps = page.getByRole("list", { name: "what holds the stack up" });
  await holdUps.getByText(/^broken\.make failed/).waitFor();
  await page
    .getByText(/runs for/)
    .nth(1)
    .waitFor();
  await bed.kill("dead");
  await holdUps.getByText(/^dead\.make runs for .*, but its agent is dead$/).waitFor();
  const why = async (vm: string): Promise<string[]> => {
    await page
      .getByRole("listitem")
      .filter({ hasText: `reader.of_${vm}` })
      .click();
    const panel = page.getByRole("article", { name: `role reader.of_${vm}` });
    const said = await panel.locator(".lead, .why li").allInnerTexts();
    await page.keyboard.press("Escape");
    return said.map((text) => text.replaceAll(/\d+(\.\d+)? s/g, "N s"));
  };
  expect(await why("broken")).toEqual([
    "failed: input V: broken.make failed: exit 3: the disk is full",
    "broken.make failed: exit 3: the disk is full",
    "| the disk is full",
  ]);
  expect(await why("dead")).toEqual(["waits N s for dead.make.value", "dead.make runs for N s, but its agent is dead"]);
  expect(await why("slow")).toEqual(["waits N s for slow.make.value", "slow.make runs for N s"]);
});

testPage("a wrong token is refused with the hub's words, and the search goes by keys", async () => {
  const bed = await startCluster(() => false);
  const page = await openPage(bed.access.hub);
  await page.getByLabel("Stack").fill("cluster");
  await page.getByLabel("Operator's token").fill("wrong");
  await page.getByRole("button", { name: "Look" }).click();
  await page.getByRole("alert").getByText("this is not the token of the operator of stack cluster").waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByLabel("Operator's token").fill(bed.access.token);
  await page.getByRole("button", { name: "Look" }).click();
  await page.getByText("No vm has come yet.").waitFor();
  for (const vm of bed.vms) bed.start(vm);
  await page.getByText(/of 34 roles/).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("member[2].mon");
  await expect.poll(() => page.getByRole("listitem").count(), { timeout: 60_000 }).toBe(1);
});

testPage("a recorded run is played again, without a hub that knows it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-page-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const record = join(folder, "run.jsonl");
  const up = spawnSync(process.execPath, [join(root, "bin/weft.js"), "up", "examples/handshake/stack.yaml", "--record", record], {
    cwd: root,
  });
  expect(up.status).toBe(0);
  const page = await openPage(`file://${join(root, "dist/page.html")}`);
  await page.locator("input[type=file]").setInputFiles(record);
  await page.getByText("6 of 6 roles").waitFor();
  const moment = page.getByLabel("moment");
  await moment.fill((await moment.getAttribute("min")) as string);
  await page.getByText("0 of ").first().waitFor();
  await page.getByRole("button", { name: "play", exact: true }).click();
  await page.getByText("6 of 6 roles").waitFor();
  expect(await seriousFaults(page)).toEqual([]);
});

test("the page is at most 150 kB gzipped, and asks nobody but its hub", () => {
  const page = readFileSync(join(root, "dist/page.html"), "utf8");
  expect(gzipSync(page, { level: 9 }).length).toBeLessThanOrEqual(150_000);
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/(src|href)="https?:/);
});
