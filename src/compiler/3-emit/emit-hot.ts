// The plain template for Heat: the user's own YAML, comments and all, without what is ours in it.
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  visit,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from "yaml";
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";

/**
 * Returns the text of the plain template; `document` is changed on the way. Deployments that have become roles are left out, and stack
 * outputs that are run-time values, each with a note in `report`.
 */
export function emitHot(document: Document.Parsed, template: ResolvedTemplate, report: Report): string {
  const tree = new Tree(document);
  for (const resources of tree.maps(tree.root, "resources")) {
    tree.removeAll(resources, template.leftOut?.resources ?? new Set());
  }
  for (const resource of tree.maps(tree.root, "resources").flatMap((resources) => tree.entries(resources))) {
    tree.removeAnnotation(resource);
    for (const properties of tree.maps(resource, "properties")) {
      for (const definition of tree.maps(properties, "resource_def")) tree.removeAnnotation(definition);
    }
  }
  for (const outputs of tree.maps(tree.root, "outputs")) {
    for (const output of tree.entries(outputs)) tree.remove(output, "reveal");
    for (const { spec, reads } of template.outputs) {
      if (reads.length === 0 && template.leftOut?.outputs.has(spec.name) !== true) continue;
      report.add("run-time-output", spec.span, { output: spec.name });
      tree.remove(outputs, spec.name);
    }
    // Heat takes no section that is empty.
    if (outputs.items.length === 0) tree.remove(tree.root, "outputs");
  }
  tree.mendAliases();
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** A YAML document whose maps are found through aliases and merge keys, and cleared of keys wherever these come from. */
class Tree {
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
