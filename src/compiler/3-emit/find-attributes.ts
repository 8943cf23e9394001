// Which attributes of a group's members a finished template reads: a nested template shows only what it is told to.

/** The attributes named by `get_attr: [group, ...]` anywhere in `document`, a template as plain data. */
export function findAttributes(document: unknown, group: string): string[] {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (value !== null && typeof value === "object") {
      for (const [key, inner] of Object.entries(value)) {
        if (key === "get_attr" && Array.isArray(inner) && inner[0] === group) addNames(inner.slice(1), found);
        visit(inner);
      }
    }
  };
  visit(document);
  return [...found].sort();
}

// [resource.2, name], [resource.2.name], [attributes, name], of an AutoScalingGroup [outputs, name] and [outputs_list, name]; [name]; what only a group itself has is none of a member's.
function addNames([first, second]: unknown[], found: Set<string>): void {
  const [, , own] = /^resource\.([^.]*)(?:\.([^.]+))?/.exec(String(first)) ?? [];
  const isIndirect =
    ["attributes", "outputs", "outputs_list"].includes(String(first)) ||
    (String(first).startsWith("resource.") && own === undefined);
  const name = isIndirect ? second : (own ?? first);
  if (typeof name === "string" && !["refs", "refs_map", "removed_rsrc_list", "current_size", "show"].includes(name))
    found.add(name);
}
