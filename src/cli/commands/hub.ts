// weft hub: serves a coordinator to the vms of any number of stacks.
import { once } from "node:events";
import { parseArgs } from "node:util";
import { openCoordinator } from "../../coordinator/backends.ts";
import type { Coordinator } from "../../coordinator/coordinator.ts";
import { reportTrouble } from "../../coordinator/report-trouble.ts";
import { retrying } from "../../coordinator/retrying.ts";
import { openHub } from "../../hub/hub.ts";
import type { HubLimits } from "../../hub/throttle.ts";
import { hubToken, operatorToken } from "../../hub/tokens.ts";
import { Failure } from "../../model/failure.ts";
import { hubPage, vmPrograms } from "../agent-program.ts";
import { exitCodes, UsageError, type Command } from "../command.ts";
import { findTlsFiles } from "../hub-tls-files.ts";

export const command = {
  summary: "serve a coordinator to the vms",
  help: `
usage: weft hub [--listen HOST:PORT] [--coordinator URL] [--stack NAME]
                [--tls self-signed] [--tls-cert FILE --tls-key FILE]

Serves a coordinator to the agents of any number of stacks: one port for agents (WebSocket) and people (HTTP).
The key that all tokens are derived from is read from the environment variable WEFT_TOKEN_KEY.
A coordinator that is away is waited for; what ails it is told on standard error. vms fetch the agent's program, and a Node for those
that have none, from the same port: /agent/agent.cjs, /agent/node-linux-x64.

  --listen HOST:PORT   where to listen; default 127.0.0.1:8470, port 0 lets the system choose
  --coordinator URL    embedded:DIR, etcd://HOST:PORT/PREFIX, zookeeper://HOST,HOST/PATH or memory:; default embedded:weft-data
  --stack NAME         print the operator's token of this stack too
  --tls-cert FILE      speak TLS with this certificate (PEM, the chain behind it), and
  --tls-key FILE       this key
  --tls self-signed    speak TLS with a certificate that is made at the first start and kept: in weft-hub.crt and
                       weft-hub.key, or where --tls-cert and --tls-key say; agents and commands pin its fingerprint
  --rate N             requests that one token may send a second, default 2000; ten times as many at once after a pause
  --connections N      connections that one vm may have at once, default 16
  --metrics            serve Prometheus metrics at /metrics, for the token that is printed
  --log json           a JSON object a line on standard error: time, message
  --keep-generations N when a new generation of a stack comes, remove all but its newest N; default: keep all`,
  async run(args) {
    const { values } = parseArgs({
      args,
      options: {
        listen: { type: "string" },
        coordinator: { type: "string" },
        stack: { type: "string" },
        tls: { type: "string" },
        "tls-cert": { type: "string" },
        "tls-key": { type: "string" },
        rate: { type: "string" },
        connections: { type: "string" },
        "keep-generations": { type: "string" },
        metrics: { type: "boolean" },
        log: { type: "string" },
      },
    });
    const tokenKey = process.env["WEFT_TOKEN_KEY"];
    if (tokenKey === undefined || tokenKey.length < 16)
      throw new UsageError("set WEFT_TOKEN_KEY to a secret of 16 characters or more");
    const listen = parseListen(values.listen ?? "127.0.0.1:8470");
    const limits = readLimits(values);
    if (values.log !== undefined && values.log !== "json") throw new UsageError(`--log ${values.log}: only json is known`);
    const complain = values.log === "json" ? complainAsJson : complainInWords;
    const metrics = values.metrics === true;
    const kept = values["keep-generations"];
    const retention = kept === undefined ? {} : { keepGenerations: parseCount("--keep-generations", kept) };
    const tls = findTlsFiles(values, listen.host);
    // From here on: who reads our first line may end us at once.
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
    const opened = await openPatiently(values.coordinator ?? "embedded:weft-data", complain, stop.signal);
    if (opened === undefined) return exitCodes.interrupted;
    await using coordinator = opened;
    const watched = reportTrouble(coordinator, complain);
    const security = { tokenKey, limits, ...(tls === undefined ? {} : { tls }) };
    const copying = coordinator.backup === undefined ? {} : { backup: coordinator.backup };
    await using hub = await openHub({
      listen,
      coordinator: watched,
      ...security,
      ...retention,
      ...copying,
      metrics,
      page: hubPage(),
      programs: vmPrograms(),
    });
    process.stdout.write(`hub at ${hub.url}\n`);
    if (tls !== undefined) process.stdout.write(`certificate's SHA-256 fingerprint: ${tls.fingerprint}\n`);
    if (values.stack !== undefined)
      process.stdout.write(`operator token of ${values.stack}: ${operatorToken(tokenKey, values.stack)}\n`);
    if (metrics) process.stdout.write(`metrics at ${hub.url}/metrics, token of who runs the hub: ${hubToken(tokenKey)}\n`);
    if (!stop.signal.aborted) await once(stop.signal, "abort");
    return exitCodes.done;
  },
} satisfies Command;

// Hub and coordinator may start in any order: one that is away is waited for, not silently. Undefined when told to stop meanwhile.
async function openPatiently(
  url: string,
  complain: (text: string) => void,
  signal: AbortSignal,
): Promise<Coordinator | undefined> {
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

function complainInWords(text: string): void {
  process.stderr.write(`weft: ${text}\n`);
}

function complainAsJson(message: string): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), message })}\n`);
}

function readLimits(flags: { rate?: string | undefined; connections?: string | undefined }): Partial<HubLimits> {
  const limits: Partial<HubLimits> = {};
  if (flags.rate !== undefined) {
    limits.requestsPerSecond = parseCount("--rate", flags.rate);
    limits.burst = 10 * limits.requestsPerSecond;
  }
  if (flags.connections !== undefined) limits.vmConnections = parseCount("--connections", flags.connections);
  return limits;
}

function parseCount(flag: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`${flag} ${text} is no number of 1 or more`);
  return Number(text);
}

function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(text);
  if (match === null || Number(match[2]) > 65_535) throw new UsageError(`--listen ${text} is not HOST:PORT`);
  return { host: (match[1] ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1"), port: Number(match[2]) };
}
