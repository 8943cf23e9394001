// Follows a stack's event stream from a hub, across lost connections.
import { pause } from "../coordinator/retrying.ts";
import { fetchPinned } from "../coordinator/backends/hub-tls.ts";
import { Failure, messageOf } from "../model/failure.ts";
import {
  emptyPicture,
  hasEnded,
  updatePicture,
  type CellState,
  type Picture,
  type StackEvent,
  type StackStatus,
} from "./picture.ts";
import { readServerEvents } from "./server-events.ts";
import type { RoleStatus, VmOutline, VmPresence } from "../model/status.ts";

/** Where a stack's hub is, and the token of its operator. Without `generation` the newest is meant. */
export interface HubAccess {
  hub: string;
  stack: string;
  token: string;
  generation?: string;
  /** SHA-256 of the certificate that an `https:` hub must show; without, one whose authority Node knows. */
  fingerprint?: string;
}

/** Reads the status of a stack once. Fails `give-up` when the hub refuses, `retry` when it cannot be reached. */
export async function readStatus(access: HubAccess): Promise<StackStatus> {
  const answer = await askHub(access, "status");
  return (await answer.json()) as StackStatus;
}

/**
 * Calls `onEvent` for each event until `signal` is aborted. After a lost connection it connects again, and the stream begins with a new
 * snapshot; `onLost` is told each time that it was lost or could not be made. Fails `give-up` when the hub refuses the token.
 */
export async function followStack(
  access: HubAccess,
  onEvent: (event: StackEvent) => void,
  signal: AbortSignal,
  onLost: () => void = () => {},
): Promise<void> {
  while (!signal.aborted) {
    try {
      const answer = await askHub(access, "events", { signal });
      for await (const { type, data } of readServerEvents(answer.body as ReadableStream<Uint8Array>)) {
        const event = parseEvent(type, data);
        if (event !== undefined) onEvent(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Failure && error.reaction === "give-up") throw error;
    }
    onLost();
    // It rejects only when aborted, and then the loop is over.
    await pause(200, signal).catch(() => undefined);
  }
}

/**
 * Asks a hub as a stack's operator, `path` being what stands after `/v1/stacks/STACK/` (empty: the stack itself). Fails `give-up` with the hub's words when it
 * refuses (code `unauthorized`, `conflict` or `refused`), `retry` when it cannot be reached.
 */
export async function askHub(access: HubAccess, path: string, init: RequestInit = {}): Promise<Response> {
  const url = new URL(`${access.hub}/v1/stacks/${encodeURIComponent(access.stack)}${path === "" ? "" : `/${path}`}`);
  if (access.generation !== undefined) url.searchParams.set("generation", access.generation);
  return askUrl(access, url, init);
}

/** Asks a hub for what stands at `url`, a URL of its own, with the token that it takes there. Fails as `askHub`. */
export async function askUrl(access: Omit<HubAccess, "stack">, url: URL, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${access.token}` };
  const { fingerprint } = access;
  const asking =
    fingerprint === undefined ? fetch(url, { ...init, headers }) : fetchPinned(url, fingerprint, { ...init, headers });
  const answer = await asking.catch((error: unknown) => {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const message = `the hub ${access.hub} cannot be reached: ${messageOf(cause)}${certificateHint(cause)}`;
    throw new Failure("retry", "unreachable", message, { cause: error });
  });
  if (answer.ok) return answer;
  const code = answer.status === 401 ? "unauthorized" : answer.status === 409 ? "conflict" : "refused";
  const { error = answer.statusText, hint } = (await answer.json().catch(() => ({}))) as { error?: string; hint?: string };
  const message = `the hub ${access.hub} says HTTP ${answer.status}: ${error}${hint === undefined ? "" : `\nhint: ${hint}`}`;
  throw new Failure("give-up", code, message);
}

function certificateHint(error: unknown): string {
  const code = String((error as { code?: unknown }).code);
  if (!/CERT|SIGNATURE|ISSUER/.test(code)) return "";
  return "\nhint: pin its certificate with --fingerprint, or name its authority in NODE_EXTRA_CA_CERTS";
}

function parseEvent(type: string, data: string): StackEvent | undefined {
  const document: unknown = JSON.parse(data);
  if (type === "snapshot") return { type, status: document as StackStatus };
  if (type === "role") return { type, status: document as RoleStatus };
  if (type === "cell") return { type, cell: document as CellState };
  if (type === "outline") return { type, outline: document as VmOutline };
  if (type === "vm") return { type, ...(document as { vm: string; present: boolean; presence?: VmPresence }) };
  return undefined;
}

/** Why a run ended other than well. */
export type EndReason = "failed" | "timeout" | "interrupted";

/**
 * Follows a stack until all of `roles` have ended, `timeoutMs` is over or `signal` is aborted. `onRole` sees each new report of a role with
 * the picture after it, `onEvent` each event with the picture before it. A run in which a role failed without `on_error: continue` ends as `failed`.
 */
export async function followToEnd(
  access: HubAccess,
  roles: string[],
  limits: { timeoutMs: number; signal: AbortSignal },
  onRole: (status: RoleStatus, picture: Picture) => void,
  onEvent: (event: StackEvent, before: Picture) => void = () => {},
): Promise<{ picture: Picture; reason: EndReason | undefined }> {
  let picture = emptyPicture;
  const ended = new AbortController();
  const timeout = AbortSignal.timeout(limits.timeoutMs);
  const open = new Set(roles);
  const see = (status: RoleStatus): void => {
    if (hasEnded(status)) open.delete(status.id);
    // The operator may have retried it.
    else if (roles.includes(status.id)) open.add(status.id);
    onRole(status, picture);
  };
  await followStack(
    access,
    (event) => {
      const before = picture;
      onEvent(event, before);
      picture = updatePicture(picture, event);
      if (event.type === "role") see(event.status);
      // After a lost connection the snapshot tells what was missed.
      if (event.type === "snapshot")
        for (const role of event.status.roles) if (before.roles.get(role.id)?.atMs !== role.atMs) see(role);
      if (open.size === 0) ended.abort();
    },
    AbortSignal.any([ended.signal, timeout, limits.signal]),
  );
  if (open.size === 0) return { picture, reason: [...picture.roles.values()].some(breaksRun) ? "failed" : undefined };
  return { picture, reason: limits.signal.aborted ? "interrupted" : "timeout" };
}

function breaksRun(status: RoleStatus): boolean {
  return status.state === "failed" && status.tolerated !== true;
}
