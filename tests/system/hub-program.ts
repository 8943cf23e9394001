// `weft hub` and other commands as processes of a test.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { operatorToken } from "../../src/hub/tokens.ts";
import { root } from "./stack-bed.ts";

export const tokenKey = "a key for tests only";

/** A folder that goes with the test. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-hub-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts `weft hub` in `folder`, and resolves when it listens; `said` is what it has printed. */
export async function startHubProgram(
  folder: string,
  args: string[] = [],
): Promise<{ url: string; said: string; stop(): Promise<void> }> {
  const child = spawn(
    process.execPath,
    [join(root, "bin/weft.js"), "hub", "--listen", "127.0.0.1:0", "--stack", "shop", ...args],
    { cwd: folder, env: { ...process.env, WEFT_TOKEN_KEY: tokenKey }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const exited = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  for await (const chunk of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes("operator token")) break;
  }
  return {
    url: /hub at (\S+)/.exec(said)?.[1] ?? "",
    said,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Runs a command with the token of the operator of the stack `shop`. */
export async function runCommand(
  args: string[],
  extra: Record<string, string> = {},
): Promise<{ status: number; stdout: string; stderr: string }> {
  const env = { ...process.env, WEFT_TOKEN: operatorToken(tokenKey, "shop"), ...extra };
  const child = spawn(process.execPath, [join(root, "bin/weft.js"), ...args], { env });
  child.stdin.end();
  const exited = once(child, "close") as Promise<[number]>;
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: (await exited)[0], stdout, stderr };
}
