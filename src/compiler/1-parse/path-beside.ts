// Where the files that a template names are.

/** The path of a file that a template names: beside the template unless absolute. */
export function pathBeside(template: string, name: string): string {
  const folder = template.slice(0, template.lastIndexOf("/") + 1);
  return name.startsWith("/") ? name : folder + name;
}
