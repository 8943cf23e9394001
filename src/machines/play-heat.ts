// Heat's part in a run on this machine: parameters, random strings, addresses of ports, and --attrs for all that only a cloud knows.
import { createHash, randomInt } from "node:crypto";
import { digInto } from "../functions/dig.ts";
import { evaluateExpr } from "../functions/evaluate.ts";
import { asCondition } from "../functions/heat-functions.ts";
import { readParameterValue } from "../functions/read-parameter-value.ts";
import { indexesIn, memberId, memberNumbers, withoutIndexes } from "../model/cell.ts";
import { fillExpr, fillWith, type Expr, type Path } from "../model/expression.ts";
import { messageOf } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import type { ResolvedScope, ResolvedTemplate } from "../model/resolved.ts";
import type { Resource, Template } from "../model/template.ts";

/** Thrown when a value is asked for that only a cloud or the user would know; `hint` says how to give it. */
export class UnknownToUs extends Error {
  readonly hint: string;
  /** Where it is asked for: a slot of a vm's plan, or one of the stack's outputs. */
  place: { vm: string; slot: string } | { output: string } | undefined;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

export interface Stage {
  template: Template;
  resolved: ResolvedTemplate;
  stack: string;
  /** Address of each vm, by its id. */
  addresses: Map<string, string>;
  /** --attrs FILE: `{"resource.attribute": value}`. */
  attrs: Record<string, Json>;
}

/** Evaluates what Heat would resolve. Random strings stay the same for the life of this object. */
export class HeatPlayer {
  readonly #stage: Stage;
  readonly #made = new Map<string, Json>();
  readonly #conditions = new Map<string, boolean>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** The value of an expression without reads; fails with UnknownToUs that names `place`, also when a function cannot take its argument. */
  evaluate(expr: Expr, place?: UnknownToUs["place"]): Json {
    try {
      return evaluateExpr(expr, this.lookup);
    } catch (error) {
      const unknown =
        error instanceof UnknownToUs
          ? error
          : new UnknownToUs(messageOf(error), "Heat would evaluate this when it creates the stack");
      unknown.place ??= place;
      throw unknown;
    }
  }

  /** Tells whether `condition` holds; one that is absent does. */
  holds(condition: Expr | undefined): boolean {
    return condition === undefined || asCondition(this.evaluate(condition));
  }

  /** The leaves of expressions for Heat, among which neither slots nor reads occur. */
  readonly lookup = {
    slot: (slot: string): Json => {
      throw new Error(`slot ${slot} inside an expression for Heat`);
    },
    read: (): Json => {
      throw new Error("a run-time read inside an expression for Heat");
    },
    param: (name: string): Json => this.parameter(name),
    attr: (resource: string, path: Path): Json => this.attribute(resource, path),
    resource: (name: string): Json => this.reference(name),
    condition: (name: string): boolean => this.#condition(name),
    digest: (algorithm: string, bytes: Uint8Array): string => createHash(algorithm).update(bytes).digest("hex"),
  };

  parameter(qualified: string): Json {
    const { scope, name, fill, prefix } = this.#locate(qualified);
    const { stack, template } = this.#stage;
    const stackName = prefix === "" ? stack : `${stack}-${prefix.slice(0, -1).replaceAll("/", "-")}`;
    if (name === "OS::stack_name") return stackName;
    if (name === "OS::stack_id")
      return `00000000-0000-4000-8000-${createHash("sha256").update(stackName).digest("hex").slice(0, 12)}`;
    if (name === "OS::project_id") return "0".repeat(32);
    const parameter = scope?.template.parameters.get(name);
    const given = scope?.parameters.get(name);
    if (parameter !== undefined && given !== undefined) {
      const read = readParameterValue(evaluateExpr(fill(given), this.lookup), parameter.type);
      if ("value" in read) return read.value;
      throw new UnknownToUs(`parameter ${qualified} ${read.problem}`, `look at what ${template.file} gives it`);
    }
    if (parameter?.value !== undefined) return parameter.value;
    throw new UnknownToUs(`parameter ${qualified} has no value`, `give it with -P ${name}=VALUE`);
  }

  /** get_resource: the name stands for the id that Heat would give. */
  reference(qualified: string): Json {
    if (!this.#exists(qualified)) return null;
    return `${this.#stage.stack}-${qualified}`;
  }

  attribute(qualified: string, path: Path): Json {
    const [attribute, ...rest] = path;
    if (!this.#exists(qualified)) return null;
    const { attrs } = this.#stage;
    const given = attrs[`${qualified}.${path.join(".")}`] ?? attrs[`${qualified}.${attribute}`];
    if (given !== undefined) return Object.hasOwn(attrs, `${qualified}.${path.join(".")}`) ? given : digInto(given, rest);
    const { scope, name } = this.#locate(qualified);
    const declared = scope?.template.resources.get(name);
    const value = declared === undefined ? undefined : this.#known(qualified, declared, String(attribute), rest);
    if (value !== undefined) return "whole" in value ? value.whole : digInto(value.start, rest);
    throw new UnknownToUs(
      `${qualified}.${attribute ?? ""} is known only to a cloud`,
      `give it with --attrs FILE, where FILE holds {"${qualified}.${attribute ?? "ATTRIBUTE"}": VALUE}`,
    );
  }

  #condition(qualified: string): boolean {
    const { fill } = this.#locate(qualified);
    const expr = this.#stage.resolved.conditions.get(withoutIndexes(qualified));
    const known = this.#conditions.get(qualified) ?? this.holds(expr === undefined ? undefined : fill(expr));
    this.#conditions.set(qualified, known);
    return known;
  }

  #exists(qualified: string): boolean {
    const condition = this.#stage.resolved.resourceConditions.get(withoutIndexes(qualified));
    return condition === undefined || this.holds(this.#locate(qualified).fill(condition));
  }

  // `app[2]/db`: the scope of what lies in a member, with that member's number filled in.
  #locate(qualified: string): Located {
    const prefix = qualified.slice(0, qualified.lastIndexOf("/") + 1);
    const scope = this.#stage.resolved.scopes.get(withoutIndexes(prefix));
    const indexes = indexesIn(prefix);
    const fill = (expr: Expr): Expr =>
      (scope?.levels ?? []).reduce((filled, { indexVar }, depth) => {
        return fillExpr(filled, fillWith(indexVar, indexes[depth] ?? indexVar));
      }, expr);
    return { prefix, name: qualified.slice(prefix.length), scope, fill };
  }

  #known(qualified: string, resource: Resource, attribute: string, rest: Path): Known | undefined {
    const { type } = resource;
    if (resource.group !== undefined) return this.#ofGroup(qualified, resource, attribute, rest);
    if (resource.nested !== undefined) return this.#ofNested(`${qualified}/`, attribute, rest);
    if (type === "OS::Heat::RandomString" && attribute === "value") return { start: this.#randomString(qualified) };
    if (type === "OS::Heat::Value" && attribute === "value") return startOf(this.#property(qualified, "value"));
    if (attribute === "config" && /^OS::Heat::(SoftwareConfig|CloudConfig)$/.test(type)) return startOf(this.#config(qualified));
    if (type === "OS::Nova::Server") return startOf(this.#vmAttribute(qualified, attribute));
    if (type === "OS::Neutron::Port") {
      const address = this.#addressBehind(qualified);
      if (attribute === "fixed_ips" && address !== undefined)
        return { start: [{ subnet_id: "process-vms", ip_address: address }] };
    }
    if (type === "OS::Neutron::FloatingIP" && attribute === "floating_ip_address") {
      const port = this.#property(qualified, "port_id");
      return typeof port === "string" ? startOf(this.#addressBehind(port.slice(this.#stage.stack.length + 1))) : undefined;
    }
    return undefined;
  }

  #ofNested(prefix: string, attribute: string, rest: Path): Known | undefined {
    const inside = /^resource\.([^.]+)(?:\.(.+))?$/s.exec(attribute);
    if (inside !== null) {
      const path = inside[2] === undefined ? rest : [inside[2], ...rest];
      const name = `${prefix}${inside[1]}`;
      return { whole: path.length === 0 ? this.reference(name) : this.attribute(name, path) };
    }
    const output = this.#stage.resolved.scopes.get(withoutIndexes(prefix))?.outputs.get(attribute);
    return output === undefined ? undefined : { start: evaluateExpr(this.#locate(prefix).fill(output), this.lookup) };
  }

  #ofGroup(qualified: string, resource: Resource, attribute: string, rest: Path): Known {
    const numbers = this.#numbersOf(qualified, resource);
    const idOf = (number: number | string): string => memberId(qualified, number);
    const member = /^resource\.(\d+)(?:\.(.+))?$/s.exec(attribute);
    if (member !== null) {
      const path = member[2] === undefined ? rest : [member[2], ...rest];
      const id = idOf(member[1] as string);
      return { whole: path.length === 0 ? this.reference(id) : this.#ofMember(id, resource, path) };
    }
    const keyed = (valueOf: (number: number) => Json): Json =>
      Object.fromEntries(numbers.map((number) => [String(number), valueOf(number)]));
    const isScaling = resource.group?.kind === "AutoScalingGroup";
    if (attribute === "refs") return { start: numbers.map((number) => this.reference(idOf(number))) };
    if (attribute === "refs_map") return { start: keyed((number) => this.reference(idOf(number))) };
    if (attribute === "current_size" && isScaling) return { start: numbers.length };
    if (attribute === "removed_rsrc_list") return { start: (resource.group?.skip ?? []).map(String) };
    if (attribute === (isScaling ? "outputs" : "attributes"))
      return { whole: keyed((number) => this.#ofMember(idOf(number), resource, rest)) };
    const path = attribute === "outputs_list" && isScaling ? rest : [attribute, ...rest];
    return { whole: numbers.map((number) => this.#ofMember(idOf(number), resource, path)) };
  }

  #ofMember(id: string, { nested, name }: Resource, [attribute = "", ...rest]: Path): Json {
    const value =
      nested === undefined
        ? startOf(this.#vmAttribute(id, String(attribute)))
        : this.#ofNested(`${id}/`, String(attribute), rest);
    if (value !== undefined) return "whole" in value ? value.whole : digInto(value.start, rest);
    throw new UnknownToUs(
      `${id}.${attribute} is known only to a cloud`,
      `give it with --attrs FILE, where FILE holds {"${name}.${attribute}": VALUE}`,
    );
  }

  #numbersOf(qualified: string, resource: Resource): number[] {
    const { template } = this.#stage;
    const size = this.#stage.resolved.sizes.get(withoutIndexes(qualified));
    if (size === undefined) throw new Error(`${qualified} of ${template.file} has no size`);
    return memberNumbers(Number(evaluateExpr(this.#locate(qualified).fill(size), this.lookup)), resource.group?.skip);
  }

  #config(qualified: string): Json {
    const cloudConfig = this.#property(qualified, "cloud_config");
    // JSON is YAML.
    return cloudConfig === undefined
      ? (this.#property(qualified, "config") ?? "")
      : `#cloud-config\n${JSON.stringify(cloudConfig)}\n`;
  }

  #vmAttribute(vm: string, attribute: string): Json | undefined {
    const address = this.#stage.addresses.get(vm);
    if (address === undefined) return undefined;
    if (attribute === "name" || attribute === "instance_name") return vm;
    if (attribute === "first_address" || attribute === "accessIPv4") return address;
    if (attribute === "networks") return { private: [address] };
    if (attribute === "addresses") return { private: [{ addr: address, version: 4 }] };
    return undefined;
  }

  // The address of a port is that of the vm whose networks name it.
  #addressBehind(port: string): string | undefined {
    for (const [vm, address] of this.#stage.addresses) {
      const { scope, name } = this.#locate(vm);
      if (scope?.template.resources.get(name)?.type !== "OS::Nova::Server") continue;
      const networks = this.#property(vm, "networks");
      if (Array.isArray(networks) && networks.some((network) => digInto(network, ["port"]) === this.reference(port)))
        return address;
    }
    return undefined;
  }

  #randomString(qualified: string): Json {
    const made = this.#made.get(qualified);
    if (made !== undefined) return made;
    const length = this.#property(qualified, "length");
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const text = Array.from({ length: typeof length === "number" ? length : 32 }, () => letters[randomInt(letters.length)]).join(
      "",
    );
    this.#made.set(qualified, text);
    return text;
  }

  #property(qualified: string, name: string): Json | undefined {
    const properties = this.#stage.resolved.properties.get(withoutIndexes(qualified));
    if (properties?.kind === "value") return digInto(properties.value, [name]) ?? undefined;
    const property = properties?.kind === "map" ? properties.entries[name] : undefined;
    return property === undefined ? undefined : evaluateExpr(this.#locate(qualified).fill(property), this.lookup);
  }
}

/** Where a name leads: what lies in a member of a group has that member's number filled in. */
interface Located {
  /** `app[2]/` */
  prefix: string;
  name: string;
  scope: ResolvedScope | undefined;
  fill: (expr: Expr) => Expr;
}

/** The value of an attribute into which the rest of the path still leads, or that after the whole path. */
type Known = { start: Json } | { whole: Json };

function startOf(value: Json | undefined): Known | undefined {
  return value === undefined ? undefined : { start: value };
}
