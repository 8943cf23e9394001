// Names of what weft adds to a template: none of them is one of the user's.

/** Gives out names; the same for the same purpose. */
export class Names {
  readonly #taken: Set<string>;
  readonly #given = new Map<string, string>();

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  get(wanted: string, purpose: string = wanted): string {
    const known = this.#given.get(purpose);
    if (known !== undefined) return known;
    let name = wanted;
    while (this.#taken.has(name)) name += "_";
    this.#taken.add(name);
    this.#given.set(purpose, name);
    return name;
  }
}
