// About how large the plain template becomes, without making it: what the user wrote, less the annotations, and what weft adds.
import { type Document, isMap, isNode, isScalar, type Pair, type YAMLMap } from "yaml";
import type { Json } from "../../model/json.ts";

/** How many bytes a text takes as UTF-8. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** How many bytes of the template's text are annotations, as far as they stand where they are used. */
export function annotationBytes(document: Document.Parsed, text: string): number {
  let bytes = 0;
  for (const resource of mapsIn(document.contents, "resources").flatMap((resources) => resources.items)) {
    for (const metadata of mapsIn(resource.value, "metadata")) {
      const annotation = pairOf(metadata, "weft");
      if (annotation === undefined) continue;
      // The line of a metadata in which nothing else stands goes too.
      const pair = metadata.items.length === 1 ? pairOf(resource.value as YAMLMap, "metadata") : annotation;
      const start = isNode(pair?.key) ? pair.key.range?.[0] : undefined;
      const end = isNode(pair?.value) ? pair.value.range?.[2] : undefined;
      if (start !== undefined && end !== undefined) bytes += bytesOf(text.slice(text.lastIndexOf("\n", start) + 1, end));
    }
  }
  return bytes;
}

/** How many bytes `value` takes as YAML that is indented by `indent`. */
export function yamlBytes(value: Json, indent: number): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + indent + 3 + yamlBytes(item, indent + 2), 0);
  if (value === null || typeof value !== "object") return flowBytes(value);
  const entries = Object.entries(value);
  if (entries.length === 1 && /^get_(param|resource|attr)$/.test(entries[0]?.[0] as string)) return flowBytes(value);
  return entries.reduce((sum, [key, item]) => sum + indent + bytesOf(key) + 3 + yamlBytes(item, indent + 2), 0);
}

// Most texts are plain enough to stand without quotes.
function flowBytes(value: Json): number {
  const text = JSON.stringify(value);
  return bytesOf(/[\\ ]/.test(text) ? text : text.replaceAll('"', ""));
}

function mapsIn(node: unknown, key: string): YAMLMap[] {
  const value = isMap(node) ? pairOf(node, key)?.value : undefined;
  return isMap(value) ? [value] : [];
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}
