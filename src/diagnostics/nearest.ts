// Finds the name that the user probably meant.

/** Returns the candidate nearest to `name` by edit distance, or undefined when none is near enough to be a slip of the hand. */
export function findNearest(name: string, candidates: Iterable<string>): string | undefined {
  const limit = name.length === 1 ? 0 : Math.max(1, Math.floor(name.length / 3));
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** Returns `did you mean "..."?` for the nearest candidate, or undefined. */
export function suggestNearest(name: string, candidates: Iterable<string>): string | undefined {
  const nearest = findNearest(name, candidates);
  return nearest === undefined ? undefined : `did you mean "${nearest}"?`;
}

/** Counts the insertions, deletions, replacements and swaps of neighbours that make `right` of `left`. */
export function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, right.length);
}

function at(row: number[], column: number): number {
  return row[column] as number;
}
