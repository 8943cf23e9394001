// Patience with a coordinator that is away: tries again with growing pauses until told to stop.
import { Failure } from "../model/failure.ts";

const firstPauseMs = 50;
const longestPauseMs = 2000;

/**
 * Calls `attempt` until it does not fail with reaction `retry`. Rejects with the signal's reason as soon as `signal` is
 * aborted, even while an attempt is under way, whose outcome is then unknown.
 */
export async function retrying<T>(attempt: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    signal?.throwIfAborted();
    try {
      return await untilAborted(attempt(), signal);
    } catch (error) {
      if (!(error instanceof Failure) || error.reaction !== "retry") throw error;
    }
    await pause(pauseMs, signal);
  }
}

/** Resolves after `ms`; rejects with the signal's reason when it is aborted before. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await untilAborted(elapsed, signal).finally(() => clearTimeout(timer));
}

/** Settles as `promise` does, or rejects with the signal's reason when it is aborted before. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
