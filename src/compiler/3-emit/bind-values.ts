// Splits an expression by binding time: what only Heat can resolve becomes a slot, constants and reads stay for the agent.
import { holds, visitExpr, type BindingTime, type Expr } from "../../model/expression.ts";
import { isEvaluated } from "../../functions/heat-functions.ts";
import type { Template } from "../../model/template.ts";

/** Collects the slots of one vm. A slot is named after where its value stands, so that a change elsewhere does not rename it. */
export class Slots {
  readonly expressions: Record<string, Expr> = {};
  readonly #template: Template;
  readonly #indexVar: string | undefined;

  constructor(template: Template, indexVar?: string) {
    this.#template = template;
    this.#indexVar = indexVar;
  }

  /** Returns `expr` with its largest deploy-time parts taken out as slots `PLACE`, `PLACE#2`, ... */
  bind(expr: Expr, place: string): Expr {
    if (bindingTimeOf(expr) === "compile") return expr;
    if (bindingTimeOf(expr) === "deploy" && !this.#isMixed(expr)) return { kind: "slot", slot: this.#add(expr, place) };
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

  // A member's own comes on another way than the rest. What is private comes with user_data, before there is any vm to tell of others.
  #isMixed(expr: Expr): boolean {
    if (!isOpened(expr)) return false;
    const isOfResource = (inner: Expr): boolean => inner.kind === "attr" && !isSecretAttribute(inner, this.#template);
    return (
      (isPrivate(expr, this.#template) && holds(expr, isOfResource)) || holds(expr, (inner) => isOwnMember(inner, this.#indexVar))
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
export function isPrivate(expr: Expr, template: Template): boolean {
  return holds(expr, (inner) => {
    if (inner.kind === "param") return template.parameters.get(inner.name)?.hidden === true;
    return isSecretAttribute(inner, template);
  });
}

function isSecretAttribute(expr: Expr, template: Template): boolean {
  return expr.kind === "attr" && secretTypes.test(template.resources.get(expr.resource)?.type ?? "");
}

const secretTypes = /^OS::(Heat::RandomString|Barbican::\w+|Nova::KeyPair)$/;

/** Tells whether `expr` is an attribute (or the id) of the member itself in whose plan it stands. */
export function isOwnMember(expr: Expr, indexVar: string | undefined): boolean {
  return expr.kind === "attr" && indexVar !== undefined && String(expr.path[0]).split(".")[1] === indexVar;
}

// The agent can evaluate it from its parts.
function isOpened(expr: Expr): boolean {
  return expr.kind === "list" || expr.kind === "map" || (expr.kind === "call" && isEvaluated(expr.fn));
}

function isForHeat(expr: Expr): boolean {
  if (expr.kind === "call") return !isEvaluated(expr.fn);
  return expr.kind === "param" || expr.kind === "attr" || expr.kind === "resource" || expr.kind === "condition";
}
