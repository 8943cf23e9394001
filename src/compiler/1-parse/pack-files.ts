// Packs a file or folder beside the template into a bundle. What cannot travel is reported.
import type { Span } from "../../diagnostics/span.ts";
import { type Bundle, type FoundFile, maxBundledBytes, type PackedPath } from "../../model/bundle.ts";
import type { ParseContext } from "./parse-value.ts";

/** What the roles of one vm have packed so far, by path from the template's folder. */
export type PackedPaths = Map<string, PackedPath & { sizes: ReadonlyMap<string, number> }>;

/** Packs what lies at `path`, as written in an option; undefined, and reported, when that cannot be. */
export function packFiles(path: string, span: Span, packed: PackedPaths, context: ParseContext): PackedPath | undefined {
  const { report } = context;
  const inside = normalize(path);
  if (inside === undefined) {
    report.add("outside-folder", span, { path });
    return undefined;
  }
  const known = packed.get(inside);
  if (known !== undefined) return known;
  const found = context.listFiles(inside);
  if (found === undefined) {
    report.add("missing-file", span, { file: path });
    return undefined;
  }
  const odd = found.filter(({ kind }) => kind !== "file");
  for (const file of odd) report.add("not-packable", span, { path: join(path, file.path), isLink: file.kind === "link" });
  if (odd.length > 0) return undefined;
  const sizes = new Map(found.map((file) => [join(inside, file.path), file.sizeBytes]));
  if (!fits(sizes, span, packed, context)) return undefined;

  const base = inside.slice(inside.lastIndexOf("/") + 1);
  const isFile = found[0]?.path === "";
  const entry = { bundle: makeBundle(found, base), sizes, ...(isFile ? { file: base } : {}) };
  packed.set(inside, entry);
  return entry;
}

// Sorted by code units, as every machine does it.
function makeBundle(found: FoundFile[], base: string): Bundle {
  return found
    .map((file) => ({
      path: file.path === "" ? base : file.path,
      ...(file.executable ? { executable: true as const } : {}),
      ...file.read(),
    }))
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

function fits(sizes: ReadonlyMap<string, number>, span: Span, packed: PackedPaths, { report }: ParseContext): boolean {
  const all = [...[...packed.values()].flatMap((one) => [...one.sizes]), ...sizes];
  const totalBytes = all.reduce((sum, [, bytes]) => sum + bytes, 0);
  if (totalBytes <= maxBundledBytes) return true;
  const biggest = all
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, 3)
    .map(([name, bytes]) => `${name} (${bytes} bytes)`);
  report.add("bundle-too-large", span, { totalBytes, limit: maxBundledBytes, biggest });
  return false;
}

// Without `.`, `..` and doubled slashes; undefined where it leaves the folder of the template.
function normalize(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.length === 0 ? "." : parts.join("/");
}

function join(folder: string, path: string): string {
  return path === "" ? folder : `${folder.replace(/\/$/, "")}/${path}`;
}
