// Heat's part in a run on this machine: parameters, random strings, addresses of ports, and --attrs for all that only a cloud knows.
import { createHash, randomInt } from "node:crypto";
import { evaluateExpr, digInto } from "../functions/evaluate.ts";
import { asCondition } from "../functions/heat-functions.ts";
import type { Expr, Path } from "../model/expression.ts";
import { messageOf } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import type { ResolvedTemplate } from "../model/resolved.ts";
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

  parameter(name: string): Json {
    if (name === "OS::stack_name") return this.#stage.stack;
    if (name === "OS::stack_id")
      return `00000000-0000-4000-8000-${Buffer.from(this.#stage.stack).toString("hex").slice(0, 12).padEnd(12, "0")}`;
    if (name === "OS::project_id") return "0".repeat(32);
    const value = this.#stage.template.parameters.get(name)?.value;
    if (value === undefined) throw new UnknownToUs(`parameter ${name} has no value`, `give it with -P ${name}=VALUE`);
    return value;
  }

  /** get_resource: the name stands for the id that Heat would give. */
  reference(name: string): Json {
    if (!this.#exists(name)) return null;
    return `${this.#stage.stack}-${name}`;
  }

  attribute(resource: string, path: Path): Json {
    const [attribute, ...rest] = path;
    if (!this.#exists(resource)) return null;
    const given = this.#stage.attrs[`${resource}.${path.join(".")}`] ?? this.#stage.attrs[`${resource}.${attribute}`];
    if (given !== undefined)
      return Object.hasOwn(this.#stage.attrs, `${resource}.${path.join(".")}`) ? given : digInto(given, rest);
    const declared = this.#stage.template.resources.get(resource);
    const value = declared === undefined ? undefined : this.#known(declared, String(attribute));
    if (value !== undefined) return digInto(value, rest);
    throw new UnknownToUs(
      `${resource}.${attribute ?? ""} is known only to a cloud`,
      `give it with --attrs FILE, where FILE holds {"${resource}.${attribute ?? "ATTRIBUTE"}": VALUE}`,
    );
  }

  #condition(name: string): boolean {
    const expr = this.#stage.resolved.conditions.get(name);
    const known = this.#conditions.get(name) ?? this.holds(expr);
    this.#conditions.set(name, known);
    return known;
  }

  #exists(resource: string): boolean {
    return this.holds(this.#stage.resolved.resourceConditions.get(resource));
  }

  #known(resource: Resource, attribute: string): Json | undefined {
    if (resource.type === "OS::Heat::RandomString" && attribute === "value") return this.#randomString(resource);
    if (resource.type === "OS::Heat::Value" && attribute === "value") return this.#property(resource, "value");
    if (attribute === "config" && /^OS::Heat::(SoftwareConfig|CloudConfig)$/.test(resource.type)) return this.#config(resource);
    if (resource.type === "OS::Nova::Server") return this.#vmAttribute(resource.name, attribute);
    const member = resource.group === undefined ? undefined : /^resource\.(\d+)$/.exec(attribute)?.[1];
    if (member !== undefined) return this.reference(`${resource.name}-${member}`);
    if (resource.type === "OS::Neutron::Port") {
      const address = this.#addressBehind(resource.name);
      if (attribute === "fixed_ips" && address !== undefined) return [{ subnet_id: "process-vms", ip_address: address }];
    }
    if (resource.type === "OS::Neutron::FloatingIP" && attribute === "floating_ip_address") {
      const port = this.#property(resource, "port_id");
      return typeof port === "string" ? this.#addressBehind(port.slice(this.#stage.stack.length + 1)) : undefined;
    }
    return undefined;
  }

  #config(resource: Resource): Json {
    const cloudConfig = this.#property(resource, "cloud_config");
    // JSON is YAML.
    return cloudConfig === undefined
      ? (this.#property(resource, "config") ?? "")
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
    for (const resource of this.#stage.template.resources.values()) {
      if (resource.type !== "OS::Nova::Server") continue;
      const networks = this.#property(resource, "networks");
      if (Array.isArray(networks) && networks.some((network) => digInto(network, ["port"]) === this.reference(port))) {
        return this.#stage.addresses.get(resource.name);
      }
    }
    return undefined;
  }

  #randomString(resource: Resource): Json {
    const made = this.#made.get(resource.name);
    if (made !== undefined) return made;
    const length = this.#property(resource, "length");
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const text = Array.from({ length: typeof length === "number" ? length : 32 }, () => letters[randomInt(letters.length)]).join(
      "",
    );
    this.#made.set(resource.name, text);
    return text;
  }

  #property(resource: Resource, name: string): Json | undefined {
    const properties = this.#stage.resolved.properties.get(resource.name);
    if (properties?.kind === "value") return digInto(properties.value, [name]) ?? undefined;
    const property = properties?.kind === "map" ? properties.entries[name] : undefined;
    return property === undefined ? undefined : evaluateExpr(property, this.lookup);
  }
}
