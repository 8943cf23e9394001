// A run as a trace: the stack is the root, a role a span, its blocked stretches spans below it, a read over vms a link. Pure.
import { flowOfPicture } from "./flow-of-picture.ts";
import type { Picture } from "./picture.ts";

export interface RunSpan {
  id: string;
  /** Of its role; undefined for the stack's own. */
  parent: string | undefined;
  name: string;
  startMs: number;
  endMs: number;
  attributes: Record<string, string | number | boolean>;
  /** Why it failed. */
  error?: string;
  /** Ids of the spans that wrote what it read, with the output's name. */
  links: { to: string; output: string }[];
}

/** Returns the spans of a run, the stack's first; roles that never ran have none. `nowMs` ends what still runs. */
export function spansOf(stack: string, picture: Picture, nowMs: number): RunSpan[] {
  const flow = flowOfPicture(picture);
  const tools = new Map([...picture.outlines.values()].flatMap(({ roles }) => roles.map(({ id, tool }) => [id, tool] as const)));
  const vmOf = new Map(flow.roles.map(({ id, vm }) => [id, vm]));
  const ran = new Set([...picture.roles.values()].flatMap(({ id, startedMs }) => (startedMs === undefined ? [] : [id])));
  const spans: RunSpan[] = [];
  for (const { id, startedMs, endedMs, state, attempt, blockedMs = 0, blocks = [], error } of picture.roles.values()) {
    if (startedMs === undefined) continue;
    const vm = vmOf.get(id) ?? id.slice(0, id.lastIndexOf("."));
    const reads = flow.edges.filter(
      ({ to, from, kind }) => to === id && kind === "value" && vmOf.get(from) !== vm && ran.has(from),
    );
    spans.push({
      id,
      parent: stack,
      name: id,
      startMs: startedMs,
      endMs: endedMs ?? nowMs,
      attributes: {
        "weft.vm": vm,
        "weft.tool": tools.get(id) ?? "",
        "weft.state": state,
        "weft.attempt": attempt,
        "weft.blocked_ms": blockedMs,
      },
      ...(state === "failed" ? { error: error ?? "failed" } : {}),
      links: reads.map(({ from, output = "" }) => ({ to: from, output })),
    });
    for (const [index, [fromMs, toMs]] of blocks.entries()) {
      const common = { parent: id, name: "blocked in a read", startMs: fromMs, endMs: toMs };
      spans.push({ ...common, id: `${id}#${index}`, attributes: { "weft.vm": vm }, links: [] });
    }
  }
  const starts = [...[...picture.outlines.values()].map(({ atMs }) => atMs), ...spans.map(({ startMs }) => startMs)];
  const root: RunSpan = {
    id: stack,
    parent: undefined,
    name: `stack ${stack}`,
    startMs: starts.reduce((first, ms) => Math.min(first, ms), nowMs),
    endMs: spans.reduce((last, { endMs }) => Math.max(last, endMs), 0) || nowMs,
    attributes: { "weft.stack": stack, "weft.roles": flow.roles.length, "weft.vms": picture.outlines.size },
    ...(spans.some(({ error }) => error !== undefined) ? { error: "a role has failed" } : {}),
    links: [],
  };
  return [root, ...spans];
}
