// The carrier against a server that says what a real Keystone and Heat were seen to say.
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Delivery } from "./carrier.ts";
import { openHeatCarrier } from "./carrier-heat.ts";
import { findDelivery, tokenUrl } from "./heat-metadata.ts";
import type { Json } from "../model/json.ts";

function deploymentEntry(
  id: string,
  time: string,
  more: { name?: string; action?: string; config?: string; teller?: string } = {},
): Json {
  const {
    name = "weft",
    action = "CREATE",
    config = JSON.stringify({ format: 1, generation: `g-${id}`, plan: { format: 1 } }),
    teller,
  } = more;
  const inputs = Object.entries({
    weft_tag: `tag-${id}`,
    weft_values: { "app.inputs.NAME": 'a "quoted" $x' },
    weft_values_digest: "",
    ...(teller === undefined ? {} : { weft_teller: teller }),
    deploy_action: action,
    deploy_stack_id: "shop/123",
    deploy_resource_name: "db_weft",
  }).map(([input, value]) => ({ name: input, type: "String", value }));
  return { id, name, group: "weft", creation_time: time, config, inputs, outputs: [], options: {} } as Json;
}

const told = (deployments: Json[]): Json => ({ metadata: { deployments, "os-collect-config": {} } });

test.for<[string, Json[], string | undefined]>([
  ["nothing yet", [], undefined],
  ["one", [deploymentEntry("1", "2026-01-01T00:00:01Z")], "run 1"],
  [
    "the later one, wherever it stands",
    [deploymentEntry("2", "2026-01-01T00:00:02Z"), deploymentEntry("1", "2026-01-01T00:00:01Z")],
    "run 2",
  ],
  [
    "of two in one second the later in the list",
    [deploymentEntry("1", "2026-01-01T00:00:01Z"), deploymentEntry("2", "2026-01-01T00:00:01Z")],
    "run 2",
  ],
  [
    "what has the vm leave",
    [
      deploymentEntry("9", "2026-01-01T00:00:01Z", { name: "weft_delete", action: "DELETE" }),
      deploymentEntry("1", "2026-01-01T00:00:01Z"),
    ],
    "delete 9",
  ],
  [
    "no deployment for leaving whose time has not come",
    [deploymentEntry("1", "2026-01-01T00:00:01Z"), deploymentEntry("9", "2026-01-01T00:00:02Z", { name: "weft_delete" })],
    "run 1",
  ],
])("of a vm's deployments counts: %s", ([, entries, expected]) => {
  const found = findDelivery(told(entries));
  expect(found === undefined ? undefined : `${found.action} ${found.id}`).toBe(expected);
});

test("what runs when the vm leaves is what it was told last: the deployment for that says nothing itself", () => {
  const leaving = deploymentEntry("9", "2026-01-01T00:00:03Z", { name: "weft_delete", action: "DELETE", config: "{}" });
  const run = deploymentEntry("2", "2026-01-01T00:00:02Z");
  expect(findDelivery(told([deploymentEntry("1", "2026-01-01T00:00:01Z"), run, leaving]))).toMatchObject({
    id: "9",
    action: "delete",
    deployment: { generation: "g-2" },
  });
  expect(findDelivery(told([leaving]))).toEqual({
    id: "9",
    action: "delete",
    answerTo: { stack: "shop/123", resource: "db_weft" },
  });
});

test("a deployment comes with its values as they are, and one that is not ours as one of no known format", () => {
  expect(findDelivery(told([deploymentEntry("1", "t")]))).toMatchObject({
    deployment: { format: 1, generation: "g-1", tag: "tag-1", values: { "app.inputs.NAME": 'a "quoted" $x' }, valuesDigest: "" },
    answerTo: { stack: "shop/123", resource: "db_weft" },
  });
  expect(findDelivery(told([deploymentEntry("1", "t", { config: "#!/bin/sh" })]))).toMatchObject({ deployment: { format: 0 } });
});

test("a deployment says which member of a group tells stack outputs, or that none is chosen", () => {
  expect(findDelivery(told([deploymentEntry("1", "t", { teller: "k3xq7vd2mpz4" })]))).toMatchObject({
    deployment: { teller: "k3xq7vd2mpz4" },
  });
  expect(findDelivery(told([deploymentEntry("1", "t")]))).not.toHaveProperty("deployment.teller");
});

test.for([["http://k:5000"], ["http://k:5000/"], ["http://k:5000/v3"], ["http://k:5000/v3/v3"], ["http://k:5000/v3/v3/"]])(
  "tokens for %s are made where Keystone is",
  ([url]) => {
    expect(tokenUrl(url as string)).toBe("http://k:5000/v3/auth/tokens");
  },
);

interface FakeHeat {
  deployments: Json[];
  /** Tokens that are taken; a new one for each request to Keystone. */
  tokens: string[];
  isForbidden: boolean;
  signals: unknown[];
  authentications: unknown[];
  files: string[];
  stateDir: string;
}

async function openHeat(): Promise<FakeHeat> {
  const folder = mkdtempSync(join(tmpdir(), "weft-heat-"));
  const heat: FakeHeat = {
    deployments: [],
    tokens: [],
    isForbidden: false,
    signals: [],
    authentications: [],
    files: [join(folder, "absent"), join(folder, "cfn-init-data")],
    stateDir: folder,
  };
  const server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const send = (status: number, document: Json, headers = {}): void => {
        response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(document));
      };
      const { port } = server.address() as AddressInfo;
      if (request.url === "/v3/auth/tokens") {
        heat.authentications.push(JSON.parse(body));
        const token = `token-${heat.authentications.length}`;
        heat.tokens = [token];
        const endpoint = (where: string, url: string): Json => ({ interface: where, region: "RegionOne", url });
        const endpoints = [endpoint("admin", "http://127.0.0.1:1/"), endpoint("public", `http://127.0.0.1:${port}/v1/p`)];
        return send(201, { token: { catalog: [{ type: "orchestration", endpoints }] } }, { "x-subject-token": token });
      }
      if (!heat.tokens.includes(String(request.headers["x-auth-token"]))) return send(401, { error: "expired" });
      if (heat.isForbidden) return send(403, { error: "Forbidden" });
      if (request.url === "/v1/p/stacks/shop/123/resources/db/metadata") return send(200, told(heat.deployments));
      if (request.url === "/v1/p/stacks/shop/123/resources/db_weft/signal") {
        heat.signals.push(JSON.parse(body));
        return send(200, null);
      }
      send(404, { error: request.url ?? "" });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const access = {
    user_id: "u",
    password: "p",
    auth_url: `http://127.0.0.1:${port}/v3/v3`,
    project_id: "pr",
    stack_id: "shop/123",
    resource_name: "db",
    region_name: null,
  };
  writeFileSync(heat.files[1] as string, JSON.stringify({ "os-collect-config": { heat: access } }), { mode: 0o644 });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  return heat;
}

const pace = { soonMs: 10, laterMs: 600_000, nudgedForMs: 200, lateMs: 600_000, signalAgainMs: [20, 20] };

function follow(heat: FakeHeat, more: Partial<typeof pace> = {}) {
  const log: string[] = [];
  const taken: Delivery[] = [];
  const stop = new AbortController();
  const carrier = openHeatCarrier(heat.stateDir, (message) => void log.push(message), heat.files, { ...pace, ...more });
  const following = carrier.follow((delivery) => void taken.push(delivery), stop.signal).catch((error: unknown) => error);
  onTestFinished(() => stop.abort());
  const ids = (): string[] => taken.map(({ id }) => id);
  return { carrier, taken, ids, log, stop, following };
}

test("a vm that is handed no plan for long says once what may be the cause", async () => {
  const heat = await openHeat();
  const { log, ids } = follow(heat, { lateMs: 30 });
  await vi.waitFor(() => expect(log).toHaveLength(1));
  heat.deployments = [deploymentEntry("1", "2026-01-01T00:00:01Z")];
  await vi.waitFor(() => expect(ids()).toEqual(["1"]));
  expect(log).toEqual([expect.stringMatching(/^Heat has handed this vm no plan yet: .* a scaling policy has added the vm/)]);
});

test("a deployment that comes later is found, taken once, and known without Heat after a restart", async () => {
  const heat = await openHeat();
  const first = follow(heat);
  heat.deployments = [deploymentEntry("1", "2026-01-01T00:00:01Z")];
  await vi.waitFor(() => expect(first.ids()).toEqual(["1"]));
  expect(heat.authentications).toEqual([
    {
      auth: {
        identity: { methods: ["password"], password: { user: { id: "u", password: "p" } } },
        scope: { project: { id: "pr" } },
      },
    },
  ]);
  expect(statSync(heat.files[1] as string).mode & 0o777).toBe(0o600);
  first.stop.abort();
  await first.following;

  heat.isForbidden = true;
  const second = follow(heat);
  await vi.waitFor(() => expect(second.ids()).toEqual(["1"]));
});

test("after a nudge it looks at once, and one that was taken before never comes again", async () => {
  const heat = await openHeat();
  const { carrier, ids } = follow(heat);
  heat.deployments = [deploymentEntry("1", "2026-01-01T00:00:01Z")];
  await vi.waitFor(() => expect(ids()).toEqual(["1"]));
  heat.deployments.push(deploymentEntry("2", "2026-01-01T00:00:02Z", { action: "UPDATE" }));
  carrier.nudge();
  await vi.waitFor(() => expect(ids()).toEqual(["1", "2"]));
  // The newest is cleaned up: the one before it is over all the same. Then another comes.
  heat.deployments = [deploymentEntry("1", "2026-01-01T00:00:01Z")];
  carrier.nudge();
  heat.deployments = [deploymentEntry("1", "2026-01-01T00:00:01Z"), deploymentEntry("3", "2026-01-01T00:00:03Z")];
  carrier.nudge();
  await vi.waitFor(() => expect(ids()).toEqual(["1", "2", "3"]));
});

test("a token that has expired is made anew", async () => {
  const heat = await openHeat();
  const { carrier, ids } = follow(heat);
  await vi.waitFor(() => expect(heat.authentications.length).toBe(1));
  heat.tokens = [];
  heat.deployments = [deploymentEntry("1", "2026-01-01T00:00:01Z")];
  carrier.nudge();
  await vi.waitFor(() => expect(ids()).toEqual(["1"]));
  expect(heat.authentications.length).toBe(2);
});

test("the outcome is signalled, and again as long as nothing newer has come", async () => {
  const heat = await openHeat();
  const { carrier, taken, stop } = follow(heat);
  heat.deployments = [deploymentEntry("1", "2026-01-01T00:00:01Z")];
  await vi.waitFor(() => expect(taken.length).toBe(1));
  await carrier.answer(taken[0] as Delivery, { ok: true, outputs: { url: "http://x" } }, stop.signal);
  const succeeded = { deploy_status_code: 0, deploy_stdout: "", deploy_stderr: "", outputs: { url: "http://x" } };
  expect(heat.signals).toEqual([succeeded, succeeded, succeeded]);
  heat.deployments.push(deploymentEntry("2", "2026-01-01T00:00:02Z"));
  await carrier.answer(taken[0] as Delivery, { ok: false, error: "too late" }, stop.signal);
  expect(heat.signals.length).toBe(3);
  carrier.nudge();
  await vi.waitFor(() => expect(taken.length).toBe(2));
  await carrier.answer(taken[1] as Delivery, { ok: false, error: 'db.mysql failed: "x"' }, stop.signal);
  expect(heat.signals[3]).toEqual({ deploy_status_code: 1, deploy_stdout: "", deploy_stderr: "", error: 'db.mysql failed: "x"' });
});

test("refused again and again, also with a new token, a vm has been replaced", async () => {
  const heat = await openHeat();
  heat.isForbidden = true;
  const { following, log } = follow(heat);
  expect(await following).toMatchObject({ code: "superseded" });
  expect(heat.authentications.length).toBe(3);
  expect(log.join()).toContain("HTTP 403");
});

test("without credentials it says so and waits for them", async () => {
  const heat = await openHeat();
  rmSync(heat.files[1] as string);
  const { log, ids } = follow(heat);
  await vi.waitFor(() => expect(log.join()).toContain("cloud-init has left no credentials for Heat"));
  expect(ids()).toEqual([]);
});
