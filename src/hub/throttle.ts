// How much one token may ask of one hub: requests by a token bucket, connections by a count. Kept in memory, each hub for itself.
import { Failure } from "../model/failure.ts";
import type { Identity } from "./authorize.ts";

/** Per token; far above what an agent of a large stack needs. */
export interface HubLimits {
  /** Requests that a token gains each second. */
  requestsPerSecond: number;
  /** Requests that it may save up: an agent sends all its waits at once when it connects. */
  burst: number;
  /** Sockets and HTTP requests under way at once. */
  vmConnections: number;
  operatorConnections: number;
}

export const defaultLimits: HubLimits = {
  requestsPerSecond: 2000,
  burst: 20_000,
  vmConnections: 16,
  operatorConnections: 256,
};

export interface Throttle {
  /** Counts a request; throws a Failure `retry` with code `too-many` when there were too many. */
  take(identity: Identity): void;
  /** Counts a connection until the result is called; throws as `take`. The newest is refused: were the oldest closed, it would come back and push out the next. */
  enter(identity: Identity): () => void;
}

interface Account {
  tokens: number;
  countedMs: number;
  connections: number;
}

// How often accounts are dropped that say no more than that their owner was here.
const sweepEvery = 1024;

/** Makes a throttle; `now` is a clock in ms. */
export function makeThrottle(limits: HubLimits, now: () => number = () => performance.now()): Throttle {
  const accounts = new Map<string, Account>();
  let entered = 0;

  function find(identity: Identity): Account {
    const key = JSON.stringify([identity.stack, identity.kind === "vm" ? identity.vm : null]);
    let account = accounts.get(key);
    if (account === undefined) accounts.set(key, (account = { tokens: limits.burst, countedMs: now(), connections: 0 }));
    return account;
  }

  function refill(account: Account): void {
    const nowMs = now();
    account.tokens = Math.min(limits.burst, account.tokens + ((nowMs - account.countedMs) / 1000) * limits.requestsPerSecond);
    account.countedMs = nowMs;
  }

  function sweep(): void {
    for (const [key, account] of accounts) {
      refill(account);
      if (account.connections === 0 && account.tokens === limits.burst) accounts.delete(key);
    }
  }

  return {
    take(identity) {
      const account = find(identity);
      refill(account);
      if (account.tokens < 1)
        throw new Failure("retry", "too-many", `${nameOf(identity)} asks more than ${limits.requestsPerSecond} times a second`);
      account.tokens -= 1;
    },
    enter(identity) {
      if (++entered % sweepEvery === 0) sweep();
      const account = find(identity);
      const most = identity.kind === "vm" ? limits.vmConnections : limits.operatorConnections;
      if (account.connections >= most)
        throw new Failure("retry", "too-many", `${nameOf(identity)} has ${most} connections already, which is the limit`);
      account.connections += 1;
      let isIn = true;
      return () => {
        if (isIn) account.connections -= 1;
        isIn = false;
      };
    },
  };
}

function nameOf(identity: Identity): string {
  return identity.kind === "vm" ? `vm ${identity.vm}` : `the operator of stack ${identity.stack}`;
}
