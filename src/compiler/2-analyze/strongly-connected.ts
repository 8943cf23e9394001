// Cycles of directed graphs, without recursion: a chain of many thousand nodes must not overflow the stack.

/** `targets[n]` lists the nodes that node n has an arrow to. */
export type Graph = readonly (readonly number[])[];

/** Returns the strongly connected sets of nodes that hold a cycle, each in ascending order, by their lowest node. Linear time (Tarjan). */
export function findKnots(targets: Graph): number[][] {
  const order = new Int32Array(targets.length).fill(-1);
  const low = new Int32Array(targets.length);
  const isOpen = new Uint8Array(targets.length);
  const open: number[] = [];
  const knots: number[][] = [];
  let count = 0;
  for (let root = 0; root < targets.length; root++) {
    if (order[root] !== -1) continue;
    const path: { node: number; next: number }[] = [];
    const enter = (node: number): void => {
      order[node] = low[node] = count++;
      open.push(node);
      isOpen[node] = 1;
      path.push({ node, next: 0 });
    };
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { node } = top;
      const target = targets[node]?.[top.next++];
      if (target !== undefined) {
        if (order[target] === -1) enter(target);
        else if (isOpen[target] === 1) low[node] = Math.min(at(low, node), at(order, target));
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.node;
      if (parent !== undefined) low[parent] = Math.min(at(low, parent), at(low, node));
      if (low[node] !== order[node]) continue;
      const members = open.splice(open.lastIndexOf(node));
      for (const member of members) isOpen[member] = 0;
      if (members.length > 1 || targets[node]?.includes(node) === true) knots.push(members.sort((left, right) => left - right));
    }
  }
  return knots.sort((left, right) => (left[0] as number) - (right[0] as number));
}

/** Steps that the search for a shortest cycle may take in one knot; beyond, the best cycle found so far is taken. */
const maxSteps = 500_000;

/** Returns the nodes of a shortest cycle within a knot, in the direction of the arrows, beginning with its lowest node. */
export function findShortestCycle(targets: Graph, knot: readonly number[]): number[] {
  const inside = new Set(knot);
  let best: number[] | undefined;
  let steps = 0;
  for (const start of knot) {
    if (best !== undefined && steps > maxSteps) break;
    const cameFrom = new Map<number, number>();
    let front = [start];
    let isClosed = false;
    for (let length = 1; front.length > 0 && !isClosed && length < (best?.length ?? Infinity); length++) {
      const nextFront: number[] = [];
      for (const node of front) {
        for (const target of targets[node] ?? []) {
          steps++;
          if (!inside.has(target) || cameFrom.has(target)) continue;
          cameFrom.set(target, node);
          nextFront.push(target);
          isClosed ||= target === start;
        }
      }
      front = nextFront;
    }
    if (isClosed) best = walkBack(start, cameFrom);
  }
  if (best === undefined) throw new Error("a knot without a cycle");
  const lowest = best.indexOf(best.reduce((left, right) => Math.min(left, right)));
  return [...best.slice(lowest), ...best.slice(0, lowest)];
}

function walkBack(start: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const cycle = [start];
  for (let node = cameFrom.get(start); node !== undefined && node !== start; node = cameFrom.get(node)) cycle.push(node);
  return cycle.reverse();
}

function at(numbers: Int32Array, index: number): number {
  return numbers[index] as number;
}
