// About how large the plain template becomes, without making it: what the user wrote, less the annotations, and what weft adds.
import type { Json } from "../../model/json.ts";
import type { Entry, Value } from "../../model/template.ts";

/** How many bytes a text takes as UTF-8. */
export function bytesOf(text: string): number {
  // oxlint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/.test(text) ? text.length : new TextEncoder().encode(text).length;
}

/** How many bytes of the template's text are lines of annotations, as far as they stand where they are used. */
export function annotationBytes(root: Value, text: string): number {
  const lines = text.split("\n");
  const end = lines.length + 1;
  let bytes = 0;
  const count = (from: number, to: number): void => {
    for (let line = from; line < to; line++) bytes += bytesOf(lines[line - 1] as string) + 1;
  };
  eachEntry(root, end, (section, afterSection) => {
    if (section.key !== "resources") return;
    eachEntry(section.value, afterSection, (resource, afterResource) => {
      eachEntry(resource.value, afterResource, (metadata, afterMetadata) => {
        if (metadata.key !== "metadata" || metadata.value.kind !== "map") return;
        eachEntry(metadata.value, afterMetadata, (annotation, afterAnnotation) => {
          if (annotation.key !== "weft" || annotation.keySpan.line < metadata.keySpan.line) return;
          // The line of a metadata in which nothing else stands goes too.
          const isAlone = metadata.value.kind === "map" && metadata.value.entries.length === 1;
          count(isAlone ? metadata.keySpan.line : annotation.keySpan.line, afterAnnotation);
        });
      });
    });
  });
  return bytes;
}

// The entries of a map, each with the line in which the next one begins.
function eachEntry(map: Value, end: number, visit: (entry: Entry, nextLine: number) => void): void {
  const entries = map.kind === "map" ? map.entries : [];
  for (const [index, entry] of entries.entries()) visit(entry, entries[index + 1]?.keySpan.line ?? end);
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
