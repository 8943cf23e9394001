// Expressions after analysis: what is known now, what Heat resolves, what a role will write.
import type { Json } from "./json.ts";

/** compile: known to the compiler; deploy: Heat resolves it; run: a role writes it. Ordered by when the value is known. */
export type BindingTime = "compile" | "deploy" | "run";

/**
 * A value to be. In a vm plan only `value`, `slot`, `read`, `call`, `list` and `map` occur: everything that Heat
 * resolves (`param`, `attr`, `resource`, `condition`) has become a slot, whose value reaches the agent as JSON.
 */
export type Expr =
  | { kind: "value"; value: Json }
  | { kind: "slot"; slot: string }
  | { kind: "read"; read: Read; path: Path }
  | { kind: "call"; fn: string; arg: Expr }
  | { kind: "list"; items: Expr[] }
  | { kind: "map"; entries: Record<string, Expr> }
  | { kind: "param"; name: string; path: Path }
  | { kind: "attr"; resource: string; path: Path }
  | { kind: "resource"; name: string }
  | { kind: "condition"; name: string };

/** The rest of a get_attr after the attribute's name: keys and indexes into the value. */
export type Path = (string | number)[];

/**
 * A blocking read. `cell` is one cell. `gather` is the list over the members of a group, in member order; `size` is the
 * group's count, `of` how many must have a value. `%index%` in a group's plan is the reading member's own index. `present`
 * is there when the vm that writes has a condition: where that is false, what is read is absent.
 */
export type Read =
  | { kind: "cell"; cell: string; present?: Expr }
  | { kind: "gather"; group: string; role: string; output: string; size: Expr; of: "all" | "any" | number; present?: Expr };

/** Visits `expr` and every expression inside it. */
export function visitExpr(expr: Expr, visit: (expr: Expr) => void): void {
  visit(expr);
  if (expr.kind === "call") visitExpr(expr.arg, visit);
  else if (expr.kind === "list") for (const item of expr.items) visitExpr(item, visit);
  else if (expr.kind === "map") for (const entry of Object.values(expr.entries)) visitExpr(entry, visit);
  else if (expr.kind === "read") {
    if (expr.read.kind === "gather") visitExpr(expr.read.size, visit);
    if (expr.read.present !== undefined) visitExpr(expr.read.present, visit);
  }
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
