// The configuration of a Keystone and a Heat for tests. Each setting that is here matters: without it the servers do not start, hang, or
// guests cannot reach them.

/** Where everything is: ports are all on `address`. */
export interface HeatPlan {
  folder: string;
  address: string;
  ports: { keystone: number; heat: number; cfn: number; cloud: number };
  password: string;
}

type Ini = Record<string, Record<string, string | number | boolean>>;

/** The URL of Keystone, without a version. */
export function keystoneUrl({ address, ports }: HeatPlan): string {
  return `http://${address}:${ports.keystone}`;
}

export function keystoneSettings({ folder }: HeatPlan): string {
  return writeIni({
    DEFAULT: { log_file: `${folder}/keystone.log` },
    database: database(folder, "keystone"),
    // One process asks and answers: what it has looked up it need not look up again.
    cache: { enabled: true, backend: "dogpile.cache.memory" },
    catalog: { driver: "templated", template_file: `${folder}/catalog` },
    // Safe passwords would take a third of a second each.
    identity: { password_hash_rounds: 4 },
    fernet_tokens: { key_repository: `${folder}/fernet` },
    credential: { key_repository: `${folder}/credential` },
    token: { expiration: 86_400 },
  });
}

/** What there is in this cloud, and where. */
export function catalogText({ address, ports }: HeatPlan): string {
  const at = (port: number, path: string): string => `http://${address}:${port}${path}`;
  const services: [string, string, string][] = [
    ["keystone", "identity", at(ports.keystone, "/v3")],
    ["heat", "orchestration", at(ports.heat, "/v1/$(project_id)s")],
    ["heat-cfn", "cloudformation", at(ports.cfn, "/v1")],
    ["nova", "compute", at(ports.cloud, "/compute/v2.1")],
    ["glance", "image", at(ports.cloud, "/image")],
    ["neutron", "network", at(ports.cloud, "/network")],
  ];
  const lines = services.flatMap(([name, type, url]) => [
    `catalog.RegionOne.${type}.name = ${name}`,
    ...["public", "internal", "admin"].map((kind) => `catalog.RegionOne.${type}.${kind}URL = ${url}`),
  ]);
  return `${lines.join("\n")}\n`;
}

export function heatSettings(plan: HeatPlan): string {
  const { folder, address, ports, password } = plan;
  const url = keystoneUrl(plan);
  const server = { bind_host: address, workers: 1 };
  const login = { auth_type: "password", auth_url: url, username: "heat", password };
  return writeIni({
    DEFAULT: {
      log_file: `${folder}/heat.log`,
      // Engine and API share one process, so that no message broker is needed. More than one worker would be forks, which fake:// does not reach.
      transport_url: "fake://",
      num_engine_workers: 1,
      auth_encryption_key: "a key of exactly 32 characters..",
      // Users for vms and their deployments live in a domain of their own.
      stack_user_domain_name: "heat",
      stack_domain_admin: "heat_domain_admin",
      stack_domain_admin_password: password,
      heat_metadata_server_url: `http://${address}:${ports.cfn}`,
      heat_waitcondition_server_url: `http://${address}:${ports.cfn}/v1/waitcondition`,
      server_keystone_endpoint_type: "public",
      error_wait_time: 5,
      periodic_interval: 600,
      // A server in ERROR is tried again so often, with growing pauses.
      action_retry_limit: 1,
    },
    database: database(folder, "heat"),
    heat_all: { enabled_services: "engine,api,api_cfn" },
    heat_api: { ...server, bind_port: ports.heat },
    heat_api_cfn: { ...server, bind_port: ports.cfn },
    paste_deploy: { api_paste_config: "/etc/heat/api-paste.ini" },
    oslo_policy: { policy_dirs: "/etc/heat/policy.d" },
    // What vms are told as their auth_url.
    clients_keystone: { auth_uri: url },
    ec2authtoken: { auth_uri: `${url}/v3` },
    keystone_authtoken: {
      ...login,
      www_authenticate_uri: url,
      project_name: "service",
      user_domain_name: "Default",
      project_domain_name: "Default",
    },
    trustee: { ...login, user_domain_id: "default" },
  });
}

// Nothing here must outlive the machine.
function database(folder: string, name: string): Ini[string] {
  return { connection: `sqlite:///${folder}/${name}.db`, sqlite_synchronous: false };
}

function writeIni(sections: Ini): string {
  const lines = Object.entries(sections).flatMap(([name, values]) => [
    `[${name}]`,
    ...Object.entries(values).map(([key, value]) => `${key} = ${value}`),
  ]);
  return `${lines.join("\n")}\n`;
}
