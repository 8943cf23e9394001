// The Nova of cloud-stub.ts: servers, with the limits and look-ups that Heat asks for first.
import { randomUUID } from "node:crypto";
import type { CloudMachine, CloudOptions, CloudServer, Question, Reply } from "./cloud-stub.ts";
import type { Neutron, Port } from "./cloud-neutron.ts";

/** Nova's own limit for user_data, in base64 characters. */
const maxUserData = 65_535;
const flavors = ["m1.tiny", "m1.small", "m1.medium"];

interface Wanted {
  name: string;
  imageRef?: string;
  flavorRef?: string;
  key_name?: string;
  user_data?: string;
  metadata?: Record<string, string>;
  networks?: { uuid?: string; port?: string; fixed_ip?: string }[] | "auto" | "none";
}

interface Entry {
  server: CloudServer;
  wanted: Wanted;
  ports: Port[];
  created: string;
  fault?: string;
  booting: Promise<void>;
}

export class Nova {
  readonly #url: string;
  readonly #neutron: Neutron;
  readonly #boot: CloudOptions["boot"];
  readonly #entries = new Map<string, Entry>();
  created = 0;

  constructor(url: string, neutron: Neutron, boot: CloudOptions["boot"]) {
    this.#url = url;
    this.#neutron = neutron;
    this.#boot = boot;
  }

  get servers(): CloudServer[] {
    return [...this.#entries.values()].map(({ server }) => server);
  }

  /** Removes every server. */
  async end(): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((id) => this.#remove(id)));
  }

  answer({ method, path, body }: Question): Reply | Promise<Reply> {
    const [version, kind, id, part, partId] = path;
    if (version === undefined || kind === undefined) return [200, this.#version(version)];
    if (kind === "flavors") return answerFlavors(id);
    if (kind === "os-keypairs")
      return [200, { keypair: { name: id, public_key: "ssh-ed25519 AAAA", fingerprint: "00", type: "ssh" } }];
    if (kind === "limits") return [200, { limits: { rate: [], absolute: { maxServerMeta: 128 } } }];
    if (kind === "os-availability-zone")
      return [200, { availabilityZoneInfo: [{ zoneName: "nova", zoneState: { available: true } }] }];
    if (kind !== "servers") return [404];
    if (id === undefined) return method === "POST" ? this.#create(body["server"] as Wanted) : [200, { servers: [] }];
    const entry = this.#entries.get(id);
    if (entry === undefined) return [404];
    if (part === undefined) {
      if (method === "DELETE") return this.#remove(id).then(() => [204]);
      if (method === "PUT") Object.assign(entry.server, { name: (body["server"] as Wanted).name });
      return [200, { server: this.#show(entry) }];
    }
    if (part === "os-interface") return this.#interfaces(entry, method, partId);
    if (part === "os-security-groups") return [200, { security_groups: [] }];
    if (part === "metadata") return [200, { metadata: entry.server.metadata }];
    return [404];
  }

  #create(wanted: Wanted): Reply {
    if ((wanted.user_data ?? "").length > maxUserData) return [400, "user_data is too long"];
    const id = randomUUID();
    const networks = Array.isArray(wanted.networks) ? wanted.networks : [{ uuid: this.#neutron.firstNetwork }];
    const ports = networks.map(({ uuid, port, fixed_ip }) => {
      const own = port === undefined ? undefined : this.#neutron.port(port);
      const fixed = fixed_ip === undefined ? {} : { fixed_ips: [{ ip_address: fixed_ip }] };
      return own ?? this.#neutron.makePort(uuid ?? this.#neutron.firstNetwork, fixed);
    });
    for (const port of ports) port.device_id = id;
    const server: CloudServer = {
      id,
      name: wanted.name,
      userData: Buffer.from(wanted.user_data ?? "", "base64"),
      metadata: wanted.metadata ?? {},
      address: ports[0]?.fixed_ips[0]?.ip_address ?? "",
      mac: ports[0]?.mac_address ?? "",
      status: "BUILD",
    };
    const entry: Entry = { server, wanted, ports, created: now(), booting: Promise.resolve() };
    this.#entries.set(id, entry);
    this.created++;
    entry.booting = this.#start(entry);
    return [202, { server: { id, links: [], adminPass: "none", security_groups: [] } }];
  }

  async #start(entry: Entry): Promise<void> {
    try {
      const machine: CloudMachine | undefined = await this.#boot?.(entry.server);
      if (machine !== undefined) entry.server.machine = machine;
      entry.server.status = "ACTIVE";
    } catch (error) {
      entry.fault = String(error);
      entry.server.status = "ERROR";
    }
  }

  async #remove(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    await entry.booting;
    await entry.server.machine?.[Symbol.asyncDispose]();
    for (const port of entry.ports) this.#neutron.removePort(port.id);
    this.#entries.delete(id);
  }

  // Heat takes the ports off a server before it replaces it, and waits until they are gone.
  #interfaces(entry: Entry, method: string, portId: string | undefined): Reply {
    if (method === "DELETE") {
      entry.ports = entry.ports.filter(({ id }) => id !== portId);
      const port = this.#neutron.port(portId ?? "");
      if (port !== undefined) port.device_id = "";
      return [202];
    }
    const attachments = entry.ports.map(({ id, network_id, mac_address, fixed_ips }) => ({
      port_id: id,
      net_id: network_id,
      mac_addr: mac_address,
      port_state: "ACTIVE",
      fixed_ips,
    }));
    return [200, { interfaceAttachments: attachments }];
  }

  #version(version: string | undefined): object {
    const links = [{ rel: "self", href: `${this.#url}/compute/v2.1/` }];
    const own = { id: "v2.1", status: "CURRENT", version: "2.90", min_version: "2.1", links };
    return version === undefined ? { versions: [own] } : { version: own };
  }

  #show({ server, wanted, ports, created, fault }: Entry): object {
    const addresses: Record<string, object[]> = {};
    for (const { network_id, fixed_ips, mac_address } of ports) {
      const own = (addresses[this.#neutron.networkName(network_id)] ??= []);
      const kind = { "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": mac_address };
      for (const { ip_address } of fixed_ips) own.push({ addr: ip_address, version: 4, ...kind });
    }
    return {
      id: server.id,
      name: server.name,
      status: server.status,
      created,
      updated: now(),
      metadata: server.metadata,
      key_name: wanted.key_name ?? null,
      accessIPv4: "",
      accessIPv6: "",
      addresses: server.status === "ACTIVE" ? addresses : {},
      image: { id: wanted.imageRef, links: [] },
      flavor: { id: wanted.flavorRef, links: [] },
      links: [],
      security_groups: [],
      "OS-EXT-STS:task_state": null,
      "OS-EXT-STS:vm_state": server.status.toLowerCase(),
      "os-extended-volumes:volumes_attached": [],
      ...(fault === undefined ? {} : { fault: { code: 500, message: fault } }),
    };
  }
}

function answerFlavors(id: string | undefined): Reply {
  const rows = flavors.map((name, index) => {
    const size = { ram: 512, vcpus: 1, disk: 1, swap: "", rxtx_factor: 1, "OS-FLV-EXT-DATA:ephemeral": 0 };
    const access = { "OS-FLV-DISABLED:disabled": false, "os-flavor-access:is_public": true };
    return { id: `00000000-0000-4000-8000-00000000002${index}`, name, ...size, ...access, links: [] };
  });
  if (id === undefined || id === "detail") return [200, { flavors: rows }];
  const flavor = rows.find((row) => row.id === id);
  return flavor === undefined ? [404] : [200, { flavor }];
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}
