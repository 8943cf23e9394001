// Files beside a template that roles need on their vm: packed by the compiler, unpacked by the agent.

/** The text of a file, or its bytes where they are no UTF-8. */
export type FileContent = { text: string } | { base64: string };

/** One file; `path` is relative, its folders joined by `/`. */
export type BundleFile = { path: string; executable?: true } & FileContent;

/** A folder's files in the order of their paths. A bundle is named by the SHA-256 of its canonical JSON. */
export type Bundle = BundleFile[];

/** What a path in a role's options stands for: a folder, or the one file of that name. */
export interface PackedPath {
  bundle: Bundle;
  file?: string;
}

/** What lies at a path beside the template, as the compiler's host finds it. */
export interface FoundFile {
  /** Relative to the path that was asked for; empty where that is a file itself. */
  path: string;
  kind: "file" | "link" | "other";
  sizeBytes: number;
  executable: boolean;
  read(): FileContent;
}

/** Most bytes of files that may travel in the plan of one vm: Heat takes no template, and so no plan, of more than 512 KiB. */
export const maxBundledBytes = 256 * 1024;

const ignoredNames = new Set([".git", ".hg", ".svn", ".bzr", "CVS", ".DS_Store", "__pycache__", ".kitchen", ".vagrant"]);

/** Tells whether a file or folder of this name is no part of a bundle: what version control, editors and caches keep. */
export function isIgnoredName(name: string): boolean {
  return ignoredNames.has(name) || /~$|^\..*\.sw[a-p]$|\.pyc$/.test(name);
}
