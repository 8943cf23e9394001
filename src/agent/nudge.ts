// A pause that somebody may cut short.

export interface Nudge {
  /** Ends the pause that is under way, or the next one. */
  now(): void;
  /** Resolves after `ms`, when nudged, or when `signal` is aborted. */
  orAfter(ms: number, signal: AbortSignal): Promise<void>;
}

/** Makes one. */
export function makeNudge(): Nudge {
  let isDue = false;
  let wake = (): void => {};
  return {
    now() {
      isDue = true;
      wake();
    },
    orAfter(ms, signal) {
      return new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          isDue = false;
          wake = () => {};
          resolve();
        };
        const timer = setTimeout(done, ms);
        wake = done;
        signal.addEventListener("abort", done, { once: true });
        if (isDue || signal.aborted) done();
      });
    },
  };
}
