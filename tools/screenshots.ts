// The pictures of docs/screens: the hub's page while examples/cluster runs on real agents, and at 1,000 vms.
// node tools/screenshots.ts [FOLDER]; needs Debian's Chromium.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { freePort } from "../bench/engines.ts";
import { measurePage } from "../bench/page.ts";
import { followToEnd } from "../src/monitor/follow.ts";
import { startChromium } from "../tests/engines/chromium.ts";
import { root, StackBed } from "../tests/system/stack-bed.ts";

const folder = resolve(process.argv[2] ?? join(root, "docs/screens"));
const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

mkdirSync(folder, { recursive: true });
const browser = await startChromium();
try {
  await shootCluster(browser);
} finally {
  await browser.close();
}
await measurePage(join(folder, "page-1000-vms.png"));

// One member comes late: until then the whole cluster waits for it, and one look has to say so.
async function shootCluster(browser: Browser): Promise<void> {
  await using bed = new StackBed("cluster", await freePort());
  await bed.prepare("examples/cluster/stack.yaml");
  bed.start("hub");
  const late = "member[2]";
  for (const vm of bed.vms.filter((vm) => vm !== late)) bed.start(vm);
  const waiting = "member[0].join_cluster";
  const light = await openPage(browser, bed, "light", desktop);
  const small = await openPage(browser, bed, "light", phone);
  await light.getByRole("listitem").filter({ hasText: waiting }).click();
  await light.getByText("no agent of that vm is there").first().waitFor();
  // Long enough for times to be worth a look.
  await light
    .getByText(/waits ([6-9]\.|\d\d)/)
    .first()
    .waitFor();
  await shoot(light, "page-light");
  await shoot(small, "page-phone");
  await small.getByRole("listitem").filter({ hasText: waiting }).click();
  await small.getByText("no agent of that vm is there").first().waitFor();
  await shoot(small, "page-phone-why");

  bed.start(late);
  await followToEnd(bed.access, bed.roles, { timeoutMs: 120_000, signal: new AbortController().signal }, () => {});
  const dark = await openPage(browser, bed, "dark", desktop);
  await dark.getByText(`${bed.roles.length} of ${bed.roles.length} roles`).waitFor();
  await dark.locator(".bar.critical").first().waitFor();
  await shoot(dark, "page-dark");
}

async function openPage(
  browser: Browser,
  { access }: StackBed,
  colorScheme: "light" | "dark",
  viewport: { width: number; height: number },
): Promise<Page> {
  const page = await browser.newPage({ viewport, colorScheme });
  page.setDefaultTimeout(60_000);
  await untilServed(access.hub);
  await page.goto(`${access.hub}/#${new URLSearchParams({ stack: access.stack, token: access.token }).toString()}`);
  return page;
}

async function untilServed(hub: string): Promise<void> {
  while (
    !(await fetch(`${hub}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    await new Promise((resolve) => setTimeout(resolve, 100));
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled" });
}
