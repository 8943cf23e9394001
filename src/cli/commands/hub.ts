// weft hub: serves a coordinator to the vms of any number of stacks.
import { once } from "node:events";
import { parseArgs } from "node:util";
import { openCoordinator } from "../../coordinator/backends.ts";
import type { Coordinator } from "../../coordinator/coordinator.ts";
import { reportTrouble } from "../../coordinator/report-trouble.ts";
import { retrying } from "../../coordinator/retrying.ts";
import { openHub } from "../../hub/hub.ts";
import { operatorToken } from "../../hub/tokens.ts";
import { Failure } from "../../model/failure.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";

export const command = {
  summary: "serve a coordinator to the vms",
  help: `
usage: weft hub [--listen HOST:PORT] [--coordinator URL] [--stack NAME]

Serves a coordinator to the agents of any number of stacks: one port for agents (WebSocket) and people (HTTP).
The key that all tokens are derived from is read from the environment variable WEFT_TOKEN_KEY.
A coordinator that is away is waited for; what ails it is told on standard error.

  --listen HOST:PORT   where to listen; default 127.0.0.1:8470, port 0 lets the system choose
  --coordinator URL    embedded:DIR, etcd://HOST:PORT/PREFIX, zookeeper://HOST,HOST/PATH or memory:; default embedded:weft-data
  --stack NAME         print the operator's token of this stack too`,
  async run(args) {
    const { values } = parseArgs({
      args,
      options: { listen: { type: "string" }, coordinator: { type: "string" }, stack: { type: "string" } },
    });
    const tokenKey = process.env["WEFT_TOKEN_KEY"];
    if (tokenKey === undefined || tokenKey.length < 16)
      throw new UsageError("set WEFT_TOKEN_KEY to a secret of 16 characters or more");
    const listen = parseListen(values.listen ?? "127.0.0.1:8470");
    // From here on: who reads our first line may end us at once.
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
    const opened = await openPatiently(values.coordinator ?? "embedded:weft-data", stop.signal);
    if (opened === undefined) return exitCodes.interrupted;
    await using coordinator = opened;
    await using hub = await openHub({ listen, coordinator: reportTrouble(coordinator, complain), tokenKey });
    process.stdout.write(`hub at ${hub.url}\n`);
    if (values.stack !== undefined)
      process.stdout.write(`operator token of ${values.stack}: ${operatorToken(tokenKey, values.stack)}\n`);
    if (!stop.signal.aborted) await once(stop.signal, "abort");
    return exitCodes.done;
  },
} satisfies Command;

// Hub and coordinator may start in any order: one that is away is waited for, not silently. Undefined when told to stop meanwhile.
async function openPatiently(url: string, signal: AbortSignal): Promise<Coordinator | undefined> {
  let told = "";
  const opening = retrying(async () => {
    try {
      return await openCoordinator(url);
    } catch (error) {
      if (error instanceof Failure && error.reaction === "retry" && error.message !== told) complain((told = error.message));
      throw error;
    }
  }, signal);
  return opening.catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
}

function complain(text: string): void {
  process.stderr.write(`weft: ${text}\n`);
}

function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(text);
  if (match === null || Number(match[2]) > 65_535) throw new UsageError(`--listen ${text} is not HOST:PORT`);
  return { host: (match[1] ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1"), port: Number(match[2]) };
}
