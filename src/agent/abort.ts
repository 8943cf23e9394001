// Joins abort signals; AbortSignal.any is not there in every Node that vms have.

/** A controller that is aborted with any of `signals`, until it is unlinked: then it lets go of them. */
export function linkAbort(signals: AbortSignal[]): { controller: AbortController; unlink: () => void } {
  const controller = new AbortController();
  const stops = signals.map((signal) => {
    const stop = (): void => controller.abort(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    return () => signal.removeEventListener("abort", stop);
  });
  return { controller, unlink: () => stops.forEach((unlink) => unlink()) };
}
