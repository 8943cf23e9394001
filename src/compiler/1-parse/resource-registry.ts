// An environment's resource_registry: which type really stands behind a resource type. Hooks and base_url are Heat's business.
import type { Report } from "../../diagnostics/diagnostic.ts";
import type { Entry } from "../../model/template.ts";
import { isUrl, pathBeside } from "./path-beside.ts";
import { type Fields, isNull, openMap, readText } from "./read-fields.ts";

/** A type's name that stands for a template: such a file, beside what names it, or the URL of one. */
const fileType = /\.(yaml|template)$/;

/** `pattern` may end with `*`, as its `target` does then; a template file as `target` is a path. With `resource`, only for the resource of that name (`*` at its end likewise). */
export interface TypeAlias {
  pattern: string;
  target: string;
  resource?: string;
}

const notTypes = ["hooks", "restricted_actions", "base_url"];

/** Reads the section; what is wrong is reported and left out. */
export function parseRegistry(section: Fields | undefined, file: string, report: Report): TypeAlias[] {
  const base = section?.get("base_url")?.value;
  const folder = base?.kind === "literal" && typeof base.value === "string" ? `${base.value.replace(/\/+$/, "")}/` : file;
  const aliases = (section?.entries() ?? []).flatMap((entry): TypeAlias[] => {
    if (entry.key !== "resources") return parseAlias(entry, report);
    const resources = openMap(entry.value, "resources of the resource_registry", report, undefined, entry.keySpan);
    return (resources?.entries() ?? []).flatMap((resource) => {
      const own = openMap(resource.value, `"${resource.key}" of the resource_registry`, report, undefined, resource.keySpan);
      return (own?.entries() ?? []).flatMap((inner) =>
        parseAlias(inner, report).map((alias) => ({ ...alias, resource: resource.key })),
      );
    });
  });
  return aliases.map((alias) => (fileType.test(alias.target) ? { ...alias, target: pathBeside(folder, alias.target) } : alias));
}

function parseAlias({ key, value }: Entry, report: Report): TypeAlias[] {
  if (notTypes.includes(key) || isNull(value)) return [];
  const target = readText(value, `the type behind "${key}"`, report);
  return target === undefined || target === "" ? [] : [{ pattern: key, target }];
}

/** What stands behind a resource type: a type, or the template at `path`. `used` are the aliases that lead there. */
export interface RealType {
  type: string;
  path?: string;
  used: TypeAlias[];
}

/** Follows the aliases of `type` for the resource `name`; later ones win, those for one resource over others, exact ones over patterns. */
export function findRealType(type: string, name: string, file: string, aliases: readonly TypeAlias[]): RealType {
  let current = type;
  const used: TypeAlias[] = [];
  // Heat refuses aliases that go round in circles; here they end after as many steps as there are aliases.
  for (let steps = 0; steps < aliases.length; steps++) {
    const next = findAlias(current, name, aliases);
    if (next === undefined || next.target === current) break;
    used.push(next.alias);
    current = next.target;
  }
  if (!fileType.test(current) || isUrl(current)) return { type: current, used };
  return { type: current, path: used.length === 0 ? pathBeside(file, current) : current, used };
}

function findAlias(type: string, name: string, aliases: readonly TypeAlias[]): { target: string; alias: TypeAlias } | undefined {
  const fitting = aliases.filter(
    ({ pattern, resource }) => matches(pattern, type) && (resource === undefined || matches(resource, name)),
  );
  const weight = ({ pattern, resource }: TypeAlias): number => (resource === undefined ? 0 : 2) + (pattern.endsWith("*") ? 0 : 1);
  const best = fitting.reduce<TypeAlias | undefined>(
    (found, alias) => (found === undefined || weight(alias) >= weight(found) ? alias : found),
    undefined,
  );
  if (best === undefined) return undefined;
  const isPattern = best.pattern.endsWith("*") && best.target.endsWith("*");
  const target = isPattern ? best.target.slice(0, -1) + type.slice(best.pattern.length - 1) : best.target;
  return { target, alias: best };
}

function matches(pattern: string, text: string): boolean {
  return pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
}
