// The Neutron of cloud-stub.ts: two networks over one subnet, and ports with addresses of it.
import { randomUUID } from "node:crypto";
import type { Question, Reply } from "./cloud-stub.ts";

export interface Port {
  id: string;
  network_id: string;
  mac_address: string;
  device_id: string;
  fixed_ips: { ip_address: string; subnet_id: string }[];
  [field: string]: unknown;
}

type Row = Record<string, unknown> & { id: string };

const project = "0".repeat(32);
const subnetId = "00000000-0000-4000-8000-000000000100";

export class Neutron {
  readonly #url: string;
  readonly #subnet: string;
  readonly #rows: Record<string, Map<string, Row>>;
  readonly #taken = new Set<number>();

  constructor(url: string, subnet: string) {
    this.#url = url;
    this.#subnet = subnet;
    const networks = ["private", "public"].map((name, index) => makeNetwork(`00000000-0000-4000-8000-00000000001${index}`, name));
    const own = { id: subnetId, name: "private-subnet", network_id: networks[0]?.id, cidr: `${subnet}.0/24`, ip_version: 4 };
    const rest = { gateway_ip: `${subnet}.1`, enable_dhcp: true, dns_nameservers: [], host_routes: [], allocation_pools: [] };
    this.#rows = {
      networks: new Map(networks.map((network) => [network.id, network])),
      subnets: new Map([[subnetId, { ...own, ...rest, project_id: project }]]),
      ports: new Map(),
      "security-groups": new Map(),
      floatingips: new Map(),
    };
  }

  /** The network's name, under which Nova lists addresses. */
  networkName(id: string): string {
    const name = this.#rows["networks"]?.get(id)?.["name"];
    return typeof name === "string" ? name : "private";
  }

  get firstNetwork(): string {
    return [...(this.#rows["networks"]?.keys() ?? [])][0] as string;
  }

  port(id: string): Port | undefined {
    return this.#rows["ports"]?.get(id) as Port | undefined;
  }

  makePort(networkId: string, fields: Record<string, unknown> = {}): Port {
    const host = this.#freeHost();
    const wanted = (fields["fixed_ips"] as { ip_address?: string }[] | undefined)?.[0]?.ip_address;
    const port: Port = {
      name: "",
      status: "ACTIVE",
      admin_state_up: true,
      device_owner: "",
      project_id: project,
      security_groups: [],
      allowed_address_pairs: [],
      ...fields,
      id: randomUUID(),
      network_id: networkId,
      device_id: "",
      mac_address: `fa:16:3e:00:00:${host.toString(16).padStart(2, "0")}`,
      fixed_ips: [{ ip_address: wanted ?? `${this.#subnet}.${host}`, subnet_id: subnetId }],
    };
    this.#rows["ports"]?.set(port.id, port);
    return port;
  }

  removePort(id: string): void {
    const address = this.port(id)?.fixed_ips[0]?.ip_address;
    this.#rows["ports"]?.delete(id);
    this.#taken.delete(Number(address?.split(".").at(-1)));
  }

  answer({ method, path, query, body }: Question): Reply {
    const [version, kind = "", id] = path;
    if (version === undefined)
      return [
        200,
        { versions: [{ id: "v2.0", status: "CURRENT", links: [{ rel: "self", href: `${this.#url}/network/v2.0/` }] }] },
      ];
    if (kind === "extensions") return [200, { extensions: [] }];
    const rows = this.#rows[kind];
    if (rows === undefined) return [404];
    const plural = kind.replaceAll("-", "_");
    const single = plural.replace(/s$/, "");
    const fields = body[single] as Record<string, unknown>;
    if (method === "POST") {
      const made = kind === "ports" ? this.makePort(String(fields["network_id"]), fields) : { ...fields, id: randomUUID() };
      if (kind === "security-groups") Object.assign(made, { security_group_rules: [] });
      rows.set(made.id, made);
      return [201, { [single]: made }];
    }
    if (id === undefined) return [200, { [plural]: [...rows.values()].filter((row) => fits(row, query)) }];
    const row = rows.get(id);
    if (row === undefined) return [404];
    if (method === "DELETE") {
      if (kind === "ports") this.removePort(id);
      rows.delete(id);
      return [204];
    }
    if (method === "PUT") Object.assign(row, fields);
    return [200, { [single]: row }];
  }

  // An address is given again as late as possible: what is late for an old server must not reach a new one.
  #freeHost(): number {
    const start = Math.max(9, ...this.#taken);
    for (let step = 1; step <= 240; step++) {
      const host = 10 + ((start - 9 + step - 1) % 240);
      if (this.#taken.has(host)) continue;
      this.#taken.add(host);
      return host;
    }
    throw new Error("the subnet is full");
  }
}

function makeNetwork(id: string, name: string): Row {
  const external = name === "public";
  const rest = { status: "ACTIVE", shared: true, admin_state_up: true, mtu: 1500, project_id: project };
  return { id, name, subnets: external ? [] : [subnetId], "router:external": external, ...rest };
}

// Neutron's filters: every parameter but these is a field and its value.
function fits(row: Row, query: URLSearchParams): boolean {
  const names = [...new Set(query.keys())].filter(
    (name) => !["fields", "limit", "marker", "sort_key", "sort_dir"].includes(name),
  );
  return names.every((name) => query.getAll(name).includes(String(row[name])));
}
