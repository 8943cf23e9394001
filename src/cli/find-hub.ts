// Which hub a command speaks to: the flags, or else the stack that `weft up` runs on this machine just now.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { isFingerprint } from "../coordinator/backends/hub-tls.ts";
import { Failure } from "../model/failure.ts";
import { operatorToken } from "../hub/tokens.ts";
import type { HubAccess } from "../monitor/follow.ts";
import { UsageError } from "./command.ts";

/** The flags of `weft status` and its like, for parseArgs. */
export const accessFlags = {
  hub: { type: "string" },
  stack: { type: "string" },
  token: { type: "string" },
  fingerprint: { type: "string" },
} as const;

interface AccessFlags {
  hub?: string | undefined;
  stack?: string | undefined;
  token?: string | undefined;
  fingerprint?: string | undefined;
}

export const accessHelp = `  --hub URL      the hub; without, the stack that "weft up" runs on this machine
  --stack NAME   the stack's id on that hub
  --token TOKEN  the operator's token (or the environment variable WEFT_TOKEN; or WEFT_TOKEN_KEY, the hub's key)
  --fingerprint SHA256  the certificate that an https hub must show, as "weft hub" prints it`;

// Readable by its owner alone: each file holds an operator's token.
function registry(): string {
  return join(tmpdir(), `weft-${userInfo().uid}-running`);
}

/** Notes a running stack for other commands on this machine; call the result when it has ended. */
export function announceRun(access: HubAccess): () => void {
  mkdirSync(registry(), { recursive: true, mode: 0o700 });
  const file = join(registry(), `${process.pid}.json`);
  writeFileSync(file, JSON.stringify(access), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** Finds the hub that the flags mean; fails with UsageError where they and this machine leave it open. */
export function findHub(flags: AccessFlags): HubAccess {
  if (flags.hub !== undefined) {
    const url = new URL(flags.hub);
    if (flags.stack === undefined) throw new UsageError("--hub needs --stack NAME");
    const token = findToken(flags, flags.stack);
    if (token === undefined)
      throw new UsageError("--hub needs the operator's token: --token TOKEN, or the environment variable WEFT_TOKEN");
    const { stack, fingerprint } = flags;
    if (fingerprint === undefined) return { hub: url.origin, stack, token };
    if (!isFingerprint(fingerprint)) throw new UsageError(`--fingerprint ${fingerprint} is no SHA-256: 64 hexadecimal digits`);
    if (url.protocol !== "https:") throw new UsageError("--fingerprint needs an https hub");
    return { hub: url.origin, stack, token, fingerprint };
  }
  const running = runningStacks().filter(({ stack }) => flags.stack === undefined || stack === flags.stack);
  if (running.length === 1) return running[0] as HubAccess;
  if (running.length > 1)
    throw new UsageError(`several stacks run here (${running.map(({ stack }) => stack).join(", ")}): choose with --stack`);
  throw new Failure(
    "give-up",
    "no-stack",
    'no stack runs on this machine just now\nhint: name a hub with --hub URL --stack NAME, or start one with "weft up T"',
  );
}

/** The operator's token: as given, or made of the hub's key by whoever has it. */
export function findToken({ hub, token }: AccessFlags, stack: string): string | undefined {
  const password = hub === undefined ? "" : new URL(hub).password;
  if (token !== undefined) return token;
  if (password !== "") return decodeURIComponent(password);
  const { WEFT_TOKEN: own, WEFT_TOKEN_KEY: key } = process.env;
  return own ?? (key === undefined ? undefined : operatorToken(key, stack));
}

function runningStacks(): HubAccess[] {
  let files: string[];
  try {
    files = readdirSync(registry());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return files.filter(isAlive).map((file) => JSON.parse(readFileSync(join(registry(), file), "utf8")) as HubAccess);
}

// A run that was killed could not take its note away.
function isAlive(file: string): boolean {
  try {
    process.kill(Number.parseInt(file, 10), 0);
    return true;
  } catch {
    rmSync(join(registry(), file), { force: true });
    return false;
  }
}
