// Finds what lies beside a template, for the compiler to pack: files with their modes; links are told, not followed.
import { isUtf8 } from "node:buffer";
import { lstatSync, readdirSync, readFileSync, type Stats } from "node:fs";
import { join } from "node:path";
import { type FileContent, type FoundFile, isIgnoredName } from "../model/bundle.ts";

// Folders larger than any bundle are not searched to their end.
const maxFiles = 20_000;

/** What was found below a path. */
export interface Listing {
  files: FoundFile[];
  /** Every folder that was read. */
  folders: string[];
}

/** Lists the files at `path`, which is relative to `folder`: those below it, or itself. Undefined where there is nothing. */
export function listFiles(folder: string, path: string): Listing | undefined {
  const parts = path.split("/");
  for (const [index] of parts.entries()) {
    const place = join(folder, ...parts.slice(0, index + 1));
    const stat = lstatSync(place, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    // A link on the way there leads out of the folder too.
    const isLast = index === parts.length - 1;
    if (stat.isSymbolicLink() || (isLast && !stat.isDirectory())) return { files: [describe(place, "", stat)], folders: [] };
  }
  return listFolder(join(folder, path));
}

function listFolder(root: string): Listing {
  const listing: Listing = { files: [], folders: [] };
  const pending = [""];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    listing.folders.push(join(root, folder));
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (isIgnoredName(entry.name)) continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) pending.push(path);
      else listing.files.push(describe(join(root, path), path, lstatSync(join(root, path))));
    }
    if (listing.files.length > maxFiles) break;
  }
  return listing;
}

function describe(place: string, path: string, stat: Stats): FoundFile {
  return {
    path,
    kind: stat.isFile() ? "file" : stat.isSymbolicLink() ? "link" : "other",
    sizeBytes: stat.size,
    executable: (stat.mode & 0o111) !== 0,
    read: () => readContent(place),
  };
}

function readContent(place: string): FileContent {
  const bytes = readFileSync(place);
  return isUtf8(bytes) ? { text: bytes.toString("utf8") } : { base64: bytes.toString("base64") };
}
