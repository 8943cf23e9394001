// Paths of files, for a template that is emitted into another folder than the one it was read from.
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

/** Tells whether a file's name is its own, wherever it is named: an absolute path or a URL. */
export function isElsewhere(name: string): boolean {
  return name.startsWith("/") || /^[a-z][a-z0-9+.-]*:\/\//i.test(name);
}
