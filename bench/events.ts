// What looking on costs: the hop while a reader of the event stream follows the stack, as page and `weft watch` do, beside the hop while nobody does.
// In turns of a few samples, in the same run on the same hub: a busy machine meets both alike.
import { operatorToken } from "../src/hub/tokens.ts";
import { Bed, quantile } from "./engines.ts";
import { startHop, tokenKey } from "./hop.ts";

const turns = 20;
const samplesATurn = 50;
const warmUp = 100;

/** Prints the hop with and without somebody who looks on, and what that costs. */
export async function measureEvents(): Promise<void> {
  await using bed = new Bed();
  const hop = await startHop(bed, "events", "embedded:events-data", warmUp + 2 * turns * samplesATurn);
  let next = 0;
  for (; next < warmUp; next++) await hop(next);
  const times: Record<"alone" | "watched", number[]> = { alone: [], watched: [] };
  let events = 0;
  for (let turn = 0; turn < turns; turn++) {
    // Each goes first in half of the turns.
    for (const kind of turn % 2 === 0 ? (["alone", "watched"] as const) : (["watched", "alone"] as const)) {
      const leave = kind === "watched" ? await lookOn(hop.hubUrl, () => events++) : () => {};
      for (let sample = 0; sample < samplesATurn; sample++) times[kind].push(await hop(next++));
      leave();
    }
  }
  // A reader that got nothing would cost nothing.
  if (events < turns * samplesATurn) throw new Error(`only ${events} pieces of the event stream have come`);
  for (const kind of ["alone", "watched"] as const)
    process.stdout.write(`hop, ${kind.padEnd(8)} p50 ${quantile(times[kind], 0.5).toFixed(3)} ms\n`);
  const cost = quantile(times.watched, 0.5) / quantile(times.alone, 0.5) - 1;
  process.stdout.write(`events cost ${(cost * 100).toFixed(1)} % of the hop's p50 (at most 10)\n`);
}

// What the page does: one stream of events. It is up when its snapshot has come.
async function lookOn(hubUrl: string, onPiece: () => void): Promise<() => void> {
  const stop = new AbortController();
  const answer = await fetch(`${hubUrl}/v1/stacks/bench/events`, {
    headers: { authorization: `Bearer ${operatorToken(tokenKey, "bench")}` },
    signal: stop.signal,
  });
  if (!answer.ok || answer.body === null) throw new Error(`the hub answers ${answer.status}`);
  const reader = answer.body.getReader();
  await reader.read();
  const readOn = async (): Promise<void> => {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) onPiece();
  };
  readOn().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return () => stop.abort();
}
