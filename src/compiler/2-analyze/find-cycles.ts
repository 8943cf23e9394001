// The deadlock proof: a graph of role starts, role ends and cells, in which any cycle means that a deployment could stand still.
import type { Span } from "../../diagnostics/span.ts";
import type { Flow, FlowEdge, FlowOutput, FlowRole } from "../../model/flow.ts";
import { groupBy } from "../../model/group-by.ts";
import { findKnots, findShortestCycle } from "./strongly-connected.ts";

export interface Cycle {
  /** Each role once, in the order of waiting; the last one waits for the first. */
  roles: string[];
  /** One a link, in words, with the place that makes it. */
  steps: { message: string; span: Span }[];
}

/**
 * Returns a shortest cycle of each knot of roles that cannot all end; none proves that every order of events ends. An eager read gates the
 * start of a role, any other its end, and its `on_write` outputs too: its code may read before it writes, unless the output says `before`.
 */
export function findCycles(flow: Flow): Cycle[] {
  const moments = new Moments(flow);
  return findKnots(moments.targets).map((knot) => describe(findShortestCycle(moments.targets, knot), moments));
}

/** One way in which a moment in the life of `waiter` depends on another role. */
interface Link {
  waiter: string;
  writer: string;
  message: string;
  span: Span;
}

/** The graph of the proof. An arrow goes from what must happen first; arrows that a user would call waiting carry a link. */
class Moments {
  readonly targets: number[][] = [];
  readonly #links = new Map<string, Link>();
  readonly #nodes = new Map<string, number>();

  constructor(flow: Flow) {
    const readsOf = groupBy(
      flow.edges.filter(({ gates }) => gates === "read"),
      ({ to }) => to,
    );
    for (const role of flow.roles) {
      this.#arrow(start(role.id), end(role.id));
      for (const output of role.outputs) this.#addOutput(role, output, readsOf.get(role.id) ?? []);
    }
    for (const edge of flow.edges) {
      const first = edge.cell === undefined ? end(edge.from) : settled(edge.cell);
      this.#arrow(first, edge.gates === "start" ? start(edge.to) : end(edge.to), {
        waiter: edge.to,
        writer: edge.from,
        message: wordsFor(edge),
        span: edge.span,
      });
    }
  }

  /** The link of the arrow between two nodes; undefined where the arrow only says how a role lives. */
  link(from: number, to: number): Link | undefined {
    return this.#links.get(`${from} ${to}`);
  }

  #addOutput(role: FlowRole, output: FlowOutput, reads: FlowEdge[]): void {
    if (output.settles === "end") {
      this.#arrow(end(role.id), settled(output.cell));
      return;
    }
    this.#arrow(start(role.id), settled(output.cell));
    for (const read of reads) {
      if (read.cell === undefined || (read.input !== undefined && output.before.includes(read.input))) continue;
      this.#arrow(settled(read.cell), settled(output.cell), {
        waiter: role.id,
        writer: read.from,
        message: `${role.id} may read ${read.from}'s output ${read.output} (input ${read.input}) before it writes ${output.name}`,
        span: output.span,
      });
    }
  }

  #arrow(from: string, to: string, link?: Link): void {
    const [first, second] = [this.#node(from), this.#node(to)];
    (this.targets[first] as number[]).push(second);
    if (link !== undefined && !this.#links.has(`${first} ${second}`)) this.#links.set(`${first} ${second}`, link);
  }

  #node(name: string): number {
    let node = this.#nodes.get(name);
    if (node === undefined) {
      node = this.targets.push([]) - 1;
      this.#nodes.set(name, node);
    }
    return node;
  }
}

const start = (role: string): string => `start ${role}`;
const end = (role: string): string => `end ${role}`;
const settled = (cell: string): string => `cell ${cell}`;

function wordsFor(edge: FlowEdge): string {
  switch (edge.kind) {
    case "value":
      return `${edge.to} waits for ${edge.from}'s output ${edge.output} (input ${edge.input})`;
    case "order":
      return `${edge.to} comes after ${edge.from} in the list of roles`;
    case "after":
      return `${edge.to} comes after ${edge.from} (after)`;
  }
}

// Told against the arrows, since that is how people ask: who waits for whom.
function describe(cycle: number[], moments: Moments): Cycle {
  const links = cycle
    .flatMap((node, position) => moments.link(node, cycle[(position + 1) % cycle.length] as number) ?? [])
    .reverse();
  const earliest =
    links.map(({ span }, position) => ({ span, position })).sort((left, right) => comparePlaces(left.span, right.span))[0]
      ?.position ?? 0;
  const turned = [...links.slice(earliest), ...links.slice(0, earliest)];
  return {
    roles: turned.map(({ waiter }) => waiter).filter((role, position, all) => role !== all[position - 1]),
    steps: turned.map(({ message, span }) => ({ message, span })),
  };
}

function comparePlaces(left: Span, right: Span): number {
  return left.line - right.line || left.column - right.column;
}
