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
  readonly #level: Level | undefined;

  /** `level`: the innermost group that the vm is a member of. */
  constructor(scopes: ResolvedTemplate["scopes"], level?: Level) {
    this.#scopes = scopes;
    this.#level = level;
  }

  /** Returns `expr` with its largest deploy-time parts taken out as slots `PLACE`, `PLACE#2`, ... */
  bind(expr: Expr, place: string): Expr {
    if (bindingTimeOf(expr) === "compile") return expr;
    if (bindingTimeOf(expr) === "deploy" && !this.#isMixed(expr)) return this.#bindWhole(expr, place);
    switch (expr.kind) {
      case "call":
        return { ...expr, arg: this.bind(expr.arg, place) };
      case "list":
        return { kind: "list", items: expr.items.map((item) => this.bind(item, place)) };
      case "map": {
        const entries = Object.entries(expr.entries).map(([key, entry]) => [key, this.bind(entry, place)]);
        return { kind: "map", entries: Object.fromEntries(entries) as Record<string, Expr> };
      }
      case "read":
        return { ...expr, read: this.bindRead(expr.read, place) };
      case "each":
        return { ...expr, size: this.bind(expr.size, place), item: this.#bindItem(expr, expr.item, place) };
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

  /** As `bind`, for the deploy-time parts of a read: the size of a group, the condition of the vm that writes. */
  bindRead<R extends { present?: Expr; size?: Expr }>(read: R, place: string): R {
    return {
      ...read,
      ...(read.size === undefined ? {} : { size: this.bind(read.size, place) }),
      ...(read.present === undefined ? {} : { present: this.bind(read.present, `${place}.present`) }),
    };
  }

  // A member's own value comes as that of all members, since Heat tells them all the same.
  #bindWhole(expr: Expr, place: string): Expr {
    const level = this.#level;
    if (level === undefined || !isOfOneMember(expr, level.indexVar) || isPrivate(expr, this.#scopes))
      return { kind: "slot", slot: this.#add(expr, place) };
    const { size, skip, indexVar: index } = level;
    const all: Each = { kind: "each", size, index, item: expr, keyed: true, ...(skip === undefined ? {} : { skip }) };
    return { kind: "slot", slot: this.#add(all, place), at: index };
  }

  // What Heat resolves for each member is one slot, a map by the members' numbers.
  #bindItem(each: Each, item: Expr, place: string): Expr {
    const time = bindingTimeOf(item);
    if (time === "compile") return item;
    if (time === "deploy") {
      if (!JSON.stringify(item).includes(JSON.stringify(each.index).slice(1, -1))) return this.bind(item, place);
      if (prefixesIn(item).size > 1 && isOpened(item)) return this.#bindParts(each, item, place);
      const { size, skip, index } = each;
      const all: Expr = { kind: "each", size, index, item, keyed: true, ...(skip === undefined ? {} : { skip }) };
      return { kind: "slot", slot: this.#add(all, place), at: index };
    }
    return this.#bindParts(each, item, place);
  }

  #bindParts(each: Each, item: Expr, place: string): Expr {
    const inner = (expr: Expr): Expr => this.#bindItem(each, expr, place);
    switch (item.kind) {
      case "call":
        return { ...item, arg: inner(item.arg) };
      case "list":
        return { kind: "list", items: item.items.map(inner) };
      case "map":
        return {
          kind: "map",
          entries: Object.fromEntries(Object.entries(item.entries).map(([key, entry]) => [key, inner(entry)])),
        };
      default:
        return this.bind(item, place);
    }
  }

  // A member's own comes on another way than the rest, and so does what lies in another template. What is private comes with user_data, before there is any vm to tell of others.
  #isMixed(expr: Expr): boolean {
    if (!isOpened(expr)) return false;
    const isOfResource = (inner: Expr): boolean => inner.kind === "attr" && !isSecretAttribute(inner, this.#scopes);
    return (
      prefixesIn(expr).size > 1 ||
      (isPrivate(expr, this.#scopes) && holds(expr, isOfResource)) ||
      holds(expr, (inner) => isOwnMember(inner, this.#level?.indexVar))
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

// An attribute of the member, or something in the nested stack that is one.
function isOfOneMember(expr: Expr, indexVar: string): boolean {
  return isOwnMember(expr, indexVar) || (expr.kind !== "each" && [...prefixesIn(expr)].some((prefix) => prefix.includes("[")));
}

// The agent can evaluate it from its parts.
function isOpened(expr: Expr): boolean {
  return expr.kind === "list" || expr.kind === "map" || (expr.kind === "call" && isEvaluated(expr.fn));
}

function isForHeat(expr: Expr): boolean {
  if (expr.kind === "call") return !isEvaluated(expr.fn);
  return expr.kind === "param" || expr.kind === "attr" || expr.kind === "resource" || expr.kind === "condition";
}
