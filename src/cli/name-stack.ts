// What a stack is called when nobody says.
import { basename, dirname, resolve } from "node:path";

/** A stack made of examples/shop/stack.yaml is best known as "shop". Begins with a letter, as Heat demands. */
export function nameStack(file: string): string {
  const path = resolve(file);
  const name = basename(path).replace(/\.[^.]*$/, "");
  const chosen = ["stack", "template", "main"].includes(name) ? basename(dirname(path)) : name;
  return chosen.replace(/[^A-Za-z0-9_.-]/g, "-").replace(/^[^A-Za-z]+/, "") || "stack";
}
