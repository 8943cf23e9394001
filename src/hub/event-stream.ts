// Server-sent events: a response that goes on until its reader has gone.
import type { ServerResponse } from "node:http";

// A comment now and then keeps proxies from closing a silent stream.
const commentIntervalMs = 15_000;

// A reader that falls behind by this much is cut off; it comes back and gets a fresh snapshot.
const maxBufferedBytes = 16 * 1024 * 1024;

/** Sends one event; the stream is cut when its reader has fallen behind. */
export type SendEvent = (event: string, data: unknown) => void;

/** Streams what `begin` sends until `signal` is aborted, then ends the response. */
export async function streamTo(response: ServerResponse, signal: AbortSignal, begin: (send: SendEvent) => void): Promise<void> {
  if (signal.aborted) return;
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
  // Browsers hand a stream over with its first bytes.
  response.write(": begin\n\n");
  const comment = setInterval(() => response.write(": alive\n\n"), commentIntervalMs);
  const ended = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  begin((event, data) => {
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    if (response.writableLength > maxBufferedBytes) response.destroy();
  });
  await ended;
  clearInterval(comment);
  response.end();
}
