// Splits an expression by binding time: what only Heat can resolve becomes a slot, constants and reads stay for the agent.
import { holds, referenceName, visitExpr, type BindingTime, type Each, type Expr } from "../../model/expression.ts";
import { isEvaluated } from "../../functions/heat-functions.ts";
import { withoutIndexes } from "../../model/cell.ts";
import type { ResolvedScope, ResolvedTemplate } from "../../model/resolved.ts";
import type { Level } from "../../model/vm-plan.ts";

/** Collects the slots of one vm. A slot is named after where its value stands, so that a change elsewhere does not rename it. */
export class Slots {
  readonly expressions: Record<string, Expr> = {};
  readonly #scopes: ResolvedTemplate["scopes"];
  readonly #levels: readonly Level[];

  /** `levels`: the groups that the vm is a member of, outermost first. */
  constructor(scopes: ResolvedTemplate["scopes"], levels: readonly Level[] = []) {
    this.#scopes = scopes;
    this.#levels = levels;
  }

  /** Returns `expr` with its largest deploy-time parts taken out as slots `PLACE`, `PLACE#2`, ... */
  bind(expr: Expr, place: string): Expr {
    return this.#bind(expr, place, []);
  }

  /** As `bind`, for the deploy-time parts of a read: the size of a group, the condition of the vm that writes. */
  bindRead<R extends { present?: Expr; size?: Expr }>(read: R, place: string): R {
    return this.#bindRead(read, place, []);
  }

  // `loops` are those in whose items `expr` stands, outermost first.
  #bind(expr: Expr, place: string, loops: readonly Each[]): Expr {
    const time = bindingTimeOf(expr);
    if (time === "compile") return expr;
    if (time === "deploy" && !this.#isMixed(expr)) return this.#bindWhole(expr, place, loops);
    const inner = (part: Expr): Expr => this.#bind(part, place, loops);
    switch (expr.kind) {
      case "call":
        return { ...expr, arg: inner(expr.arg) };
      case "list":
        return { kind: "list", items: expr.items.map(inner) };
      case "map": {
        const entries = Object.entries(expr.entries).map(([key, entry]) => [key, inner(entry)]);
        return { kind: "map", entries: Object.fromEntries(entries) as Record<string, Expr> };
      }
      case "read":
        return { ...expr, read: this.#bindRead(expr.read, place, loops) };
      case "each":
        return { ...expr, size: inner(expr.size), item: this.#bind(expr.item, place, [...loops, expr]) };
      case "value":
      case "slot":
        return expr;
      case "param":
      case "attr":
      case "resource":
      case "condition":
        throw new Error(`${expr.kind} is no run-time expression`);
    }
  }

  #bindRead<R extends { present?: Expr; size?: Expr }>(read: R, place: string, loops: readonly Each[]): R {
    return {
      ...read,
      ...(read.size === undefined ? {} : { size: this.#bind(read.size, place, loops) }),
      ...(read.present === undefined ? {} : { present: this.#bind(read.present, `${place}.present`, loops) }),
    };
  }

  // What Heat resolves for each member is one slot, a map by the members' indexes: all members are told the same.
  #bindWhole(expr: Expr, place: string, loops: readonly Each[]): Expr {
    const around = [...this.#ownLoops(expr, loops), ...loops.filter(({ index }) => mentions(expr, index))];
    const [first] = around;
    if (first === undefined) return { kind: "slot", slot: this.#add(expr, place) };
    const all = around.reduceRight<Expr>(
      (item, { size, skip, index }) => ({
        kind: "each",
        size,
        index,
        item,
        keyed: true,
        ...(skip === undefined ? {} : { skip }),
      }),
      expr,
    );
    return { kind: "slot", slot: this.#add(all, place), at: around.map(({ index }) => index) };
  }

  // Something of the member itself, or in the nested stacks that it lies in. What is private comes to it alone.
  #ownLoops(expr: Expr, loops: readonly Each[]): Pick<Each, "size" | "skip" | "index">[] {
    if (isPrivate(expr, this.#scopes)) return [];
    const prefixes = [...prefixesIn(expr)];
    const own = this.#levels.filter(({ indexVar }) => {
      if (loops.some(({ index }) => index === indexVar)) return false;
      return isOwnMember(expr, indexVar) || prefixes.some((prefix) => prefix.includes(`[${indexVar}]`));
    });
    return own.map(({ size, skip, indexVar }) => ({ size, index: indexVar, ...(skip === undefined ? {} : { skip }) }));
  }

  // A member's own comes on another way than the rest, and so does what lies in another template. What is private comes with user_data, before there is any vm to tell of others.
  #isMixed(expr: Expr): boolean {
    if (!isOpened(expr)) return false;
    const isOfResource = (inner: Expr): boolean => inner.kind === "attr" && !isSecretAttribute(inner, this.#scopes);
    return (
      prefixesIn(expr).size > 1 ||
      (isPrivate(expr, this.#scopes) && holds(expr, isOfResource)) ||
      holds(expr, (inner) => isOwnMember(inner, this.#levels.at(-1)?.indexVar))
    );
  }

  #add(expr: Expr, place: string): string {
    let slot = place;
    for (let number = 2; Object.hasOwn(this.expressions, slot); number++) slot = `${place}#${number}`;
    this.expressions[slot] = expr;
    return slot;
  }
}

/** Says when the value of an expression is known. */
export function bindingTimeOf(expr: Expr): BindingTime {
  let time: BindingTime = "compile";
  visitExpr(expr, (inner) => {
    if (inner.kind === "read") time = "run";
    else if (time === "compile" && isForHeat(inner)) time = "deploy";
  });
  return time;
}

/** Tells whether a value may be seen by its own vm only: it is made of a hidden parameter, or by a resource that makes secrets. */
export function isPrivate(expr: Expr, scopes: ResolvedTemplate["scopes"]): boolean {
  return holds(expr, (inner) => {
    if (inner.kind !== "param") return isSecretAttribute(inner, scopes);
    const { scope, name } = locate(inner.name, scopes);
    const given = scope?.parameters.get(name);
    return scope?.template.parameters.get(name)?.hidden === true || (given !== undefined && isPrivate(given, scopes));
  });
}

function isSecretAttribute(expr: Expr, scopes: ResolvedTemplate["scopes"]): boolean {
  if (expr.kind !== "attr") return false;
  const { scope, name } = locate(expr.resource, scopes);
  const resource = scope?.template.resources.get(name);
  if (resource?.nested === undefined) return secretTypes.test(resource?.type ?? "");
  const output = scopes.get(`${withoutIndexes(expr.resource)}/`)?.outputs.get(String(expr.path[0]));
  return output !== undefined && isPrivate(output, scopes);
}

function locate(qualified: string, scopes: ResolvedTemplate["scopes"]): { scope: ResolvedScope | undefined; name: string } {
  const plain = withoutIndexes(qualified);
  const end = plain.lastIndexOf("/") + 1;
  return { scope: scopes.get(plain.slice(0, end)), name: plain.slice(end) };
}

/** What stands before the names in an expression: the nested stacks in which Heat must resolve them. */
export function prefixesIn(expr: Expr): Set<string> {
  const found = new Set<string>();
  const add = (name: string): void => {
    found.add(name.slice(0, name.lastIndexOf("/") + 1));
  };
  visitExpr(expr, (inner) => {
    if (inner.kind === "param" || inner.kind === "resource" || inner.kind === "condition") add(inner.name);
    else if (inner.kind === "attr") add(inner.resource);
    else if (inner.kind === "call" && /^get_(param|attr|resource)$/.test(inner.fn)) {
      const name = referenceName(inner.arg);
      if (name !== undefined) add(name);
    }
  });
  return found;
}

const secretTypes = /^OS::(Heat::RandomString|Barbican::\w+|Nova::KeyPair)$/;

/** Tells whether `expr` is an attribute (or the id) of the member itself in whose plan it stands. */
export function isOwnMember(expr: Expr, indexVar: string | undefined): boolean {
  return expr.kind === "attr" && indexVar !== undefined && String(expr.path[0]).split(".")[1] === indexVar;
}

function mentions(expr: Expr, index: string): boolean {
  return JSON.stringify(expr).includes(JSON.stringify(index).slice(1, -1));
}

// The agent can evaluate it from its parts.
function isOpened(expr: Expr): boolean {
  return expr.kind === "list" || expr.kind === "map" || (expr.kind === "call" && isEvaluated(expr.fn));
}

function isForHeat(expr: Expr): boolean {
  if (expr.kind === "call") return !isEvaluated(expr.fn);
  return expr.kind === "param" || expr.kind === "attr" || expr.kind === "resource" || expr.kind === "condition";
}
