// Where the files that a template names are.

/** The path of a file that a template or environment names: beside it unless absolute, or a URL. */
export function pathBeside(file: string, name: string): string {
  const plain = name.replace(/^file:\/\//, "");
  if (plain.startsWith("/") || isUrl(name)) return plain;
  const named = file.replace(/^file:\/\//, "");
  return named.slice(0, named.lastIndexOf("/") + 1) + plain;
}

/** Tells whether a name is a URL that only Heat's client fetches. */
export function isUrl(name: string): boolean {
  return /^(?!file:)[a-z][a-z0-9+.-]*:\/\//i.test(name);
}
