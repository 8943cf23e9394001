// Expressions after analysis: what is known now, what Heat resolves, what a role will write.
import { cellId, memberId, membersOf } from "./cell.ts";
import type { Json } from "./json.ts";

/** compile: known to the compiler; deploy: Heat resolves it; run: a role writes it. Ordered by when the value is known. */
export type BindingTime = "compile" | "deploy" | "run";

/**
 * A value to be. In a vm plan only `value`, `slot`, `read`, `call`, `list` and `map` occur: everything that Heat
 * resolves (`param`, `attr`, `resource`, `condition`) has become a slot, whose value reaches the agent as JSON. Names of what lies in
 * nested stacks begin with theirs: `outer/size`. `each` is `item` once for each member of a group, with the member's number for the text
 * `index`: a list, or (`keyed`) a map by number. A slot may hold such a map, or one of maps; `at` are the keys.
 */
export type Expr =
  | { kind: "value"; value: Json }
  | { kind: "slot"; slot: string; at?: string[] }
  | { kind: "read"; read: Read; path: Path }
  | { kind: "call"; fn: string; arg: Expr }
  | { kind: "list"; items: Expr[] }
  | Each
  | { kind: "map"; entries: Record<string, Expr> }
  | { kind: "param"; name: string; path: Path }
  | { kind: "attr"; resource: string; path: Path }
  | { kind: "resource"; name: string }
  | { kind: "condition"; name: string };

export interface Each {
  kind: "each";
  size: Expr;
  skip?: number[];
  index: string;
  item: Expr;
  keyed?: true;
}

/** The rest of a get_attr after the attribute's name: keys and indexes into the value. */
export type Path = (string | number)[];

/**
 * A blocking read. `cell` is one cell. `gather` is the list over the members of a group, in member order; `size` is the
 * group's count, `skip` members that it leaves out, `of` how many must have a value, `inside` what follows the member's id where its
 * vm lies in a nested stack: `/db`. `%index%` in a group's plan is the reading member's own index. `present`
 * is there when the vm that writes has a condition: where that is false, what is read is absent.
 */
export type Read =
  | { kind: "cell"; cell: string; present?: Expr }
  | {
      kind: "gather";
      group: string;
      inside?: string;
      role: string;
      output: string;
      size: Expr;
      skip?: number[];
      of: "all" | "any" | number;
      present?: Expr;
    };

/** The key of the record that says which members count for a gather `of: any | N`. */
export function choiceKeyOf({ group, inside, role, output, of }: Extract<Read, { kind: "gather" }>): string {
  return `${cellId(group + (inside ?? ""), role, output)}@${of}`;
}

/** The cells of a gather, one a member, `size` being what its size comes to. Throws an Error for what is none. */
export function cellsOf({ group, inside = "", role, output, skip }: Extract<Read, { kind: "gather" }>, size: Json): string[] {
  return membersOf(size, skip, group).map((member) => cellId(memberId(group, member) + inside, role, output));
}

/** Visits `expr` and every expression inside it. */
export function visitExpr(expr: Expr, visit: (expr: Expr) => void): void {
  visit(expr);
  if (expr.kind === "call") visitExpr(expr.arg, visit);
  else if (expr.kind === "list") for (const item of expr.items) visitExpr(item, visit);
  else if (expr.kind === "map") for (const entry of Object.values(expr.entries)) visitExpr(entry, visit);
  else if (expr.kind === "each") {
    visitExpr(expr.size, visit);
    visitExpr(expr.item, visit);
  } else if (expr.kind === "read") {
    if (expr.read.kind === "gather") visitExpr(expr.read.size, visit);
    if (expr.read.present !== undefined) visitExpr(expr.read.present, visit);
  }
}

/** How the texts of an expression change where a member's own index is filled in; `cell` is for the ids of cells and vms. */
export interface Filling {
  text: (text: string) => string;
  cell: (cell: string) => string;
}

/** Filling in one index for the text that stands for it. */
export function fillWith(index: string, number: number | string): Filling {
  const text = (old: string): string => old.replaceAll(index, String(number));
  return { text, cell: text };
}

/** Returns `expr` with an index filled in; keys of maps and names of slots stay. */
export function fillExpr(expr: Expr, filling: Filling): Expr {
  const { text } = filling;
  const fill = (inner: Expr): Expr => fillExpr(inner, filling);
  switch (expr.kind) {
    case "value":
      return { kind: "value", value: fillJson(expr.value, text) };
    case "slot":
      return expr.at === undefined ? expr : { ...expr, at: expr.at.map(text) };
    case "read":
      return { ...expr, read: fillRead(expr.read, filling) };
    case "call":
      return { ...expr, arg: fill(expr.arg) };
    case "list":
      return { kind: "list", items: expr.items.map(fill) };
    case "map":
      return { kind: "map", entries: mapValues(expr.entries, fill) };
    case "each":
      // Within the item the index is that of each member, not the one filled in.
      return { ...expr, size: fill(expr.size), item: text(expr.index) === expr.index ? fill(expr.item) : expr.item };
    case "param":
      return { ...expr, name: text(expr.name) };
    case "attr":
      return {
        ...expr,
        resource: text(expr.resource),
        path: expr.path.map((part) => (typeof part === "string" ? text(part) : part)),
      };
    case "resource":
    case "condition":
      return { ...expr, name: text(expr.name) };
  }
}

/** As fillExpr, for what stands for a cell or for all members' cells. */
export function fillRead<R extends { cell?: string; group?: string; size?: Expr; present?: Expr }>(read: R, filling: Filling): R {
  return {
    ...read,
    ...(read.cell === undefined ? {} : { cell: filling.cell(read.cell) }),
    ...(read.group === undefined ? {} : { group: filling.cell(read.group) }),
    ...(read.size === undefined ? {} : { size: fillExpr(read.size, filling) }),
    ...(read.present === undefined ? {} : { present: fillExpr(read.present, filling) }),
  };
}

/** As fillExpr, for plain JSON. */
export function fillJson(value: Json, text: (text: string) => string): Json {
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return value.map((item) => fillJson(item, text));
  if (value === null || typeof value !== "object") return value;
  return mapValues(value, (inner) => fillJson(inner, text));
}

function mapValues<From, To>(map: Record<string, From>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

/** Tells whether some expression inside `expr`, or itself, is what `matches` looks for. */
export function holds(expr: Expr, matches: (inner: Expr) => boolean): boolean {
  let found = false;
  visitExpr(expr, (inner) => {
    found ||= matches(inner);
  });
  return found;
}

/** Returns every read inside `expr`, in order of appearance. */
export function readsOf(expr: Expr): Read[] {
  const reads: Read[] = [];
  visitExpr(expr, (inner) => {
    if (inner.kind === "read") reads.push(inner.read);
  });
  return reads;
}

/** The name in the argument of get_param, get_attr or get_resource, NAME or [NAME, ...]; undefined while it is not known. */
export function referenceName(arg: Expr): string | undefined {
  const first = arg.kind === "list" ? arg.items[0] : arg;
  const value = first?.kind === "value" ? first.value : undefined;
  const name = Array.isArray(value) ? value[0] : value;
  return typeof name === "string" ? name : undefined;
}
