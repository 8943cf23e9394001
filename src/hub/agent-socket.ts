// One agent's (or operator's) WebSocket: hello, then the coordinator's verbs as far as its rights go. Presence lasts as long as the socket.
import type { WebSocket } from "ws";
import {
  type Answer,
  type FailureFrame,
  type Greeting,
  type Hello,
  pingIntervalMs,
  protocolVersion,
  type Request,
} from "../coordinator/backends/hub-frames.ts";
import type { Entry, Observer } from "../coordinator/coordinator.ts";
import { instanceKey } from "../coordinator/keys.ts";
import { retrying } from "../coordinator/retrying.ts";
import { Failure } from "../model/failure.ts";
import { type Identity, isAllowed } from "./authorize.ts";
import type { HubCore } from "./hub-core.ts";
import { parseHello, parseObject, parseRequest } from "./parse-frames.ts";

// A reader that falls behind by this much is cut off; it comes back and gets fresh snapshots.
const maxBufferedBytes = 64 * 1024 * 1024;

// A socket on which nobody has said who they are is closed after this.
const helloTimeoutMs = 4 * pingIntervalMs;

// WebSocket close codes of ours, for people who look at the wire.
const closedMalformed = 4400;
const closedRefused = 4401;
const closedSuperseded = 4403;

/** Serves a socket until it closes. */
export function serveAgent(socket: WebSocket, core: HubCore): void {
  const held = new Map<number, AbortController>();
  let state: "new" | "greeting" | Identity = "new";
  const closed = new AbortController();
  let leave = (): void => {};
  const openedMs = performance.now();
  let heardMs = openedMs;

  const heartbeat = setInterval(() => {
    const silent = performance.now() - heardMs > 2 * pingIntervalMs;
    const anonymous = state === "new" && performance.now() - openedMs > helloTimeoutMs;
    if (silent || anonymous || socket.bufferedAmount > maxBufferedBytes) socket.terminate();
    else socket.ping();
  }, pingIntervalMs);
  socket.on("ping", () => (heardMs = performance.now()));
  socket.on("pong", () => (heardMs = performance.now()));
  // Every error is followed by a close, which is what we act on.
  socket.on("error", () => {});
  socket.on("close", () => {
    clearInterval(heartbeat);
    closed.abort(new Failure("give-up", "closed", "the socket is closed"));
    leave();
    for (const id of held.keys()) release(id);
  });
  socket.on("message", (data) => {
    heardMs = performance.now();
    const text = (data as Buffer).toString();
    if (state === "new") {
      const hello = parseHello(text);
      if (hello === undefined) return socket.close(closedMalformed, "malformed hello");
      state = "greeting";
      void greet(hello);
      return;
    }
    const request = parseRequest(text);
    if (state === "greeting" || request === undefined) return socket.close(closedMalformed, "malformed request");
    void serve(state, request);
  });

  async function greet(hello: Hello): Promise<void> {
    try {
      if (hello.v !== protocolVersion) {
        throw new Failure(
          "give-up",
          "version",
          `this hub speaks version ${protocolVersion} of the protocol, the agent ${hello.v}`,
        );
      }
      const identity = await core.admit(hello);
      leave = core.throttle.enter(identity);
      // It may have closed while it was on its way here.
      if (socket.readyState !== socket.OPEN) leave();
      state = identity;
      if (identity.kind === "vm" && hello.vm?.instance !== undefined) cutWhenSuperseded(identity, hello.vm.instance);
      sendFrame({ welcome: true, ...(identity.kind === "vm" ? { epoch: identity.epoch } : {}) } satisfies Greeting);
    } catch (error) {
      sendFrame({ refused: describeFailure(error) } satisfies Greeting);
      socket.close(closedRefused, "refused");
    }
  }

  // The epoch that the other instance has opened is out of reach anyway; this ends the writing into the one before it.
  function cutWhenSuperseded({ stack, vm }: { stack: string; vm: string }, instance: string): void {
    const see = (entry: Entry | undefined): void => {
      const newest = entry === undefined ? undefined : parseObject(entry.value)?.["instance"];
      if (newest !== undefined && newest !== instance) socket.close(closedSuperseded, "superseded");
    };
    const observer: Observer = { snapshot: ([entry]) => see(entry), change: (_key, entry) => see(entry) };
    const watching = retrying(() => core.coordinator.watch(instanceKey(stack, vm), observer, closed.signal), closed.signal);
    // Without it this socket stays as it is, until it is lost and has to be admitted again.
    watching.catch(() => undefined);
  }

  async function serve(identity: Identity, request: Request): Promise<void> {
    const { id } = request;
    try {
      // A stop has no answer, and lightens our load.
      if (request.verb !== "stop") core.throttle.take(identity);
      if (!isAllowed(identity, request)) throw forbid(identity, request);
      if (identity.kind === "vm" && (await settlesAgain(request))) throw forbid(identity, request);
      const result = await perform(request);
      if (result !== undefined) sendFrame({ id, result } satisfies Answer);
    } catch (error) {
      held.delete(id);
      sendFrame({ id, failure: describeFailure(error) } satisfies Answer);
    }
  }

  // A vm replaces failures of its own that the operator has retried, and nothing else. The revision keeps it the same entry.
  async function settlesAgain(request: Request): Promise<boolean> {
    if (request.verb !== "write" || typeof request.expected !== "number") return false;
    const current = await core.coordinator.read(request.key);
    return current?.revision === request.expected && parseObject(current.value)?.["state"] !== "failed";
  }

  // Returns the result, undefined where there is none to send.
  async function perform(request: Request): Promise<unknown> {
    const { coordinator } = core;
    switch (request.verb) {
      case "read":
        return (await coordinator.read(request.key)) ?? null;
      case "list":
        return coordinator.list(request.prefix);
      case "write":
        return coordinator.write(request.key, request.value, request.expected);
      case "remove":
        return coordinator.remove(request.key);
      case "watch":
        return coordinator.watch(request.prefix, observe(request.id), hold(request.id));
      case "join":
        await coordinator.join(request.key, request.value, hold(request.id));
        return null;
      case "stop":
        return release(request.id);
    }
  }

  function hold(id: number): AbortSignal {
    const controller = new AbortController();
    release(id);
    held.set(id, controller);
    // The socket may have closed while the request was on its way here.
    if (socket.readyState !== socket.OPEN) release(id);
    return controller.signal;
  }

  function release(id: number): void {
    held.get(id)?.abort(new Failure("give-up", "closed", "stopped"));
    held.delete(id);
  }

  function observe(id: number): Observer {
    return {
      snapshot: (snapshot) => sendFrame({ id, snapshot } satisfies Answer),
      // As `satisfies Answer`, with the entry's text made once for all sockets.
      change: (key, entry) => sendText(`{"id":${id},"key":${JSON.stringify(key)},"entry":${core.encodeEntry(entry)}}`),
    };
  }

  function sendFrame(frame: unknown): void {
    sendText(JSON.stringify(frame));
  }

  function sendText(text: string): void {
    if (socket.readyState === socket.OPEN) socket.send(text);
  }
}

function forbid(identity: Identity, request: Request): Failure {
  const who = identity.kind === "operator" ? `the operator of stack ${identity.stack}` : `vm ${identity.vm}`;
  const what = "key" in request ? request.key : "prefix" in request ? request.prefix : "";
  return new Failure("give-up", "forbidden", `${who} may not ${request.verb} ${what}`);
}

function describeFailure(error: unknown): FailureFrame {
  // A bug: nobody above us could do better than crash.
  if (!(error instanceof Failure)) throw error;
  return { reaction: error.reaction, code: error.code, message: error.message };
}
