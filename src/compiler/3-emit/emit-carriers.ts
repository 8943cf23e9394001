// What Heat gets for each vm beside the user's template: its user_data, made by one nested template, and its plan, handed over by another.
// Over 300 lines: names, files, parameters and resources that are added have to agree with each other, and do here.
import type { Report } from "../../diagnostics/diagnostic.ts";
import { anyMember, memberNumbers, withoutIndexes } from "../../model/cell.ts";
import { rightsText } from "../../model/rights-text.ts";
import type { Expr } from "../../model/expression.ts";
import type { Json, JsonMap } from "../../model/json.ts";
import type { ResolvedTemplate } from "../../model/resolved.ts";
import type { Resource } from "../../model/template.ts";
import { levelsOf, type VmPlan } from "../../model/vm-plan.ts";
import { identityFormat } from "../../model/vm-identity.ts";
import { isPrivate, prefixesIn } from "./bind-values.ts";
import { checkBudget } from "./check-budget.ts";
import { findAttributes } from "./find-attributes.ts";
import { hubPort } from "./boot-script.ts";
import { type EmitScope, isInScalingGroup, joined, localCondition, localHot, membersKey, scopeAt } from "./emit-scopes.ts";
import {
  bootTemplate,
  type Carrier,
  carrierTemplate,
  hubTemplate,
  memberTemplate,
  mimeEnd,
  partHead,
  toldTemplate,
} from "./heat-files.ts";
import { writtenOf } from "./hot-values.ts";
import { conditionsOf, innermost, isUnsure, liftServers, liftSure, ofMembers } from "./lift-values.ts";
import type { HotOptions } from "./prepare-hot.ts";
import { reasonNotDelivered, runsAtDelete } from "./not-delivered.ts";
import { folderOf, isElsewhere, relativePath } from "./relative-path.ts";

export interface CarriedVm {
  plan: VmPlan;
  /** `outer/app` */
  resource: string;
  /** The template that it stands in, and its resource there. */
  scope: EmitScope;
  own: Resource;
  /** Of a member of a group, be it in a nested stack: what stands for its number. Members of an AutoScalingGroup have names, of Heat's making. */
  indexVar?: string;
  isNamed: boolean;
  /** Its condition as its own template knows it. */
  ownCondition?: Json;
  /** That of what stands for it in the stack's own template. */
  condition?: Json;
  /** Whether it may be missing where that is there, and its carrier is there all the same. */
  isUnsure: boolean;
  /** Whom one carrier serves. */
  serves: Carrier["serves"];
  /** Of a group with stack outputs to tell: the member that does; without, all do. */
  teller?: number | "first";
}

/** Makes the resources, parameters and nested files of a stack; names are such that they meet none of the user's. */
export class Carriers {
  /** Vms with something to do. */
  readonly vms: CarriedVm[];
  readonly files: Record<string, string> = {};
  /** Properties of a server that weft sets itself. */
  readonly ownProperties: readonly string[] = Object.keys(this.serverProperties(""));
  readonly #scopes: ReadonlyMap<string, EmitScope>;
  readonly #root: EmitScope;
  readonly #resolved: ResolvedTemplate;
  readonly #options: HotOptions;
  readonly #report: Report;

  constructor(scopes: ReadonlyMap<string, EmitScope>, resolved: ResolvedTemplate, options: HotOptions, report: Report) {
    this.#scopes = scopes;
    this.#root = scopeAt("", scopes);
    this.#resolved = resolved;
    this.#options = options;
    this.#report = report;
    this.vms = options.plan.vms.filter(isCarried).flatMap((plan) => this.#carried(plan) ?? []);
  }

  #carried(plan: VmPlan): CarriedVm | undefined {
    const resource = withoutIndexes(plan.vm);
    const end = resource.lastIndexOf("/") + 1;
    const scope = scopeAt(resource.slice(0, end), this.#scopes);
    const own = scope.template.resources.get(resource.slice(end)) as Resource;
    const reason = reasonNotDelivered(plan, this.#options.plan.slots[plan.vm] ?? {}, scope, own, this.#resolved);
    if (reason !== undefined) {
      this.#report.add("not-delivered", own.span, { vm: plan.vm, reason });
      return undefined;
    }
    const { resourceConditions } = this.#resolved;
    const condition = localCondition(resource.split("/", 1)[0] as string, resourceConditions);
    const ownCondition = localCondition(resource, resourceConditions);
    const indexVar = plan.group?.indexVar;
    const isNamed = isInScalingGroup(scope, own);
    // A group that is not there has no members.
    const mayBeMissing = own.group === undefined && isUnsure({ scope, ownCondition });
    // Of named members one may be missing: a map of them would have it, a list has not.
    const isListed = plan.outer !== undefined || (isNamed && mayBeMissing);
    const serves = isListed ? "groups" : indexVar === undefined ? "vm" : isNamed ? "group" : "member";
    const mayServeNone = mayBeMissing && !isListed;
    const teller = serves === "member" ? memberNumbers(1, plan.group?.skip)[0] : "first";
    return {
      plan,
      resource,
      scope,
      own,
      ...(indexVar === undefined ? {} : { indexVar }),
      isNamed,
      ...(ownCondition === undefined ? {} : { ownCondition }),
      ...(condition === undefined ? {} : { condition }),
      isUnsure: mayServeNone,
      serves,
      ...(plan.outputs === undefined || serves === "vm" || mayServeNone || teller === undefined ? {} : { teller }),
    };
  }

  /** The name of the resource that hands a vm its plan, in the stack's own template. */
  nameOf({ resource }: CarriedVm): string {
    // It is a nested stack, whose name Heat lets have no other characters.
    return this.#root.names.get(`weft_${resource.replace(/[^A-Za-z0-9_.-]/g, ".")}`, resource);
  }

  /** The name of the resource that has what one of several carriers does, in the stack's own template. */
  toldNameOf({ resource }: CarriedVm): string {
    return this.#root.names.get(`weft_${resource.replace(/[^A-Za-z0-9_.-]/g, ".")}_outputs`, `outputs of ${resource}`);
  }

  /** The name of a resource beside a vm: what makes its user_data, or what runs when it leaves. */
  nameBeside({ scope, own }: CarriedVm, what: "boot" | "at_delete" | "delete"): string {
    return scope.names.get(`weft_${own.name.replace(/[^A-Za-z0-9_.-]/g, ".")}_${what}`, `${what} of ${own.name}`);
  }

  /** How a template names a file of ours: in their folder they lie side by side. */
  pathFrom({ parent }: EmitScope, file: string): string {
    return parent === undefined ? `${this.#options.output}.d/${file}` : file;
  }

  /** What hands a vm its plan. */
  carrierResource(vm: CarriedVm): JsonMap {
    const { plan, resource, scope, own: server, indexVar, condition, serves } = vm;
    const index = serves === "member" ? indexVar : undefined;
    const file = this.#add(
      `${fileName(resource)}.yaml`,
      carrierTemplate({
        vm: anyMember(plan.vm),
        planFile: this.#planFile(vm),
        generation: this.#options.generation,
        rights: rightsText(plan.rights),
        isUnsure: vm.isUnsure,
        serves,
        depth: levelsOf(plan).length - (server.group === undefined ? 0 : 1),
        runsAtDelete: runsAtDelete(plan) && server.group === undefined && scope.parent === undefined,
        hasDigest: scope.parent !== undefined && this.#private(vm) !== undefined,
        ...(vm.teller === undefined ? {} : { teller: vm.teller }),
      }),
    );
    // Of a group in a nested stack its map comes up, of a stack in a group the map is made on the way.
    const ids =
      serves === "groups"
        ? liftServers(vm, server)
        : server.group === undefined
          ? liftSure(vm, { get_resource: server.name }, "")
          : liftSure(vm, { get_attr: [server.name, "refs_map"] }, {});
    const properties: JsonMap = {
      ...(indexVar === undefined ? { server: ids } : { servers: ids }),
      ...(index === undefined ? {} : { index }),
      ...(vm.isUnsure ? { present: liftSure(vm, "yes", "") } : {}),
      ...this.#keys(this.#root),
      ...unlessEmpty("values", this.#values(vm)),
      ...this.#privateOfCarrier(vm),
    };
    const definition = { type: this.pathFrom(this.#root, file), properties };
    const conditional = condition === undefined ? {} : { condition };
    if (index === undefined) return { ...definition, ...conditional };
    return {
      type: "OS::Heat::ResourceGroup",
      ...conditional,
      properties: { ...this.#groupProperties(vm), resource_def: definition },
    };
  }

  // As many members as the vm's own group has, with the same numbers.
  #groupProperties({ plan, scope, own }: CarriedVm): JsonMap {
    if (scope.parent === undefined) {
      const written = own.properties?.kind === "map" ? own.properties.entries : [];
      const shared = written.filter(({ key }) =>
        ["count", "index_var", "removal_policies", "removal_policies_mode"].includes(key),
      );
      return Object.fromEntries(shared.map(({ key, value }) => [key, writtenOf(value)]));
    }
    if (plan.group === undefined) throw new Error(`${plan.vm} is in no group`);
    const { name, indexVar, skip } = plan.group;
    const removed = skip === undefined ? {} : { removal_policies: [{ resource_list: skip.map(String) }] };
    return { count: this.#countOf(withoutIndexes(name)), index_var: indexVar, ...removed };
  }

  #countOf(group: string): Json {
    const size = this.#resolved.sizes.get(group);
    if (size === undefined) throw new Error(`${group} is no group`);
    const scope = scopeAt(group.slice(0, group.lastIndexOf("/") + 1), this.#scopes);
    const ownCondition = localCondition(group, this.#resolved.resourceConditions);
    return isUnsure({ scope, ownCondition }) ? liftSure({ scope, ownCondition }, localHot(size), 0) : this.#atRoot(size);
  }

  bootProperties(vm: CarriedVm): JsonMap {
    const { scope, own } = vm;
    // The member of an AutoScalingGroup adds its name.
    const here = own.group === undefined ? own.name : `${own.name}[${own.group.indexVar ?? ""}`;
    const isNumbered = own.group?.indexVar !== undefined;
    const seal: Json = { get_attr: [this.#name("weft_seal_key"), "value"] };
    const id = joined(scope.idPrefix(), isNumbered ? `${here}]` : here);
    const parameter = (name: string): Json => ({ get_param: this.#name(name) });
    return {
      vm: id,
      ...this.#keys(scope),
      seal_key: scope.bring("weft_seal_key", seal, { hidden: true }),
      hub_urls: scope.bring("weft_hub_urls", this.#hubUrls(), { type: "comma_delimited_list" }),
      ...(this.#options.hubServer === true
        ? {}
        : { hub_fingerprint: scope.bring("weft_hub_fingerprint", parameter("weft_hub_fingerprint")) }),
      agent_url: scope.bring("weft_agent_url", parameter("weft_agent_url")),
      ...this.#private(vm),
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

  /** What such a resource is made of. */
  toldFile(): string {
    return this.pathFrom(this.#root, this.#add("weft.outputs.yaml", toldTemplate));
  }

  memberFile({ resource }: CarriedVm): string {
    return `${fileName(resource)}.member.yaml`;
  }

  /** Writes the files of a template's groups of vms; `finished` gives the finished template, which says what is read of them. */
  addMemberFiles(scope: EmitScope, finished: () => unknown): void {
    const groups = this.vms.filter((one) => one.scope === scope && one.own.group !== undefined);
    const document = groups.length === 0 ? undefined : finished();
    for (const vm of groups) {
      const { memberProperties } = vm.own.group ?? {};
      const written = memberProperties?.kind === "map" ? memberProperties.entries : [];
      const definition = findDefinition(document, vm.own.name);
      this.#add(
        this.memberFile(vm),
        memberTemplate(
          {
            vm: vm.resource,
            properties: [...new Set(written.map(({ key }) => key))].filter((key) => !this.ownProperties.includes(key)),
            hasMetadata: definition["metadata"] !== undefined,
            attributes: findAttributes(document, vm.own.name).filter((name) => name !== "values_digest"),
            isNamed: vm.own.group?.kind === "AutoScalingGroup",
            runsAtDelete: runsAtDelete(vm.plan),
            tellsDigest: scope.parent !== undefined && this.#private(vm) !== undefined,
          },
          this.#options.digests,
        ),
      );
    }
  }

  /** Writes a nested template. */
  addTemplate(scope: EmitScope, text: string): void {
    this.#add(this.templateFile(scope), text);
  }

  templateFile({ plain }: EmitScope): string {
    return `${fileName(plain.slice(0, -1))}.yaml`;
  }

  /** Takes a file that get_file names along; returns how it is found from now on. */
  keepFile(scope: EmitScope, name: string): string {
    const content = scope.template.files.get(name);
    const isNested = scope.parent !== undefined;
    const home = folderOf(this.#root.template.file);
    const path = isElsewhere(name) ? name : folderOf(scope.template.file) + name;
    // What is no text has not been read as it is; it stays where it is.
    if (content === undefined || content.includes("\ufffd"))
      return isNested && !isElsewhere(name) ? relativePath(`${home}${this.#options.output}.d/`, path) : name;
    const kept = isNested ? relativePath(home, path) : name;
    return this.pathFrom(scope, this.#add(`file.${fileName(kept, /[^A-Za-z0-9._-]/g)}`, content));
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
        type: this.pathFrom(this.#root, this.#add("weft.hub.yaml", hubTemplate(this.#options.digests))),
        properties: { token_key: this.#tokenKey(), program_url: parameter("weft_program_url") },
      },
      [hub]: { type: "OS::Nova::Server", properties },
    };
  }

  /** Stack outputs that are added: where the hub is, for `weft status` and the like. */
  outputs(): JsonMap {
    if (this.#options.hubServer !== true) return {};
    const [url] = this.#hubUrls() as [Json];
    return { [this.#root.template.outputs.has("weft_hub_url") ? "weft_hub_url_" : "weft_hub_url"]: { value: url } };
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

  #keys(scope: EmitScope): JsonMap {
    return {
      stack: scope.bring("weft_stack", { get_param: "OS::stack_id" }),
      token_key: scope.bring("weft_token_key", this.#tokenKey(), { hidden: true }),
    };
  }

  #planFile(vm: CarriedVm): string {
    const file = `${fileName(vm.resource)}.plan.json`;
    if (this.#options.measureOnly === true) return file;
    const config = { format: identityFormat, generation: this.#options.generation, plan: vm.plan };
    return this.#add(file, `${JSON.stringify(config, null, 1)}\n`);
  }

  // What a deployment may show to the other vms.
  #values(vm: CarriedVm): JsonMap {
    const { plan } = vm;
    const slots = Object.entries(this.#options.plan.slots[plan.vm] ?? {});
    const open = slots.filter(([, expr]) => !isPrivate(expr, this.#resolved.scopes));
    return Object.fromEntries(open.map(([slot, expr]) => [slot, this.#atRoot(expr, vm.condition)]));
  }

  // What is private comes with user_data; undefined where nothing is.
  #private({ plan, scope }: CarriedVm): { private: JsonMap } | undefined {
    const slots = Object.entries(this.#options.plan.slots[plan.vm] ?? {});
    const secret = slots.filter(([, expr]) => isPrivate(expr, this.#resolved.scopes));
    if (secret.length === 0) return undefined;
    const entries = secret.map(([slot, expr]): [string, Json] => {
      const from = this.#scopeOf(expr);
      if (from === scope) return [slot, localHot(expr)];
      // A parameter of the type that takes all, for a value of any.
      const name = `weft_private_${plan.vm}_${slot}`.replace(/[^A-Za-z0-9_]/g, "_");
      const brought = scope.bring(name, { value: localHot(expr) }, { type: "json", hidden: true }, from);
      return [slot, { get_param: [(brought as { get_param: string }).get_param, "value"] }];
    });
    return { private: Object.fromEntries(entries) };
  }

  // An output would show it: out of a nested stack comes its digest only.
  #privateOfCarrier(vm: CarriedVm): JsonMap {
    const own = this.#private(vm);
    if (own === undefined || vm.scope.parent === undefined) return own ?? {};
    const { own: server } = vm;
    const digest: Json =
      server.group === undefined
        ? { get_attr: [this.nameBeside(vm, "boot"), "values_digest"] }
        : { get_attr: [server.name, membersKey(server), "values_digest"] };
    return { values_digest: liftSure(vm, digest, "") };
  }

  // As the stack's own template has it; null where a resource that it names is not there. That of `known` is.
  #atRoot(expr: Expr, known?: Json): Json {
    const { item, index } = innermost(expr);
    const scope = this.#scopeOf(item);
    const conditions = conditionsOf(item, this.#resolved.resourceConditions);
    const unsure = conditions.filter((one) => scope.parent !== undefined || JSON.stringify(one) !== JSON.stringify(known));
    const value = unsure.reduce<Json>((inner, one) => ({ if: [one, inner, null] }), ofMembers(item, index, scope));
    return scope.lift(value, null);
  }

  #scopeOf(expr: Expr): EmitScope {
    return scopeAt([...prefixesIn(expr)][0] ?? "", this.#scopes);
  }

  #parts(vm: CarriedVm): JsonMap {
    const parts = this.#resolved.userData.get(vm.resource) ?? [];
    checkBudget(vm.resource, parts, vm.own, vm.scope.template, this.#report);
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

  #add(file: string, text: string): string {
    this.files[file] = text;
    return file;
  }

  #name(wanted: string): string {
    return this.#root.names.get(wanted);
  }
}

function unlessEmpty(key: string, map: JsonMap): JsonMap {
  return Object.keys(map).length === 0 ? {} : { [key]: map };
}

function isCarried(plan: VmPlan): boolean {
  return plan.roles.length > 0 || plan.facts.length > 0 || plan.outputs !== undefined;
}

function findDefinition(document: unknown, group: string): { [key: string]: unknown } {
  type Level = { [key: string]: unknown } | undefined;
  const into = (value: unknown, key: string): Level => (value as Level)?.[key] as Level;
  const properties = into(into(into(document, "resources"), group), "properties");
  return into(into(properties, "resource_def") ?? into(properties, "resource"), "properties") ?? {};
}

function fileName(text: string, odd: RegExp = /[^A-Za-z0-9_-]/g): string {
  return text.replace(odd, (character) => `~${character.codePointAt(0)?.toString(16)}`);
}
