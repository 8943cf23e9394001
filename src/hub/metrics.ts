// GET /metrics: what Prometheus asks of a hub. Of all stacks, so it takes the token of whoever runs the hub.
import type { IncomingMessage, ServerResponse } from "node:http";
import { scopePrefix } from "../coordinator/keys.ts";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { RoleStatus } from "../model/status.ts";
import { hasEnded } from "../monitor/picture.ts";
import { describeStack } from "./events.ts";
import type { HubCore } from "./hub-core.ts";
import { readToken, Refusal } from "./http-request.ts";

/** What only the hub's wiring knows. */
export interface HubFigures {
  /** Sockets of agents that are open. */
  connections(): number;
}

/** Makes the answerer of /metrics. Throws a Refusal before anything is sent. */
export function makeMetrics(
  core: HubCore,
  figures: HubFigures,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, labelNames: string[]): Gauge =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const connections = gauge("weft_hub_connections", "Open sockets of agents.", []);
  const roles = gauge("weft_roles", "Roles of the newest generation, by state.", ["stack", "state"]);
  const vms = gauge("weft_vms_present", "vms whose agent is there.", ["stack"]);
  const cells = gauge("weft_cells", "Settled cells, by state.", ["stack", "state"]);
  const longest = gauge("weft_longest_wait_seconds", "Of the roles that wait, or are blocked inside, the longest wait.", [
    "stack",
  ]);
  const active = gauge("weft_roles_active_seconds", "Time that ended roles took, without the time blocked in reads.", ["stack"]);
  const blocked = gauge("weft_roles_blocked_seconds", "Time that ended roles were blocked in reads.", ["stack"]);

  return async (request, response) => {
    if (!core.isHubToken(readToken(request)))
      throw new Refusal(401, "this is not the token of who runs this hub", '"weft hub --metrics" prints it');
    if (request.method !== "GET") throw new Refusal(405, "metrics takes GET");
    for (const one of [roles, vms, cells, longest, active, blocked]) one.reset();
    connections.set(figures.connections());
    for (const stack of core.stacks()) {
      const generation = await core.newestGeneration(stack);
      if (generation === undefined) continue;
      const scope = { stack, generation };
      const status = describeStack(scope, await core.coordinator.list(scopePrefix(scope)));
      for (const state of ["waiting", "running", "done", "failed", "skipped"] as const)
        roles.set({ stack, state }, status.roles.filter((role) => role.state === state).length);
      for (const state of ["value", "absent", "failed"] as const)
        cells.set({ stack, state }, status.cells.filter((cell) => cell.state === state).length);
      vms.set({ stack }, status.vms.length);
      longest.set({ stack }, longestWaitMs(status.roles, Date.now()) / 1000);
      const ended = status.roles.filter(({ startedMs, endedMs }) => startedMs !== undefined && endedMs !== undefined);
      const sum = (value: (role: RoleStatus) => number): number => ended.reduce((total, role) => total + value(role), 0) / 1000;
      blocked.set(
        { stack },
        sum(({ blockedMs = 0 }) => blockedMs),
      );
      active.set(
        { stack },
        sum(({ startedMs = 0, endedMs = 0, blockedMs = 0 }) => endedMs - startedMs - blockedMs),
      );
    }
    const text = await registry.metrics();
    response.writeHead(200, { "content-type": registry.contentType, "cache-control": "no-store" }).end(text);
  };
}

function longestWaitMs(roles: RoleStatus[], nowMs: number): number {
  return roles
    .filter((role) => !hasEnded(role))
    .flatMap(({ waitingFor }) => waitingFor.map(({ sinceMs }) => nowMs - sinceMs))
    .reduce((longest, ms) => Math.max(longest, ms), 0);
}
