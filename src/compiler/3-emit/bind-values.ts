// Splits an expression by binding time: what only Heat can resolve becomes a slot, constants and reads stay for the agent.
import { visitExpr, type BindingTime, type Each, type Expr } from "../../model/expression.ts";
import { isEvaluated } from "../../functions/heat-functions.ts";

/** Collects the slots of one vm. A slot is named after where its value stands, so that a change elsewhere does not rename it. */
export class Slots {
  readonly expressions: Record<string, Expr> = {};

  /** Returns `expr` with its largest deploy-time parts taken out as slots `PLACE`, `PLACE#2`, ... */
  bind(expr: Expr, place: string): Expr {
    if (bindingTimeOf(expr) === "compile") return expr;
    if (bindingTimeOf(expr) === "deploy") return { kind: "slot", slot: this.#add(expr, place) };
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

  // What Heat resolves for each member is one slot, a map by the members' numbers.
  #bindItem(each: Each, item: Expr, place: string): Expr {
    const time = bindingTimeOf(item);
    if (time === "compile") return item;
    if (time === "deploy") {
      if (!JSON.stringify(item).includes(JSON.stringify(each.index).slice(1, -1))) return this.bind(item, place);
      const { size, skip, index } = each;
      const all: Expr = { kind: "each", size, index, item, keyed: true, ...(skip === undefined ? {} : { skip }) };
      return { kind: "slot", slot: this.#add(all, place), at: index };
    }
    const inner = (expr: Expr): Expr => this.#bindItem(each, expr, place);
    switch (item.kind) {
      case "call":
        return { ...item, arg: inner(item.arg) };
      case "list":
        return { kind: "list", items: item.items.map(inner) };
      case "map":
        return { kind: "map", entries: Object.fromEntries(Object.entries(item.entries).map(([key, entry]) => [key, inner(entry)])) };
      default:
        return this.bind(item, place);
    }
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

function isForHeat(expr: Expr): boolean {
  if (expr.kind === "call") return !isEvaluated(expr.fn);
  return expr.kind === "param" || expr.kind === "attr" || expr.kind === "resource" || expr.kind === "condition";
}
