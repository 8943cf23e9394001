// Real Keystone and Heat for tests (Debian's packages): Keystone under uwsgi, Heat's API and engine in one process, both over SQLite, in a
// network of their own; cloud-stub.ts stands for Nova, Glance and Neutron. Nothing else of the machine is touched.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../bench/engines.ts";
import { Lan, lanNet } from "../../src/machines/lan.ts";
import { openCloud, type CloudOptions, type CloudStub } from "./cloud-stub.ts";
import { fillKeystone, getToken } from "./heat-identity.ts";
import { catalogText, heatSettings, keystoneSettings, keystoneUrl, type HeatPlan } from "./heat-settings.ts";
import { callHttp, type Answer, type Door } from "./http-call.ts";

const run = promisify(execFile);
const programs = ["keystone-manage", "heat-manage", "heat-all", "uwsgi", "keystone-wsgi-public"];

/** Why Heat cannot be started here; undefined where it can. */
export function heatMissing(): string | undefined {
  const missing = programs.filter((name) => !existsSync(`/usr/bin/${name}`));
  if (missing.length === 0) return undefined;
  const packages = "keystone heat-api heat-engine heat-api-cfn uwsgi-core uwsgi-plugin-python3";
  return `no ${missing.join(", ")} on this machine: apt-get install ${packages}`;
}

export interface HeatBed extends AsyncDisposable {
  cloud: CloudStub;
  authUrl: string;
  /** The user `demo`, as the openstack client reads it. */
  env: Record<string, string>;
  /** Runs a program where Heat is reached, as `demo`; what it says on both outputs comes back with its exit status. */
  run(command: string[], options?: RunOptions): Promise<{ status: number | null; stdout: string; stderr: string }>;
  /** As `run`, for a program that the caller ends. */
  spawn(command: string[], options?: RunOptions): ChildProcess;
  /** Asks Heat's API as `demo`; `path` stands after the project, `/stacks`. */
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  folder: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
}

/** Starts all of it; resolves when stacks can be created. */
export async function startHeat(options: CloudOptions & { lan?: Lan } = {}): Promise<HeatBed> {
  // In namespaces of their own: nothing there can clash with the machine's, and all of it ends with this process, even when that is killed.
  const lan = options.lan ?? (await Lan.open());
  const { inside: enter } = lan;
  const address = lanNet.gateway;
  // Databases in memory: these servers write all the time.
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "weft-heat-"));
  const ports = { keystone: await freePort(), heat: await freePort(), cfn: await freePort(), cloud: await freePort() };
  const plan: HeatPlan = { folder, address, ports, password: "only for tests" };
  const children: ChildProcess[] = [];
  let cloud: CloudStub | undefined;

  async function stop(): Promise<void> {
    for (const child of children.toReversed()) await endGroup(child);
    await cloud?.[Symbol.asyncDispose]();
    if (options.lan === undefined) await lan.close();
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    const socket = await lan.listen(ports.cloud);
    cloud = await openCloud(`http://${address}:${ports.cloud}`, socket, options);
    await prepareDatabases(plan);
    const doors = makeDoors(plan);
    children.push(await openDoors(enter, doors));
    children.push(startKeystone(plan, enter));
    await untilAnswers(doors.keystone, children, join(folder, "keystone.out"));
    await fillKeystone(doors.keystone, plan);
    children.push(startHeatAll(plan, enter));
    await untilAnswers(doors.heat, children, join(folder, "heat.out"));
    const token = await getToken(doors.keystone, "demo", plan.password, "demo");
    const { body } = await callHttp(doors.keystone, "GET", "/v3/auth/projects", { token });
    const project = (body as { projects: { id: string }[] }).projects[0]?.id;
    const env = userEnvironment(plan);
    const opened = cloud;
    return {
      cloud: opened,
      authUrl: `${keystoneUrl(plan)}/v3`,
      env,
      folder,
      spawn: (command, { env: more = {}, cwd } = {}) => startIn(enter, command, { ...env, ...more }, cwd),
      async run(command, { env: more = {}, cwd } = {}) {
        const child = startIn(enter, command, { ...env, ...more }, cwd);
        let [stdout, stderr] = ["", ""];
        child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
        child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
        child.stdin?.end();
        const [status] = (await once(child, "close")) as [number | null];
        return { status, stdout, stderr };
      },
      async ask(method, path, body) {
        const options = { token, ...(body === undefined ? {} : { body }) };
        const answer = await callHttp(doors.heat, method, `/v1/${project}${path}`, options);
        // A stack that is asked for by its name lives under name and id.
        const { location } = answer.headers;
        if (answer.status !== 302 || typeof location !== "string") return answer;
        return callHttp(doors.heat, method, new URL(location).pathname, options);
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    const logs = ["keystone.out", "heat.out", "heat.log"].map((name) => tailOf(join(folder, name))).filter((text) => text !== "");
    await stop();
    throw new Error([(error as Error).message, ...logs].join("\n"), { cause: error });
  }
}

/** How this process reaches Keystone and Heat. */
function makeDoors({ folder, address, ports }: HeatPlan): { keystone: Door; heat: Door } {
  const door = (name: "keystone" | "heat"): Door => {
    return { host: address, port: ports[name], socketPath: join(folder, `${name}.socket`) };
  };
  return { keystone: door("keystone"), heat: door("heat") };
}

async function openDoors(enter: readonly string[], doors: Record<"keystone" | "heat", Door>): Promise<ChildProcess> {
  const routes = Object.values(doors).map(({ socketPath, host, port }) => `${socketPath}=${host}:${port}`);
  const child = startIn(enter, [process.execPath, join(import.meta.dirname, "heat-door.ts"), ...routes], {});
  child.stderr?.pipe(process.stderr);
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return child;
}

async function prepareDatabases(plan: HeatPlan): Promise<void> {
  const { folder, password } = plan;
  const [keystoneFile, heatFile] = [join(folder, "keystone.conf"), join(folder, "heat.conf")];
  writeFileSync(keystoneFile, keystoneSettings(plan), { mode: 0o600 });
  writeFileSync(heatFile, heatSettings(plan), { mode: 0o600 });
  writeFileSync(join(folder, "catalog"), catalogText(plan));
  for (const name of ["fernet", "credential"]) {
    mkdirSync(join(folder, name), { mode: 0o700 });
    // The staged key and the primary one, as keystone-manage would make them.
    for (const key of ["0", "1"])
      writeFileSync(join(folder, name, key), randomBytes(32).toString("base64url") + "=", { mode: 0o600 });
  }
  const manage = (...args: string[]): Promise<unknown> => run("keystone-manage", ["--config-file", keystoneFile, ...args]);
  const keystone = async (): Promise<void> => {
    await manage("db_sync");
    await manage("bootstrap", "--bootstrap-password", password);
  };
  await Promise.all([keystone(), run("heat-manage", ["--config-file", heatFile, "db_sync"])]);
  await run("/usr/bin/python3", [
    join(import.meta.dirname, "heat-sqlite.py"),
    join(folder, "keystone.db"),
    join(folder, "heat.db"),
  ]);
}

function startKeystone(plan: HeatPlan, enter: readonly string[]): ChildProcess {
  const flags = ["--plugin", "python3", "--http-socket", `${plan.address}:${plan.ports.keystone}`, "--wsgi-file"];
  // One thread: SQLite's connections stay in the thread that made them. No connection is kept, which --http-socket would break off.
  const settings = ["--processes=1", "--threads=1", "--enable-threads", "--lazy-apps", "--need-app", "--master", "--die-on-term"];
  const command = ["uwsgi", ...flags, "/usr/bin/keystone-wsgi-public", ...settings, "--buffer-size=65535"];
  const env = { OS_KEYSTONE_CONFIG_FILES: join(plan.folder, "keystone.conf") };
  return startServer([...enter, ...command, "--add-header", "Connection: close"], env, join(plan.folder, "keystone.out"));
}

function startHeatAll({ folder }: HeatPlan, enter: readonly string[]): ChildProcess {
  return startServer([...enter, "heat-all", "--config-file", join(folder, "heat.conf")], {}, join(folder, "heat.out"));
}

function startServer([program, ...args]: string[], env: Record<string, string>, log: string): ChildProcess {
  const output = openSync(log, "a", 0o600);
  // Its own group: servers fork.
  const stdio = ["ignore" as const, output, output];
  const child = spawn(program as string, args, { detached: true, stdio, env: { ...process.env, ...env } });
  closeSync(output);
  return child;
}

function startIn(enter: readonly string[], command: string[], env: Record<string, string>, cwd?: string): ChildProcess {
  // Whoever enters stands at the root.
  const [program, ...args] = [...enter, "sh", "-c", 'cd "$0" && exec "$@"', cwd ?? process.cwd(), ...command];
  return spawn(program as string, args, { env: { ...process.env, ...env }, detached: true });
}

function userEnvironment(plan: HeatPlan): Record<string, string> {
  return {
    OS_AUTH_URL: `${keystoneUrl(plan)}/v3`,
    OS_USERNAME: "demo",
    OS_PASSWORD: plan.password,
    OS_PROJECT_NAME: "demo",
    OS_USER_DOMAIN_NAME: "Default",
    OS_PROJECT_DOMAIN_NAME: "Default",
    OS_IDENTITY_API_VERSION: "3",
    OS_REGION_NAME: "RegionOne",
  };
}

async function untilAnswers(door: Door, children: ChildProcess[], log: string): Promise<void> {
  for (const deadline = Date.now() + 90_000; ;) {
    const answer = await callHttp(door, "GET", "/").catch(() => undefined);
    if (answer !== undefined) return;
    const ended = children.find((child) => child.exitCode !== null || child.signalCode !== null);
    if (ended !== undefined) throw new Error(`${ended.spawnargs.join(" ")} has ended`);
    if (Date.now() > deadline) throw new Error(`nothing answers at ${door.host}:${door.port}; see ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid as number), signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  killGroup(child, "SIGTERM");
  const timer = setTimeout(() => killGroup(child, "SIGKILL"), 5000);
  await exited;
  clearTimeout(timer);
  // Workers that outlived their master.
  killGroup(child, "SIGKILL");
}

function tailOf(file: string): string {
  return existsSync(file) ? `${file}:\n${readFileSync(file, "utf8").slice(-3000)}` : "";
}
