// What Heat needs to find in a fresh Keystone: its own users and roles, and a user `demo` with a project.
import { callHttp, type Door } from "./http-call.ts";
import type { HeatPlan } from "./heat-settings.ts";

/** Gets a token for a user of the domain Default, scoped to a project. */
export async function getToken(keystone: Door, user: string, password: string, project: string): Promise<string> {
  const domain = { id: "default" };
  const identity = { methods: ["password"], password: { user: { name: user, password, domain } } };
  const body = { auth: { identity, scope: { project: { name: project, domain } } } };
  const { status, headers, body: said } = await callHttp(keystone, "POST", "/v3/auth/tokens", { body });
  if (status !== 201) throw new Error(`Keystone gives ${user} no token: ${status} ${JSON.stringify(said)}`);
  return String(headers["x-subject-token"]);
}

/** Fills a Keystone that was bootstrapped with `admin`. */
export async function fillKeystone(keystone: Door, { password }: HeatPlan): Promise<void> {
  const token = await getToken(keystone, "admin", password, "admin");
  const ask = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const answer = await callHttp(keystone, method, `/v3${path}`, { token, ...(body === undefined ? {} : { body }) });
    if (answer.status >= 300) throw new Error(`Keystone: ${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return (answer.body ?? {}) as Record<string, unknown>;
  };
  const make = async (kind: string, fields: object): Promise<string> =>
    ((await ask("POST", `/${kind}s`, { [kind]: fields }))[kind] as { id: string }).id;

  const found = (await ask("GET", "/roles"))["roles"] as { name: string; id: string }[];
  const roles = Object.fromEntries(found.map(({ name, id }) => [name, id]));
  // The role of the users that Heat makes for vms.
  await make("role", { name: "heat_stack_user" });
  const own = { domain_id: "default" };
  const service = await make("project", { name: "service", ...own });
  const heat = await make("user", { name: "heat", password, ...own });
  await ask("PUT", `/projects/${service}/users/${heat}/roles/${roles["admin"]}`);
  const domain = await make("domain", { name: "heat" });
  const admin = await make("user", { name: "heat_domain_admin", password, domain_id: domain });
  await ask("PUT", `/domains/${domain}/users/${admin}/roles/${roles["admin"]}`);
  // An ordinary user of a cloud has no more than this.
  const project = await make("project", { name: "demo", ...own });
  const demo = await make("user", { name: "demo", password, ...own });
  await ask("PUT", `/projects/${project}/users/${demo}/roles/${roles["member"]}`);
}
