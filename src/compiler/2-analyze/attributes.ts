// Attributes of the resource types that roles refer to most. A type that is not here may have any attribute: Heat will judge.

// Source: attributes_schema of the resource classes in heat/engine/resources, Heat 19 to 24.
const attributesByType: Record<string, readonly string[]> = {
  "OS::Heat::RandomString": ["value"],
  "OS::Heat::Value": ["value"],
  "OS::Neutron::FloatingIP": [
    "fixed_ip_address",
    "floating_ip_address",
    "floating_network_id",
    "port_id",
    "router_id",
    "tenant_id",
  ],
  "OS::Neutron::Net": [
    "admin_state_up",
    "l2_adjacency",
    "mtu",
    "name",
    "port_security_enabled",
    "qos_policy_id",
    "segments",
    "status",
    "subnets",
    "tenant_id",
  ],
  "OS::Neutron::Port": [
    "admin_state_up",
    "allowed_address_pairs",
    "device_id",
    "device_owner",
    "dns_assignment",
    "fixed_ips",
    "mac_address",
    "name",
    "network",
    "network_id",
    "port_security_enabled",
    "propagate_uplink_status",
    "qos_policy_id",
    "security_groups",
    "status",
    "subnets",
    "tenant_id",
  ],
  "OS::Neutron::Subnet": [
    "allocation_pools",
    "cidr",
    "dns_nameservers",
    "enable_dhcp",
    "gateway_ip",
    "host_routes",
    "ip_version",
    "name",
    "network_id",
    "tenant_id",
  ],
  "OS::Nova::Server": [
    "accessIPv4",
    "accessIPv6",
    "addresses",
    "console_urls",
    "first_address",
    "instance_name",
    "name",
    "networks",
    "os_collect_config",
    "tags",
  ],
};

/** Attributes of an OS::Heat::ResourceGroup, beside those of its members. */
export const groupAttributes: readonly string[] = ["attributes", "refs", "refs_map", "removed_rsrc_list", "show"];

/** Returns the attributes of a resource type, `show` (which every resource has) among them; undefined for a type we do not know. */
export function attributesOf(type: string): readonly string[] | undefined {
  const own = Object.hasOwn(attributesByType, type) ? attributesByType[type] : undefined;
  return own === undefined ? undefined : [...own, "show"];
}
