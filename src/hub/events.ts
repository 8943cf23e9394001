// What an operator sees of a stack: the status document, and the stream of its changes (server-sent events). Never a value.
import type { ServerResponse } from "node:http";
import type { Entry, Observer } from "../coordinator/coordinator.ts";
import { generationsPrefix, parseKey, type Scope, scopePrefix } from "../coordinator/keys.ts";
import { canonicalJson, type Json } from "../model/json.ts";
import type { RoleStatus, VmOutline, VmPresence } from "../model/status.ts";
import type { CellState, StackEvent, StackStatus } from "../monitor/picture.ts";
import { type SendEvent, streamTo } from "./event-stream.ts";
import { findNewest } from "./generations.ts";
import type { HubCore } from "./hub-core.ts";
import { parseObject } from "./parse-frames.ts";
import { sha256 } from "./tokens.ts";

/** Makes the status document of one generation out of its entries. */
export function describeStack(scope: Scope, entries: Entry[]): StackStatus {
  const status: StackStatus = { stack: scope.stack, generation: scope.generation, roles: [], vms: [], cells: [], outlines: [] };
  for (const entry of entries) {
    const event = describeChange(entry.key, entry);
    if (event?.type === "role") status.roles.push(event.status);
    else if (event?.type === "cell") status.cells.push(event.cell);
    else if (event?.type === "outline") status.outlines.push(event.outline);
    else if (event?.type === "vm" && event.presence !== undefined) status.vms.push(event.presence);
  }
  return status;
}

/** Returns the event that a change means to viewers; undefined where it means nothing to them. */
export function describeChange(key: string, entry: Entry | undefined): StackEvent | undefined {
  const parsed = parseKey(key);
  if (parsed === undefined || parsed.folder === "generations" || parsed.folder === "instances") return undefined;
  if (entry === undefined) return parsed.folder === "vms" ? { type: "vm", vm: parsed.name, present: false } : undefined;
  // What an agent wrote is not trusted to be what it should be.
  const value = parseObject(entry.value);
  if (value === undefined) return undefined;
  switch (parsed.folder) {
    case "roles":
      return { type: "role", status: value as unknown as RoleStatus };
    case "vms":
      return { type: "vm", vm: parsed.name, present: true, presence: value as unknown as VmPresence };
    case "cells":
      return { type: "cell", cell: describeCell(parsed.name, value) };
    case "outlines":
      return { type: "outline", outline: value as unknown as VmOutline };
    case "choices":
    case "retries":
    case "logs":
      return undefined;
  }
}

// Leaves out the value and the error.
function describeCell(cell: string, record: Record<string, unknown>): CellState {
  const { state, by, atMs, attempt, value } = record as unknown as CellState & { value?: Json };
  return {
    cell,
    state,
    by,
    atMs,
    ...(attempt === undefined ? {} : { attempt }),
    ...(value === undefined ? {} : { sha256: sha256(canonicalJson(value)) }),
  };
}

/**
 * Streams `generation` of a stack: a snapshot, then events, until `signal` is aborted. Without a generation the newest is
 * followed: the stream waits for the first, and begins again with a snapshot when a newer one comes.
 */
export function streamEvents(
  core: HubCore,
  stack: string,
  generation: string | undefined,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  return streamTo(response, signal, (send) => {
    if (generation !== undefined) followGeneration(send, { stack, generation }, signal);
    else followNewest(send);
  });

  function followNewest(send: SendEvent): void {
    const entries = new Map<string, Entry>();
    let followed: { generation: string; controller: AbortController } | undefined;
    const follow = (): void => {
      const newest = findNewest([...entries.values()]);
      if (newest === undefined || newest === followed?.generation) return;
      followed?.controller.abort();
      followed = { generation: newest, controller: new AbortController() };
      followGeneration(send, { stack, generation: newest }, AbortSignal.any([signal, followed.controller.signal]));
    };
    watch(generationsPrefix(stack), signal, {
      snapshot(all) {
        entries.clear();
        for (const entry of all) if (parseKey(entry.key)?.folder === "generations") entries.set(entry.key, entry);
        follow();
      },
      change(key, entry) {
        if (parseKey(key)?.folder !== "generations") return;
        if (entry === undefined) entries.delete(key);
        else entries.set(key, entry);
        follow();
      },
    });
  }

  function followGeneration(send: SendEvent, scope: Scope, until: AbortSignal): void {
    watch(scopePrefix(scope), until, {
      snapshot: (entries) => send("snapshot", describeStack(scope, entries)),
      change(key, entry) {
        const event = describeChange(key, entry);
        if (event?.type === "role") send("role", event.status);
        else if (event?.type === "cell") send("cell", event.cell);
        else if (event?.type === "outline") send("outline", event.outline);
        else if (event?.type === "vm") {
          const { type: _, ...vm } = event;
          send("vm", vm);
        }
      },
    });
  }

  // A stream that cannot go on is cut; its reader comes back.
  function watch(prefix: string, until: AbortSignal, observer: Observer): void {
    core.coordinator.watch(prefix, observer, until).catch(() => {
      if (!until.aborted) response.destroy();
    });
  }
}
