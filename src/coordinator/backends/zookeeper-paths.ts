// Where a key stands in ZooKeeper, and back. The key `shop/g1/cells/db.make.x` is the node ROOT/shop:/g1:/cells:/db.make.x:
// a directory's name ends with a colon, so that a key may have a value and keys below it.

// What ZooKeeper's PathUtils refuses (of UTF-16 units, so everything beyond the basic plane too) and our own `%`; also a colon at the
// end, and the names `.` and `..`.
// oxlint-disable-next-line no-control-regex -- they are what it is about
const forbidden = /[%\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff\u{10000}-\u{10ffff}]+|:$|^\.{1,2}$/gu;

/** The node of a key below `root`. */
export function nodeOf(root: string, key: string): string {
  const parts = key.split("/").map(encodePart);
  const name = parts.pop() as string;
  return [root, ...parts.map((part) => `${part}:`), name === "" ? "%" : name].join("/");
}

/** The node of the directory that holds the keys below `prefix`, which ends with `/` or is empty. */
export function directoryOf(root: string, prefix: string): string {
  if (prefix === "") return root;
  return [
    root,
    ...prefix
      .slice(0, -1)
      .split("/")
      .map((part) => `${encodePart(part)}:`),
  ].join("/");
}

/** The key of a node below `root`; undefined for a directory, and for what weft has not made. */
export function keyOf(root: string, path: string): string | undefined {
  if (!path.startsWith(`${root}/`)) return undefined;
  const names = path.slice(root.length + 1).split("/");
  const name = names.pop() as string;
  if (name.endsWith(":") || names.some((directory) => !directory.endsWith(":"))) return undefined;
  const parts = [...names.map((directory) => directory.slice(0, -1)), name === "%" ? "" : name].map(decodePart);
  const key = parts.join("/");
  return nodeOf(root, key) === path ? key : undefined;
}

function encodePart(part: string): string {
  return part.replace(forbidden, (refused) =>
    Array.from(Buffer.from(refused), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

function decodePart(name: string): string {
  return name.replace(/(?:%[0-9A-F]{2})+/g, (codes) => Buffer.from(codes.replaceAll("%", ""), "hex").toString());
}
