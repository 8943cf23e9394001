// A YAML document as it is edited for emission: its maps are found through aliases and merge keys, cleared of keys wherever these come from,
// and taken out of what they share before they are changed.
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Pair,
  visit,
  YAMLMap,
  type Alias,
  type Document,
  type Node,
  type Scalar,
} from "yaml";

/** The document of a template, whose root is a map. */
export class Tree {
  readonly root: YAMLMap;
  readonly #document: Document.Parsed;
  /** What each alias stood for before anything was removed. */
  readonly #targets = new Map<Alias, Node>();

  constructor(document: Document.Parsed) {
    if (!isMap(document.contents)) throw new Error("a template is a map");
    this.root = document.contents;
    this.#document = document;
    visit(document, {
      Alias: (_key, alias) => {
        const target = alias.resolve(document);
        if (target !== undefined) this.#targets.set(alias, target);
      },
    });
  }

  /** The maps that stand under `key`: several only where a key is repeated or merged in. */
  maps(map: YAMLMap, key: string): YAMLMap[] {
    return this.#pairs(map).flatMap(({ pair }) => (nameOf(pair) === key ? this.#asMap(pair.value) : []));
  }

  /** The maps among the values of `map`. */
  entries(map: YAMLMap): YAMLMap[] {
    return this.#pairs(map).flatMap(({ pair }) => this.#asMap(pair.value));
  }

  /** Removes `key`, also from maps that are merged in; tells whether it was there. */
  remove(map: YAMLMap, key: string): boolean {
    return this.#remove(map, new Set([key]));
  }

  /** Removes keys, and what was said above the first item if that goes: it was about that one. */
  removeAll(map: YAMLMap, keys: ReadonlySet<string>): void {
    const [first] = map.items;
    this.#remove(map, keys);
    const [next] = map.items;
    if (next === first) return;
    map.commentBefore = null;
    if (isNode(next?.key)) next.key.spaceBefore = false;
  }

  /** The map under `key`, shared with nothing else any more, so that it can be changed; made if there is none. */
  own(map: YAMLMap, key: string): YAMLMap {
    return this.ownEach(map, [key]).get(key) as YAMLMap;
  }

  /** As own, for many keys of a large map. */
  ownEach(map: YAMLMap, keys: Iterable<string>): Map<string, YAMLMap> {
    const found = new Map<string, { pair: Pair; owner: YAMLMap }>();
    for (const one of this.#pairs(map)) {
      const name = nameOf(one.pair) ?? "";
      // A repeated key: the last one counts. What is merged in counts only where the map itself has nothing.
      if (one.owner === map || !found.has(name)) found.set(name, one);
    }
    const places = new Map(map.items.map((pair, index) => [nameOf(pair), index]));
    const owned = new Map<string, YAMLMap>();
    for (const key of keys) {
      const copy = this.#copyOf(found.get(key)?.pair);
      owned.set(key, copy);
      const place = places.get(key);
      const old = place === undefined ? undefined : map.items[place];
      if (place === undefined || old === undefined) this.#add(map, new Pair(this.#document.createNode(key), copy), key);
      else map.items[place] = new Pair(old.key, copy);
    }
    return owned;
  }

  #copyOf(pair: Pair | undefined): YAMLMap {
    const source = pair === undefined ? undefined : this.#asMap(pair.value)[0];
    const copy = new YAMLMap(this.#document.schema);
    if (source === undefined) return copy;
    copy.items = [...source.items];
    if (source.flow !== undefined) copy.flow = source.flow;
    if (source.commentBefore != null) copy.commentBefore = source.commentBefore;
    if (source.comment != null) copy.comment = source.comment;
    return copy;
  }

  /** Gives `map` itself the value, in place of one that it had. */
  set(map: YAMLMap, key: string, value: unknown): void {
    const node = isNode(value) ? value : this.#document.createNode(value, { aliasDuplicateObjects: false });
    const at = map.items.findLastIndex((pair) => nameOf(pair) === key);
    const old = map.items[at];
    if (old === undefined) this.#add(map, new Pair(this.#document.createNode(key), node), key);
    else map.items[at] = new Pair(old.key, node);
  }

  /** As set, with data that come out as the same data whatever version of YAML a reader knows. */
  setPlain(map: YAMLMap, key: string, value: unknown): void {
    this.set(map, key, this.#plainNode(value));
  }

  /** As setPlain, for a key that the map does not have. */
  addPlain(map: YAMLMap, key: string, value: unknown): void {
    map.items.push(new Pair(this.#document.createNode(key), this.#plainNode(value)));
  }

  #plainNode(value: unknown): Node {
    const node = this.#document.createNode(value, { aliasDuplicateObjects: false });
    visit(node as Node, {
      Scalar: (_key, scalar) => {
        if (typeof scalar.value !== "string") return;
        scalar.value = scalar.value.replace(brittle, (character) => `${mark}u${hex4(character)}${mark}`);
        scalar.type = styleOf(scalar.value as string);
      },
      Map: (_key, inner) => {
        if (isCall(inner)) inner.flow = true;
      },
    });
    return node as Node;
  }

  /** Changes the names of files in all `get_file`. */
  renameFiles(rename: (name: string) => string): void {
    visit(this.#document, {
      Pair: (_key, pair) => {
        if (nameOf(pair) !== "get_file" || !isScalar(pair.value) || typeof pair.value.value !== "string") return;
        pair.value.value = rename(pair.value.value);
      },
    });
  }

  /** The document as plain data. */
  plain(): unknown {
    return this.#document.toJS({ maxAliasCount: -1 });
  }

  toString(): string {
    const options = { lineWidth: 0, flowCollectionPadding: false, doubleQuotedMinMultiLineLength: Infinity };
    return this.#document.toString(options).replace(new RegExp(`${mark}(u[0-9a-f]{4})${mark}`, "g"), "\\$1");
  }

  /** Removes a key from `map` itself only. */
  take(map: YAMLMap, key: string): void {
    map.items = map.items.filter((pair) => nameOf(pair) !== key);
  }

  removeAnnotation(owner: YAMLMap): void {
    for (const metadata of this.maps(owner, "metadata")) {
      if (this.remove(metadata, "weft") && metadata.items.length === 0) this.remove(owner, "metadata");
    }
  }

  /** Writes out what an alias stood for when its anchor has gone with what was removed. */
  mendAliases(): void {
    visit(this.#document, {
      Alias: (_key, alias) => {
        if (alias.resolve(this.#document) !== undefined) return undefined;
        return this.#targets.get(alias);
      },
    });
  }

  // A template says what it takes before it says what it makes.
  #add(map: YAMLMap, pair: Pair, key: string): void {
    const before = map === this.root && key === "parameters" ? map.items.findIndex((one) => nameOf(one) === "resources") : -1;
    map.items.splice(before < 0 ? map.items.length : before, 0, pair);
  }

  #remove(map: YAMLMap, keys: ReadonlySet<string>): boolean {
    const found = this.#pairs(map).filter(({ pair }) => keys.has(nameOf(pair) ?? ""));
    const gone = new Set(found.map(({ pair }) => pair));
    for (const owner of new Set(found.map((one) => one.owner))) owner.items = owner.items.filter((pair) => !gone.has(pair));
    return found.length > 0;
  }

  #pairs(map: YAMLMap): { pair: Pair; owner: YAMLMap }[] {
    return map.items.flatMap((pair) => (nameOf(pair) === "<<" ? this.#merged(pair.value) : [{ pair, owner: map }]));
  }

  #merged(value: unknown): { pair: Pair; owner: YAMLMap }[] {
    const sources = isSeq(value) ? value.items : [value];
    return sources.flatMap((source) => this.#asMap(source)).flatMap((map) => this.#pairs(map));
  }

  #asMap(value: unknown): YAMLMap[] {
    const node = isAlias(value) ? this.#targets.get(value) : value;
    return isMap(node) ? [node] : [];
  }
}

function nameOf({ key }: Pair): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === "symbol" ? key.value.description : String(key.value);
}

// Line ends and unprintables to Heat's YAML but not to ours, which would not write them as escapes. A mark of noncharacters holds their place.
const brittle = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;
const mark = "\ufdd0";

function hex4(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, "0");
}

// Plain is what no YAML takes for anything but a text.
function styleOf(text: string): Scalar.Type {
  if (/^[A-Za-z_][\w./-]*(::\w+)*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text)) return "PLAIN";
  return /^[\n -~]*\n[\n -~]*$/.test(text) && !/^\s|[ \n]\n/.test(text) ? "BLOCK_LITERAL" : "QUOTE_DOUBLE";
}

// {get_param: name} and the like, in one line.
function isCall(map: YAMLMap): boolean {
  const [pair] = map.items;
  return map.items.length === 1 && pair !== undefined && /^get_(param|resource|attr)$/.test(nameOf(pair) ?? "");
}
