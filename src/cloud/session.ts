// A token of Keystone for one project, and requests to Heat with it. Tokens are made again when they have run out.
import { Failure } from "../model/failure.ts";
import type { Json, JsonMap } from "../model/json.ts";
import type { CloudConfig } from "./cloud-config.ts";
import { requestJson, type JsonAnswer } from "./https-json.ts";

/** Asks Heat of one project; `path` stands behind the project's URL, `/stacks`. */
export interface CloudSession {
  /** Fails `give-up` with Heat's words when it refuses (code `not-found` for 404), `retry` when it cannot be reached. */
  ask(method: string, path: string, body?: Json, signal?: AbortSignal): Promise<Json>;
}

interface Token {
  id: string;
  heat: string;
}

/** Gets a token. Fails `give-up` when Keystone refuses the user or knows no Heat, naming its URL. */
export async function openSession(config: CloudConfig): Promise<CloudSession> {
  let token = await authenticate(config);
  const send = (method: string, path: string, body: Json | undefined, signal: AbortSignal | undefined): Promise<JsonAnswer> => {
    const given = { ...(body === undefined ? {} : { body }), ...(signal === undefined ? {} : { signal }) };
    return requestJson(new URL(`${token.heat}${path}`), config, { method, headers: { "x-auth-token": token.id }, ...given });
  };
  return {
    async ask(method, path, body, signal) {
      let answer = await send(method, path, body, signal);
      if (answer.status === 401) {
        token = await authenticate(config);
        answer = await send(method, path, body, signal);
      }
      // A stack that is asked for by its name lives under name and id.
      const { location } = answer.headers;
      if (answer.status === 302 && typeof location === "string") {
        const project = new URL(token.heat).pathname;
        const { pathname } = new URL(location);
        const search = path.includes("?") ? path.slice(path.indexOf("?")) : "";
        // Behind a proxy Heat may name itself otherwise than the catalog does.
        const at = pathname.indexOf("/stacks/");
        answer = await send(
          method,
          pathname.startsWith(project) ? pathname.slice(project.length) + search : pathname.slice(at) + search,
          body,
          signal,
        );
      }
      if (answer.status < 300) return answer.body ?? null;
      throw refused(`Heat at ${token.heat}`, answer);
    },
  };
}

async function authenticate(config: CloudConfig): Promise<Token> {
  const url = keystoneUrl(config.authUrl);
  const body: JsonMap = { auth: { identity: identityOf(config), ...scopeOf(config) } };
  const answer = await requestJson(new URL(`${url}/auth/tokens`), config, { method: "POST", body });
  const id = answer.headers["x-subject-token"];
  if (answer.status >= 300 || typeof id !== "string") {
    const refusal = refused(`Keystone at ${url}`, answer);
    const hint =
      answer.status === 401
        ? `check user, password, project and their domains in ${config.source}`
        : `check auth_url in ${config.source}`;
    throw new Failure("give-up", "unauthorized", `${refusal.message}\nhint: ${hint}`);
  }
  return { id, heat: config.endpoint?.replace(/\/$/, "") ?? findHeat(config, url, answer.body) };
}

function keystoneUrl(authUrl: string): string {
  if (!URL.canParse(authUrl)) throw new Failure("give-up", "no-cloud", `auth_url ${authUrl} is no URL`);
  return `${authUrl.replace(/\/+$/, "").replace(/\/v(2\.0|3)$/, "")}/v3`;
}

function identityOf({ authType, auth, source }: CloudConfig): JsonMap {
  const need = (name: string): string => {
    const value = auth[name];
    if (value !== undefined) return value;
    const message = `${source} has no ${name}\nhint: give it there, or as OS_${name.toUpperCase()}`;
    throw new Failure("give-up", "no-cloud", message);
  };
  const user = (): JsonMap =>
    auth["user_id"] === undefined ? { name: need("username"), domain: domainOf("user", auth) } : { id: auth["user_id"] };
  switch (authType.replace(/^v3/, "")) {
    case "password":
      return { methods: ["password"], password: { user: { ...user(), password: need("password") } } };
    case "token":
      return { methods: ["token"], token: { id: need("token") } };
    case "applicationcredential": {
      const { application_credential_id: id } = auth;
      const named = (): JsonMap => ({ name: need("application_credential_name"), user: user() });
      const credential = { ...(id === undefined ? named() : { id }), secret: need("application_credential_secret") };
      return { methods: ["application_credential"], application_credential: credential };
    }
    default: {
      const known = "password, token and v3applicationcredential are";
      throw new Failure("give-up", "no-cloud", `auth_type ${authType} of ${source} is not known to weft\nhint: ${known}`);
    }
  }
}

// An application credential belongs to a project, which must not be named again.
function scopeOf({ authType, auth }: CloudConfig): JsonMap {
  if (authType.includes("applicationcredential")) return {};
  if (auth["project_id"] !== undefined) return { scope: { project: { id: auth["project_id"] } } };
  if (auth["project_name"] === undefined) return {};
  return { scope: { project: { name: auth["project_name"], domain: domainOf("project", auth) } } };
}

function domainOf(owner: "user" | "project", auth: Record<string, string>): JsonMap {
  const [id, name] = [auth[`${owner}_domain_id`], auth[`${owner}_domain_name`]];
  return id === undefined ? { name: name ?? "Default" } : { id };
}

interface Service {
  type: string;
  endpoints: { interface: string; region?: string; region_id?: string; url: string }[];
}

function findHeat(config: CloudConfig, keystone: string, body: Json | undefined): string {
  const { catalog } = (body as unknown as { token: { catalog?: Service[] } }).token;
  if (catalog === undefined) {
    const hint = `name a project in ${config.source}, or as OS_PROJECT_NAME`;
    throw new Failure("give-up", "no-heat", `Keystone at ${keystone} gives a token for no project\nhint: ${hint}`);
  }
  const endpoints = catalog.filter(({ type }) => type === "orchestration").flatMap((service) => service.endpoints);
  const regionOf = (one: Service["endpoints"][number]): string => one.region_id ?? one.region ?? "";
  const found = endpoints.find(
    (one) => one.interface === config.interface && (config.region === undefined || regionOf(one) === config.region),
  );
  if (found !== undefined) return found.url.replace(/\/$/, "");
  const where = endpoints.map((one) => `${one.interface} in ${regionOf(one)}`).join(", ");
  const wanted = `${config.interface} endpoint of the service "orchestration"${config.region === undefined ? "" : ` in region ${config.region}`}`;
  const hint = where === "" ? "this cloud has no Heat" : `it has: ${where}; see region_name and interface in ${config.source}`;
  throw new Failure("give-up", "no-heat", `Keystone at ${keystone} knows no ${wanted}\nhint: ${hint}`);
}

function refused(who: string, { status, body }: JsonAnswer): Failure {
  const error = (body as { error?: { message?: unknown } } | null | undefined)?.error;
  const said = typeof error?.message === "string" ? error.message : `HTTP ${status}`;
  const code = status === 404 ? "not-found" : status === 401 ? "unauthorized" : status === 409 ? "conflict" : "refused";
  return new Failure(status >= 500 ? "retry" : "give-up", code, `${who} says: ${said}`);
}
