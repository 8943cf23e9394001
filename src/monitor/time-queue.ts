// A queue by time: what was put in first comes out first among equals, so that a simulation gives the same answer every time.

interface Item<T> {
  timeMs: number;
  sequence: number;
  value: T;
}

/** A binary heap of values by time. */
export class TimeQueue<T> {
  readonly #items: Item<T>[] = [];
  #sequence = 0;

  push(timeMs: number, value: T): void {
    const items = this.#items;
    items.push({ timeMs, sequence: this.#sequence++, value });
    for (let child = items.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Takes out the earliest value; undefined when there is none. */
  pop(): { timeMs: number; value: T } | undefined {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first;
    items[0] = last;
    for (let parent = 0; ;) {
      let earliest = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < items.length && this.#isBefore(child, earliest)) earliest = child;
      }
      if (earliest === parent) return first;
      this.#swap(parent, earliest);
      parent = earliest;
    }
  }

  #isBefore(left: number, right: number): boolean {
    const [first, second] = [this.#items[left] as Item<T>, this.#items[right] as Item<T>];
    return first.timeMs < second.timeMs || (first.timeMs === second.timeMs && first.sequence < second.sequence);
  }

  #swap(left: number, right: number): void {
    const items = this.#items;
    [items[left], items[right]] = [items[right] as Item<T>, items[left] as Item<T>];
  }
}
