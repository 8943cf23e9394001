// What Heat gets for each vm beside the user's template: its user_data, made by one nested template, and its plan, handed over by another.
import type { Report } from "../../diagnostics/diagnostic.ts";
import { rightsText } from "../../model/rights-text.ts";
import type { Expr } from "../../model/expression.ts";
import type { Json, JsonMap } from "../../model/json.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";
import type { Resource, Template } from "../../model/template.ts";
import type { VmPlan } from "../../model/vm-plan.ts";
import { identityFormat } from "../../model/vm-identity.ts";
import { isOwnMember, isPrivate } from "./bind-values.ts";
import { checkBudget } from "./check-budget.ts";
import type { HotOptions } from "./emit-hot.ts";
import { findAttributes } from "./find-attributes.ts";
import { hubPort } from "./boot-script.ts";
import { bootTemplate, carrierTemplate, hubTemplate, memberTemplate, mimeEnd, partHead } from "./heat-files.ts";
import { conditionOf, hotOf, writtenOf } from "./hot-values.ts";

export interface CarriedVm {
  plan: VmPlan;
  resource: string;
  indexVar?: string;
  /** As Heat expects it on a resource. */
  condition?: Json;
}

/** Makes the resources, parameters and nested files of a template; names are such that they meet none of the user's. */
export class Carriers {
  /** Vms with something to do. */
  readonly vms: CarriedVm[];
  readonly files: Record<string, string> = {};
  /** Properties of a server that weft sets itself. */
  readonly ownProperties: readonly string[] = Object.keys(this.serverProperties(""));
  readonly #template: Template;
  readonly #resolved: ResolvedTemplate;
  readonly #options: HotOptions;
  readonly #report: Report;
  readonly #taken: Set<string>;
  readonly #names = new Map<string, string>();

  constructor(template: Template, resolved: ResolvedTemplate, options: HotOptions, report: Report) {
    this.#template = template;
    this.#resolved = resolved;
    this.#options = options;
    this.#report = report;
    this.#taken = new Set([...template.parameters.keys(), ...template.resources.keys(), ...(resolved.leftOut?.resources ?? [])]);
    this.vms = options.plan.vms.filter(isCarried).map((plan): CarriedVm => {
      const resource = plan.group?.name ?? plan.vm;
      const condition = resolved.resourceConditions.get(resource);
      return {
        plan,
        resource,
        ...(plan.group === undefined ? {} : { indexVar: plan.group.indexVar }),
        ...(condition === undefined ? {} : { condition: conditionOf(condition) }),
      };
    });
  }

  /** The name of a resource that is added for a vm. */
  nameOf({ resource }: CarriedVm, part?: "boot"): string {
    return this.#name(part === undefined ? `weft_${resource}` : `weft_${resource}_${part}`);
  }

  pathOf(file: string): string {
    return `${this.#options.output}.d/${file}`;
  }

  /** What hands a vm its plan. */
  carrierResource(vm: CarriedVm): JsonMap {
    const { plan, resource, indexVar, condition } = vm;
    const values = this.#values(vm);
    const own = Object.keys(values.own);
    const file = this.#add(
      `${fileName(resource)}.yaml`,
      carrierTemplate({
        planFile: this.#planFile(vm),
        generation: this.#options.generation,
        ownSlots: own,
        inGroup: indexVar !== undefined,
        runsAtDelete: runsAtDelete(plan),
      }),
    );
    const properties: JsonMap = {
      ...(indexVar === undefined
        ? { server: { get_resource: resource } }
        : { servers: { get_attr: [resource, "refs_map"] }, index: indexVar }),
      ...this.#identity(vm),
      rights: ownTexts(rightsText(plan.rights), indexVar),
      ...unlessEmpty("values", values.open),
      ...unlessEmpty("own", values.own),
      ...unlessEmpty("private", values.private),
    };
    const definition = { type: this.pathOf(file), properties };
    const conditional = condition === undefined ? {} : { condition };
    if (indexVar === undefined) return { ...definition, ...conditional };
    const group = this.#resource(resource);
    const written = group.properties?.kind === "map" ? group.properties.entries : [];
    const shared = written.filter(({ key }) => ["count", "index_var", "removal_policies", "removal_policies_mode"].includes(key));
    const copied = Object.fromEntries(shared.map(({ key, value }) => [key, writtenOf(value)]));
    return { type: "OS::Heat::ResourceGroup", ...conditional, properties: { ...copied, resource_def: definition } };
  }

  bootProperties(vm: CarriedVm): JsonMap {
    const { open: _, ...values } = this.#values(vm);
    return {
      ...this.#identity(vm),
      seal_key: { get_attr: [this.#name("weft_seal_key"), "value"] },
      hub_urls: this.#hubUrls(),
      ...(this.#options.hubServer === true ? {} : { hub_fingerprint: { get_param: this.#name("weft_hub_fingerprint") } }),
      agent_url: { get_param: this.#name("weft_agent_url") },
      ...unlessEmpty("private", values.private),
      ...this.#parts(vm),
    };
  }

  serverProperties(boot: string): JsonMap {
    return {
      user_data_format: "SOFTWARE_CONFIG",
      user_data_update_policy: "IGNORE",
      software_config_transport: "POLL_SERVER_HEAT",
      user_data: { get_attr: [boot, "user_data"] },
    };
  }

  bootFile(): string {
    return this.#add("weft.boot.yaml", bootTemplate(this.#options.digests));
  }

  memberFile({ resource }: CarriedVm): string {
    return `${fileName(resource)}.member.yaml`;
  }

  /** Writes the files of groups' members; `document` is the finished template, which says what is read of them. */
  addMemberFiles(document: unknown): void {
    for (const vm of this.vms.filter(({ indexVar }) => indexVar !== undefined)) {
      const { group } = this.#resource(vm.resource);
      const written = group?.memberProperties?.kind === "map" ? group.memberProperties.entries : [];
      const definition = findDefinition(document, vm.resource);
      this.#add(
        this.memberFile(vm),
        memberTemplate(
          {
            vm: vm.resource,
            properties: [...new Set(written.map(({ key }) => key))].filter((key) => !this.ownProperties.includes(key)),
            hasMetadata: definition["metadata"] !== undefined,
            attributes: findAttributes(document, vm.resource),
            runsAtDelete: runsAtDelete(vm.plan),
          },
          this.#options.digests,
        ),
      );
    }
  }

  /** Takes a file that get_file names along; returns how it is found from now on. */
  keepFile(name: string): string {
    const content = this.#template.files.get(name);
    // What is no text has not been read as it is.
    if (content === undefined || content.includes("\ufffd")) return name;
    return this.pathOf(this.#add(`file.${fileName(name, /[^A-Za-z0-9._-]/g)}`, content));
  }

  sharedResources(): JsonMap {
    const key = {
      type: "OS::Heat::RandomString",
      properties: { length: 64, character_classes: [{ class: "lettersdigits" }] },
    };
    const seal = { [this.#name("weft_seal_key")]: key };
    return this.#options.hubServer === true ? { ...seal, [this.#name("weft_token_key")]: key, ...this.#hubResources() } : seal;
  }

  // The hub's address is that of its port, which is there before it: no vm waits for the hub's.
  #hubResources(): JsonMap {
    const [hub, port, boot] = [this.#name("weft_hub"), this.#name("weft_hub_port"), this.#name("weft_hub_boot")];
    const parameter = (name: string): JsonMap => ({ get_param: this.#name(name) });
    const properties = {
      image: parameter("weft_hub_image"),
      flavor: parameter("weft_hub_flavor"),
      networks: [{ port: { get_resource: port } }],
      user_data_format: "RAW",
      user_data_update_policy: "IGNORE",
      user_data: { get_attr: [boot, "user_data"] },
    };
    return {
      [port]: { type: "OS::Neutron::Port", properties: { network: parameter("weft_hub_network") } },
      [boot]: {
        type: this.pathOf(this.#add("weft.hub.yaml", hubTemplate(this.#options.digests))),
        properties: { token_key: this.#tokenKey(), program_url: parameter("weft_program_url") },
      },
      [hub]: { type: "OS::Nova::Server", properties },
    };
  }

  /** Stack outputs that are added: where the hub is, for `weft status` and the like. */
  outputs(): JsonMap {
    if (this.#options.hubServer !== true) return {};
    const [url] = this.#hubUrls() as [Json];
    return { [this.#template.outputs.has("weft_hub_url") ? "weft_hub_url_" : "weft_hub_url"]: { value: url } };
  }

  #tokenKey(): JsonMap {
    const name = this.#name("weft_token_key");
    return this.#options.hubServer === true ? { get_attr: [name, "value"] } : { get_param: name };
  }

  #hubUrls(): Json {
    if (this.#options.hubServer !== true) return { get_param: this.#name("weft_hub_urls") };
    const address = { get_attr: [this.#name("weft_hub_port"), "fixed_ips", 0, "ip_address"] };
    return [{ str_replace: { template: `http://ADDRESS:${hubPort}`, params: { ADDRESS: address } } }];
  }

  parameters(): JsonMap {
    const text = (description: string): JsonMap => ({ type: "string", description });
    const agentUrl = { ...text("A folder from which vms fetch agent.cjs and node-linux-x64; empty: from a hub"), default: "" };
    if (this.#options.hubServer === true)
      return {
        [this.#name("weft_hub_image")]: text("Image of the hub's vm"),
        [this.#name("weft_hub_flavor")]: text("Flavor of the hub's vm"),
        [this.#name("weft_hub_network")]: text("Network of the hub's vm, which all vms reach"),
        [this.#name("weft_program_url")]: text(
          "A folder from which the hub fetches hub.mjs, page.html, agent.cjs and node-linux-x64",
        ),
        [this.#name("weft_agent_url")]: agentUrl,
      };
    return {
      [this.#name("weft_hub_urls")]: {
        type: "comma_delimited_list",
        description: "Base URLs of the hubs, as vms reach them: https://HOST:PORT,...",
      },
      [this.#name("weft_hub_fingerprint")]: {
        type: "string",
        default: "",
        description: "SHA-256 of the hubs' certificate; empty for one whose authority vms know",
      },
      [this.#name("weft_token_key")]: {
        type: "string",
        hidden: true,
        constraints: [{ length: { min: 16 } }],
        description: "The hubs' WEFT_TOKEN_KEY",
      },
      [this.#name("weft_agent_url")]: agentUrl,
    };
  }

  /** How many resources are added, in nested stacks too. */
  countResources(): number {
    const counts = this.vms.map(({ plan }) => {
      const inCarrier = 2 + (runsAtDelete(plan) ? 2 : 0);
      if (plan.group === undefined) return 3 + inCarrier;
      const { size } = plan.group;
      // Member, its server, and a carrier.
      return 1 + (size.kind === "value" ? Number(size.value) * (3 + inCarrier) : 0);
    });
    // And the seal key.
    return counts.reduce((sum, count) => sum + count, counts.length === 0 ? 0 : 1);
  }

  /** What stands for a stack output in which something is known at run time only. */
  outputReference(output: string): Json {
    const vm = this.vms.find(({ plan }) => Object.hasOwn(plan.outputs ?? {}, output));
    if (vm === undefined) throw new Error(`no vm tells the stack output ${output}`);
    return { get_attr: [this.nameOf(vm), vm.indexVar === undefined ? "outputs" : "resource.0.outputs", output] };
  }

  #identity({ plan, resource, indexVar }: CarriedVm): JsonMap {
    return {
      vm: indexVar === undefined ? plan.vm : `${resource}[${indexVar}]`,
      stack: { get_param: "OS::stack_id" },
      token_key: this.#tokenKey(),
    };
  }

  #planFile(vm: CarriedVm): string {
    const config = { format: identityFormat, generation: this.#options.generation, plan: vm.plan };
    return this.#add(`${fileName(vm.resource)}.plan.json`, `${JSON.stringify(config, null, 1)}\n`);
  }

  #values({ plan, indexVar }: CarriedVm): { open: JsonMap; own: JsonMap; private: JsonMap } {
    const values: { open: JsonMap; own: JsonMap; private: JsonMap } = { open: {}, own: {}, private: {} };
    for (const [slot, expr] of Object.entries(this.#options.plan.slots[plan.vm] ?? {})) {
      if (isPrivate(expr, this.#template)) values.private[slot] = hotOf(expr);
      else if (isOwnMember(expr, indexVar)) values.own[slot] = mapOfMembers(expr, this.#template.version);
      else values.open[slot] = hotOf(expr);
    }
    return values;
  }

  #parts(vm: CarriedVm): JsonMap {
    const parts = this.#resolved.userData.get(vm.resource) ?? [];
    checkBudget(vm.resource, parts, this.#resource(vm.resource), this.#template, this.#report);
    if (parts.length === 0) return {};
    const list = [
      ...parts.flatMap(({ subtype, filename, value }, index) => [
        `${index === 0 ? "" : "\n"}${partHead(subtype, filename)}`,
        writtenOf(value),
      ]),
      mimeEnd,
    ];
    return { parts: { list } };
  }

  #resource(name: string): Resource {
    return this.#template.resources.get(name) as Resource;
  }

  #add(file: string, text: string): string {
    this.files[file] = text;
    return file;
  }

  #name(wanted: string): string {
    const known = this.#names.get(wanted);
    if (known !== undefined) return known;
    let name = wanted;
    while (this.#taken.has(name)) name += "_";
    this.#taken.add(name);
    this.#names.set(wanted, name);
    return name;
  }
}

function unlessEmpty(key: string, map: JsonMap): JsonMap {
  return Object.keys(map).length === 0 ? {} : { [key]: map };
}

function isCarried(plan: VmPlan): boolean {
  return plan.roles.length > 0 || plan.facts.length > 0 || plan.outputs !== undefined;
}

function runsAtDelete(plan: VmPlan): boolean {
  return plan.roles.some(({ onDelete }) => onDelete);
}

// Heat puts the member's index in place of the variable.
function ownTexts(text: string, indexVar: string | undefined): string {
  return indexVar === undefined ? text : text.replaceAll("[self]", `[${indexVar}]`);
}

// `[group, resource.%index%, name]` of every member, by index: the variable would come too late within get_attr.
function mapOfMembers(expr: Expr, version: string): Json {
  if (expr.kind !== "attr") throw new Error("only an attribute is a member's own");
  const [member, ...path] = expr.path;
  const [, , attribute] = /^(resource\.[^.]*)(?:\.(.+))?$/s.exec(String(member)) ?? [];
  const rest = attribute === undefined ? path : [attribute, ...path];
  if (rest.length === 0) return { get_attr: [expr.resource, "refs_map"] };
  // In the first version an attribute does not see the path behind it: there it is the list over the members.
  return { get_attr: version === "2013-05-23" ? [expr.resource, ...rest] : [expr.resource, "attributes", ...rest] };
}

function findDefinition(document: unknown, group: string): { [key: string]: unknown } {
  type Level = { [key: string]: unknown } | undefined;
  const into = (value: unknown, key: string): Level => (value as Level)?.[key] as Level;
  return into(into(into(into(into(document, "resources"), group), "properties"), "resource_def"), "properties") ?? {};
}

function fileName(text: string, odd: RegExp = /[^A-Za-z0-9_-]/g): string {
  return text.replace(odd, (character) => `~${character.codePointAt(0)?.toString(16)}`);
}
