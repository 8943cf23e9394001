// Which cloud is meant and who asks it: clouds.yaml, secure.yaml and OS_* variables, read in the order in which the openstack client reads them.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { Failure, messageOf } from "../model/failure.ts";
import { isMap, type Json, type JsonMap } from "../model/json.ts";

/** All that is needed to get a token and to find a service. */
export interface CloudConfig {
  /** Where this was found, for errors: `the cloud "home" of /etc/openstack/clouds.yaml`, `the environment`. */
  source: string;
  authUrl: string;
  /** `password`, `token` or `v3applicationcredential`, with or without `v3`. */
  authType: string;
  /** By the names of the client's options: username, user_domain_name, project_id, ... */
  auth: Record<string, string>;
  region?: string;
  interface: string;
  /** False: certificates are not verified. */
  verify: boolean;
  /** PEM files: authorities to trust; our own certificate and its key. */
  cacert?: string;
  cert?: string;
  key?: string;
  /** Heat's own URL, where the catalog is not to be asked. */
  endpoint?: string;
}

type Environment = Record<string, string | undefined>;

/** Where an option is given a value beside those that say who asks. */
const ownOptions = ["auth_type", "region_name", "interface", "verify", "insecure", "cacert", "cert", "key", "profile"];
const authOptions = [
  "auth_url",
  "username",
  "user_id",
  "password",
  "token",
  "project_id",
  "project_name",
  "tenant_id",
  "tenant_name",
  "domain_id",
  "domain_name",
  "user_domain_id",
  "user_domain_name",
  "project_domain_id",
  "project_domain_name",
  "default_domain",
  "application_credential_id",
  "application_credential_name",
  "application_credential_secret",
];
/** OS_* variables that choose a cloud, and do not describe one. */
const selectors = ["OS_CLOUD", "OS_REGION_NAME", "OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE", "OS_CLOUD_NAME"];

/** Finds the cloud; `chosen` is `--os-cloud`. Fails `give-up` with what is missing and where it is looked for. */
export function findCloud(environment: Environment, chosen?: string): CloudConfig {
  const files = new CloudFiles(environment);
  const name = chosen ?? given(environment["OS_CLOUD"]);
  const describes = Object.keys(environment).some((key) => key.startsWith("OS_") && !selectors.includes(key));
  const names = Object.keys(files.clouds);
  // Whoever has one cloud means that one.
  const taken = name ?? (describes ? undefined : names.length === 1 ? names[0] : undefined);
  if (taken === undefined && !describes) throw noCloud(files);
  const entry = taken === undefined ? undefined : files.clouds[taken];
  if (taken !== undefined && entry === undefined) {
    const known = names.length === 0 ? "no cloud is described there" : `there are ${names.join(", ")}`;
    throw new Failure(
      "give-up",
      "no-cloud",
      `there is no cloud "${taken}" in ${files.path ?? "any clouds.yaml"}\nhint: ${known}`,
    );
  }
  const source = taken === undefined ? "the OS_* variables" : `the cloud "${taken}" of ${files.path}`;
  return readOptions({ ...collectOptions(entry ?? {}), ...environmentOptions(environment) }, entry ?? {}, source);
}

class CloudFiles {
  readonly clouds: Record<string, JsonMap>;
  readonly path: string | undefined;
  readonly looked: string[];

  constructor(environment: Environment) {
    const home = environment["XDG_CONFIG_HOME"] ?? join(environment["HOME"] ?? homedir(), ".config");
    const folders = [process.cwd(), join(home, "openstack"), "/etc/openstack"];
    const candidates = (name: string): string[] =>
      folders.flatMap((folder) => [".yaml", ".yml", ".json"].map((suffix) => join(folder, `${name}${suffix}`)));
    const own = [given(environment["OS_CLIENT_CONFIG_FILE"]), ...candidates("clouds")].filter((file) => file !== undefined);
    const secure = [given(environment["OS_CLIENT_SECURE_FILE"]), ...candidates("secure")].filter((file) => file !== undefined);
    this.looked = own;
    this.path = own.find((file) => existsSync(file));
    const secureFile = secure.find((file) => existsSync(file));
    const clouds = this.path === undefined ? {} : readClouds(this.path);
    this.clouds = secureFile === undefined ? clouds : (merge(clouds, readClouds(secureFile)) as Record<string, JsonMap>);
  }
}

function readClouds(file: string): Record<string, JsonMap> {
  let document: unknown;
  try {
    document = parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Failure("give-up", "bad-clouds-file", `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
  const clouds = isMap(document as Json) ? (document as JsonMap)["clouds"] : undefined;
  return isMap(clouds) ? (clouds as Record<string, JsonMap>) : {};
}

function noCloud({ path, looked }: CloudFiles): Failure {
  const found =
    path === undefined
      ? `no clouds.yaml is there (looked for ${looked.filter((file) => file.endsWith(".yaml")).join(", ")})`
      : `${path} describes several`;
  const hint =
    "name one with OS_CLOUD or --os-cloud, or set OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME and the domains";
  return new Failure("give-up", "no-cloud", `no cloud is named: OS_CLOUD is not set and ${found}\nhint: ${hint}`);
}

// An entry of clouds.yaml has who asks below `auth`, and takes it beside that too.
function collectOptions(entry: JsonMap): Record<string, string> {
  const auth = isMap(entry["auth"]) ? entry["auth"] : {};
  const texts = (map: JsonMap, names: string[]): [string, string][] =>
    names.flatMap((name): [string, string][] => {
      const value = map[name] ?? map[name.replaceAll("_", "-")];
      return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? [[name, String(value)]] : [];
    });
  return Object.fromEntries([
    ...texts(entry, [...ownOptions, ...authOptions, "orchestration_endpoint_override"]),
    ...texts(auth, authOptions),
  ]);
}

function environmentOptions(environment: Environment): Record<string, string> {
  const names = [...ownOptions, ...authOptions, "orchestration_endpoint_override"];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = given(environment[`OS_${name.toUpperCase()}`]);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function readOptions(options: Record<string, string>, entry: JsonMap, source: string): CloudConfig {
  const region = options["region_name"] ?? firstRegion(entry);
  const auth: Record<string, string> = {};
  for (const name of authOptions) {
    const value = options[name];
    if (value !== undefined) auth[name.replace(/^tenant_/, "project_")] = value;
  }
  const { auth_url: authUrl } = auth;
  if (authUrl === undefined) {
    const profile = options["profile"] === undefined ? "" : `; weft does not know the profile "${options["profile"]}"`;
    throw new Failure(
      "give-up",
      "no-cloud",
      `${source} has no auth_url${profile}\nhint: give the URL of Keystone there, or as OS_AUTH_URL`,
    );
  }
  const optional = (name: string): string | undefined => options[name]?.replace(/^~(?=\/)/, homedir());
  const [cacert, cert, key, endpoint] = ["cacert", "cert", "key", "orchestration_endpoint_override"].map(optional);
  return {
    source,
    authUrl,
    authType: options["auth_type"] ?? guessAuthType(auth),
    auth: spreadDomains(auth),
    ...(region === undefined ? {} : { region }),
    interface: (options["interface"] ?? "public").replace(/URL$/, ""),
    verify: !isTrue(options["insecure"]) && options["verify"]?.toLowerCase() !== "false",
    ...(cacert === undefined ? {} : { cacert }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

function guessAuthType(auth: Record<string, string>): string {
  return auth["token"] !== undefined && auth["password"] === undefined ? "token" : "password";
}

// A domain that is named once is that of the user and of the project; the client's default is the domain `default`.
function spreadDomains(auth: Record<string, string>): Record<string, string> {
  const spread = { ...auth };
  const isScoped = auth["project_id"] !== undefined || auth["project_name"] !== undefined;
  for (const owner of ["user", "project"]) {
    if (spread[`${owner}_domain_id`] !== undefined || spread[`${owner}_domain_name`] !== undefined) continue;
    const { domain_id: id, domain_name: name } = auth;
    if (isScoped && id !== undefined) spread[`${owner}_domain_id`] = id;
    else if (isScoped && name !== undefined) spread[`${owner}_domain_name`] = name;
    else spread[`${owner}_domain_id`] = auth["default_domain"] ?? "default";
  }
  return spread;
}

function firstRegion(entry: JsonMap): string | undefined {
  const first = Array.isArray(entry["regions"]) ? entry["regions"][0] : undefined;
  const name = isMap(first) ? first["name"] : first;
  return typeof name === "string" ? name : undefined;
}

function merge(base: Json, over: Json): Json {
  if (!isMap(base) || !isMap(over)) return over;
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = merged[key] === undefined ? value : merge(merged[key], value);
  return merged;
}

function given(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && ["true", "1", "yes"].includes(text.toLowerCase());
}
