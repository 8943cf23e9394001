// The nested templates that weft adds to a stack. They are of a version that has all functions they need, whatever the user's own is.
import type { Json } from "../../model/json.ts";
import { identityFormat } from "../../model/vm-identity.ts";
import { memberName } from "./emit-scopes.ts";
import { bootFileName, bootScript, hubScript, type ProgramDigests } from "./boot-script.ts";

/** Separates the parts of user_data. */
export const boundary = "weft-part-6b1f0c9e";

/** What stands before our part, and before each of the user's. */
export const mimeStart = `Content-Type: multipart/mixed; boundary="${boundary}"\nMIME-Version: 1.0\n\n`;

/** The head of a part of type `text/SUBTYPE`. */
export function partHead(subtype: string, filename?: string): string {
  const disposition = filename === undefined ? "" : `Content-Disposition: attachment; filename="${filename}"\n`;
  return `--${boundary}\nContent-Type: text/${subtype}; charset="utf-8"\n${disposition}\n`;
}

/** The head of our own part. */
export const bootHead: string = partHead("x-shellscript", bootFileName);

/** What ends the last part. */
export const mimeEnd = `\n--${boundary}--\n`;

const version = "heat_template_version: 2018-08-31\n";

const bootParameters = `  vm: {type: string}
  stack: {type: string}
  token_key: {type: string, hidden: true}
  seal_key: {type: string, hidden: true}
  hub_urls: {type: comma_delimited_list}
  hub_fingerprint: {type: string, default: ''}
  agent_url: {type: string}
  private: {type: json, hidden: true, default: {}}
  parts: {type: json, hidden: true, default: {list: [${JSON.stringify(mimeEnd)}]}}
`;

const bootConditions = `conditions:
  is_elsewhere: {not: {equals: [{get_param: agent_url}, '']}}
`;

/** A nested template whose output \`user_data\` is a vm's user_data: the user's own parts, and ours. */
export function bootTemplate(digests: ProgramDigests): string {
  return `${version}description: user_data of one vm, with what is private to it.
parameters:
${bootParameters}${bootConditions}resources:
  user_data: {type: OS::Heat::Value, properties: {type: string, value: ${userData(digests)}}}
outputs:
  user_data: {value: {get_attr: [user_data, value]}}
  values_digest: {value: ${valuesDigest}}
`;
}

/** A nested template whose output `user_data` makes a vm a hub. */
export function hubTemplate(digests: ProgramDigests): string {
  const script = hubScript({ tokenKey: { hot: "{get_param: token_key}" }, source: { hot: "{get_param: program_url}" } }, digests);
  return `${version}description: user_data of the hub.
parameters:
  token_key: {type: string, hidden: true}
  program_url: {type: string}
resources:
  user_data: {type: OS::Heat::Value, properties: {type: string, value: {list_join: ["", [${hotItems(script)}]]}}}
outputs:
  user_data: {value: {get_attr: [user_data, value]}}
`;
}

export interface Member {
  vm: string;
  /** Names of the server's properties, ours left out. */
  properties: string[];
  hasMetadata: boolean;
  /** Attributes of members that are read outside. */
  attributes: string[];
  /** Whether Heat makes a name for each member: then the parameter `vm` is what stands before it. */
  isNamed: boolean;
  /** Whether a role runs when a member leaves. */
  runsAtDelete: boolean;
  /** Whether the digest of what is private is needed outside. */
  tellsDigest: boolean;
}

/** The nested template of a group's member: its server. Who reads an attribute of it does not wait for its roles. */
export function memberTemplate(member: Member, digests: ProgramDigests): string {
  const properties = member.properties.map((name) => `      ${quoted(name)}: {get_param: [server, ${quoted(name)}]}\n`);
  const metadata = member.hasMetadata ? "    metadata: {get_param: metadata}\n" : "";
  const vm = member.isNamed ? `{list_join: ["", [{get_param: vm}, ${quoted(memberName)}, "]"]]}` : "{get_param: vm}";
  const outputs = member.attributes.map((name) => `  ${quoted(name)}: {value: {get_attr: [member, ${quoted(name)}]}}\n`);
  return `${version}description: One member of ${quoted(member.vm).slice(1, -1)}.
parameters:
${bootParameters}  server: {type: json, hidden: true}
${member.hasMetadata ? "  metadata: {type: json}\n" : ""}${bootConditions}resources:
  member:
    type: OS::Nova::Server
    properties:
${properties.join("")}${serverProperties}      user_data: ${userData(digests, vm)}
${metadata}${member.runsAtDelete ? deleteDeployment("{get_resource: member}") : ""}outputs:
  OS::stack_id: {value: {get_resource: member}}
${member.tellsDigest ? `  values_digest: {value: ${valuesDigest}}\n` : ""}${outputs.join("")}`;
}

const serverProperties = `      user_data_format: SOFTWARE_CONFIG
      user_data_update_policy: IGNORE
      software_config_transport: POLL_SERVER_HEAT
`;

export interface Carrier {
  /** The id of the vm, `app[*]` of any member of a group. */
  vm: string;
  /** Name of the file with what the deployment's config holds. */
  planFile: string;
  generation: string;
  /** The text of its rights. */
  rights: string;
  /** Whom one such template serves: a vm, one member of a group that it is given the index of, all members of one, or those of groups within groups. */
  serves: "vm" | "member" | "group" | "groups";
  /** How many lists around each other hold the list of the servers of groups within groups. */
  depth: number;
  /** Whether what is served may be missing, as the parameter `present` says: "yes", or of a group's members a map by number. */
  isUnsure: boolean;
  /** Whether a role of the vm runs when it leaves, and nothing beside its server sees to that. */
  runsAtDelete: boolean;
  /** Whether the digest of what is private comes from where user_data is made; of a group by the members' indexes. */
  hasDigest: boolean;
  /** Which member of a group tells Heat the stack outputs: the one of this number, or the first; absent: all do, or there are none. */
  teller?: number | "first";
}

/** The nested template that hands one vm, or all members of a group, the plan and waits until their roles have ended. */
export function carrierTemplate(carrier: Carrier): string {
  const { serves, isUnsure } = carrier;
  const isMember = serves === "member";
  const isGroup = serves === "group" || serves === "groups";
  const ofMember = (name: string): string => `{get_param: [${name}, {get_param: index}]}`;
  const server = isMember ? ofMember("servers") : "{get_param: server}";
  const digestParameter = carrier.hasDigest
    ? `  values_digest: {type: ${serves === "vm" ? "string" : "json"}}\n`
    : "  private: {type: json, hidden: true, default: {}}\n";
  const given = isMember ? ofMember("values_digest") : "{get_param: values_digest}";
  const digest = carrier.hasDigest ? given : valuesDigest;
  let list = "{get_param: servers}";
  for (let level = 0; level < carrier.depth; level++) list = `{list_concat: ${list}}`;
  // While Heat only validates, nothing is known of the servers.
  const ofList = (value: string, otherwise: string): string => `{if: [has_servers, ${value}, ${otherwise}]}`;
  const byId = `{map_merge: {repeat: {for_each: {"%id%": ${list}}, template: {"%id%": "%id%"}}}}`;
  const servers = serves === "groups" ? ofList(byId, "{}") : "{get_param: servers}";
  const [type, target] = isGroup
    ? ["OS::Heat::SoftwareDeploymentGroup", `servers: ${servers}`]
    : ["OS::Heat::SoftwareDeployment", `server: ${server}`];
  const conditions = [
    ...(isUnsure ? [`is_there: {equals: [${isMember ? ofMember("present") : "{get_param: present}"}, "yes"]}`] : []),
    ...(serves === "groups" ? ["has_servers: {not: {equals: [{get_param: servers}, {}]}}"] : []),
  ];
  const presence = `${isUnsure ? `  present: {type: ${isMember ? "json" : "string"}}\n` : ""}${conditions.length === 0 ? "" : `conditions: {${conditions.join(", ")}}\n`}`;
  const conditional = isUnsure ? "    condition: is_there\n" : "";
  const ifThere = (value: string, otherwise: string): string => (isUnsure ? `{if: [is_there, ${value}, ${otherwise}]}` : value);
  const first =
    serves === "groups"
      ? ofList(firstOf(list), '""')
      : firstOf(`{repeat: {template: "%member%", for_each: {"%member%": ${servers}}}}`);
  const teller = carrier.teller === "first" ? first : quoted(String(carrier.teller));
  const told = isGroup ? `{get_attr: [run, outputs, ${teller}]}` : ifThere("{get_attr: [run, outputs]}", "{}");
  const outputs = [
    ...(isGroup ? [] : [`  OS::stack_id: {value: ${ifThere(server, '""')}}\n`]),
    ...(isGroup && carrier.teller === undefined ? [] : [`  outputs: {value: ${told}}\n`]),
  ];
  return `${version}description: Hands ${isGroup ? "the members of a group" : "one vm"} a plan, and is complete when its roles are.
parameters:
${serves === "vm" ? "  server: {type: string}\n" : "  servers: {type: json}\n"}${isMember ? "  index: {type: string}\n" : ""}  stack: {type: string}
  token_key: {type: string, hidden: true}
  values: {type: json, default: {}}
${digestParameter}${presence}resources:
  plan:
    type: OS::Heat::SoftwareConfig
${conditional}    properties:
      group: weft
      config: {get_file: ${quoted(carrier.planFile)}}
      outputs:
        - {name: outputs, type: Json}
        - {name: error, type: String, error_output: true}
  run:
    type: ${type}
${conditional}    properties:
      name: weft
      config: {get_resource: plan}
      ${target}
      actions: [CREATE, UPDATE]
      signal_transport: HEAT_SIGNAL
      input_values:
        weft_tag: ${nestedDigest(["rights", "{get_param: stack}", quoted(carrier.vm), quoted(carrier.generation), quoted(carrier.rights)])}
        weft_values: {get_param: values}
        weft_values_digest: ${digest}
${carrier.teller === undefined ? "" : `        weft_teller: ${teller}\n`}${carrier.runsAtDelete ? deleteDeployment(server) : ""}${outputs.length === 0 ? "" : `outputs:\n${outputs.join("")}`}`;
}

// The first text of a list; "" of an empty one. yaql takes no more than 200.
function firstOf(list: string): string {
  return `{str_split: [",", {list_join: [",", ${list}]}, 0]}`;
}

/** The nested template that has the stack outputs that several carriers may have: all the same, or none. */
export const toldTemplate: string = `${version}description: The stack outputs that one of several carriers has.
parameters:
  told: {type: json}
outputs:
  outputs: {value: {map_merge: {get_param: [told, all]}}}
`;

/** Resources, as YAML: what runs roles when `server` leaves. It waits for nothing when it is created. What runs is what the vm was told last. */
export function deleteDeployment(server: string, configName = "at_delete", name = "delete"): string {
  return `  ${configName}:
    type: OS::Heat::SoftwareConfig
    properties: {group: weft, config: '{}', outputs: [{name: error, type: String, error_output: true}]}
  ${name}:
    type: OS::Heat::SoftwareDeployment
    properties:
      name: weft_delete
      config: {get_resource: ${configName}}
      server: ${server}
      actions: [DELETE]
      signal_transport: HEAT_SIGNAL
`;
}

/** The values that may stand in no deployment, as a digest: a vm that was told others cannot go on. */
const valuesDigest = nestedDigest(["values", "{get_param: private}"]);

// As in hub/tokens.ts. Heat's digest takes nothing that is not known yet; a list_join around it does.
function nestedDigest(texts: string[]): string {
  const inner = `{digest: [sha256, {list_join: [/, [{get_param: token_key}, ${texts.join(", ")}]]}]}`;
  return `{digest: [sha256, {list_join: [/, [{get_param: token_key}, ${inner}]]}]}`;
}

/** user_data as an expression for Heat. */
function userData(digests: ProgramDigests, vm = "{get_param: vm}"): string {
  const runtime = Object.entries(digests.runtime).map(([arch, digest]) => `${arch}: ${program(`node-linux-${arch}`, digest)}`);
  // A map in a list_join becomes JSON.
  const identity = `{format: ${identityFormat}, stack: {get_param: stack}, vm: ${vm}, hubs: {get_param: hub_urls}, hubFingerprint: {get_param: hub_fingerprint}, token: ${nestedDigest(["vm", "{get_param: stack}", vm])}, sealKey: {get_param: seal_key}, carrier: {kind: heat}, program: ${program("agent.cjs", digests.agent)}, runtime: {${runtime.join(", ")}}, values: {get_param: private}, valuesDigest: ${valuesDigest}}`;
  const sources = `{list_join: ["", [{if: [is_elsewhere, {list_join: ["", [{get_param: agent_url}, "\\n"]]}, ""]}, {list_join: ["/agent\\n", {get_param: hub_urls}]}, "/agent"]]}`;
  const script = bootScript({ identity: { hot: identity }, sources: { hot: sources } }, digests);
  return `{list_join: ["", [${hotItems([mimeStart, bootHead, ...script, "\n"])}], {get_param: [parts, list]}]}`;
}

function hotItems(items: (string | { hot: string })[]): string {
  return items.map((item) => (typeof item === "string" ? quoted(item) : item.hot)).join(", ");
}

function program(file: string, digest: string): string {
  return `{sha256: ${quoted(digest)}, url: {if: [is_elsewhere, {list_join: [/, [{get_param: agent_url}, ${file}]]}, ""]}}`;
}

function quoted(text: Json): string {
  return JSON.stringify(text);
}
