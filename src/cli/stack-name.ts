// What a stack is called that is run from a template here.
import { basename, dirname, resolve } from "node:path";

/** The name of a template's file; a stack made of examples/shop/stack.yaml is best known as "shop". */
export function stackName(file: string): string {
  const path = resolve(file);
  const name = basename(path).replace(/\.[^.]*$/, "");
  const chosen = ["stack", "template", "main"].includes(name) ? basename(dirname(path)) : name;
  return chosen.replace(/[^A-Za-z0-9_.-]/g, "-") || "stack";
}
