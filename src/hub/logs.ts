// The ends of roles' logs, for the stack's operator: once, or followed while they grow.
import type { ServerResponse } from "node:http";
import type { Entry } from "../coordinator/coordinator.ts";
import { logKey, type Scope } from "../coordinator/keys.ts";
import type { RoleLog } from "../model/status.ts";
import { streamTo } from "./event-stream.ts";
import type { HubCore } from "./hub-core.ts";
import { Refusal } from "./http-request.ts";
import { parseObject } from "./parse-frames.ts";

/** Returns the end of a role's log. */
export async function readLog(core: HubCore, scope: Scope, role: string): Promise<RoleLog> {
  const log = parseLog(await core.coordinator.read(logKey(scope, role)));
  if (log !== undefined) return log;
  throw new Refusal(404, `there is no log of ${role}`, "a role has one from its start on; the whole of it is on its vm");
}

/** Streams the end of a role's log as events `log`, each time that it has grown, until `signal` is aborted. */
export function streamLog(
  core: HubCore,
  scope: Scope,
  role: string,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  return streamTo(response, signal, (send) => {
    const see = (entry: Entry | undefined): void => {
      const log = parseLog(entry);
      if (log !== undefined) send("log", log);
    };
    const observer = {
      snapshot: ([entry]: Entry[]) => see(entry),
      change: (_key: string, entry: Entry | undefined) => see(entry),
    };
    // A stream that cannot go on is cut; its reader comes back.
    core.coordinator.watch(logKey(scope, role), observer, signal).catch(() => signal.aborted || response.destroy());
  });
}

function parseLog(entry: Entry | undefined): RoleLog | undefined {
  return entry === undefined ? undefined : (parseObject(entry.value) as unknown as RoleLog | undefined);
}
