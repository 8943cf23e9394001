// A headless Chromium, as Debian packages it, for tests that look at the hub's page.
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath = "/usr/bin/chromium";

/** Why there is none. */
export const chromiumMissing: string | undefined = existsSync(executablePath)
  ? undefined
  : "no Chromium on this machine: apt-get install chromium";

/** Starts one that asks nobody for anything. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
