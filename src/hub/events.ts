// What an operator sees of a stack: the status document, and the stream of its changes (server-sent events). Never a value.
import type { ServerResponse } from "node:http";
import type { Entry, Observer } from "../coordinator/coordinator.ts";
import { generationsPrefix, parseKey, type Scope, scopePrefix } from "../coordinator/keys.ts";
import { canonicalJson, type Json } from "../model/json.ts";
import type { RoleStatus, VmPresence } from "../model/status.ts";
import type { CellState, StackEvent, StackStatus } from "../monitor/picture.ts";
import { findNewest } from "./generations.ts";
import type { HubCore } from "./hub-core.ts";
import { parseObject } from "./parse-frames.ts";
import { sha256 } from "./tokens.ts";

// A comment now and then keeps proxies from closing a silent stream.
const commentIntervalMs = 15_000;

// A reader that falls behind by this much is cut off; it comes back and gets a fresh snapshot.
const maxBufferedBytes = 16 * 1024 * 1024;

/** Makes the status document of one generation out of its entries. */
export function describeStack(scope: Scope, entries: Entry[]): StackStatus {
  const status: StackStatus = { stack: scope.stack, generation: scope.generation, roles: [], vms: [], cells: [] };
  for (const entry of entries) {
    const event = describeChange(entry.key, entry);
    if (event?.type === "role") status.roles.push(event.status);
    else if (event?.type === "cell") status.cells.push(event.cell);
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
    case "choices":
    case "retries":
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
export async function streamEvents(
  core: HubCore,
  stack: string,
  generation: string | undefined,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
  response.flushHeaders();
  const comment = setInterval(() => response.write(": alive\n\n"), commentIntervalMs);
  const ended = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  if (generation !== undefined) followGeneration({ stack, generation }, signal);
  else followNewest();
  await ended;
  clearInterval(comment);
  response.end();

  function followNewest(): void {
    const entries = new Map<string, Entry>();
    let followed: { generation: string; controller: AbortController } | undefined;
    const follow = (): void => {
      const newest = findNewest([...entries.values()]);
      if (newest === undefined || newest === followed?.generation) return;
      followed?.controller.abort();
      followed = { generation: newest, controller: new AbortController() };
      followGeneration({ stack, generation: newest }, AbortSignal.any([signal, followed.controller.signal]));
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

  function followGeneration(scope: Scope, until: AbortSignal): void {
    watch(scopePrefix(scope), until, {
      snapshot: (entries) => send("snapshot", describeStack(scope, entries)),
      change(key, entry) {
        const event = describeChange(key, entry);
        if (event?.type === "role") send("role", event.status);
        else if (event?.type === "cell") send("cell", event.cell);
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

  function send(event: string, data: unknown): void {
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    if (response.writableLength > maxBufferedBytes) response.destroy();
  }
}
