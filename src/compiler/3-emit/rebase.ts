// References to files, for a template that is emitted into another folder than the one it was read from.
import type { Tree } from "./yaml-tree.ts";

/** What a path begins with: its folder and a slash, or nothing. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** The path that leads from a folder (a path that ends in a slash, or nothing) to a file. */
export function relativePath(folder: string, file: string): string {
  if (file.startsWith("/") !== folder.startsWith("/")) return file;
  const [from, to] = [partsOf(folder), partsOf(file)];
  let common = 0;
  while (common < from.length && common < to.length - 1 && from[common] === to[common]) common++;
  return [...from.slice(common).map(() => ".."), ...to.slice(common)].join("/");
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** Lets the files that a nested template names be found from the folder OUTPUT.d beside the stack's own template, in which it will lie. */
export function rebase(tree: Tree, stack: string, file: string, output: string): void {
  const folder = `${folderOf(stack)}${output}.d/`;
  tree.mapFiles((name) => {
    const isElsewhere = name.startsWith("/") || /^[a-z][a-z0-9+.-]*:\/\//i.test(name);
    return isElsewhere ? name : relativePath(folder, folderOf(file) + name);
  });
}
