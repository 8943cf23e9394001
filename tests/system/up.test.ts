// `weft up` as a user runs it: every example for real, a failing role, a wrong template, Ctrl-C in the middle.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "./stack-bed.ts";

const weft = join(root, "bin/weft.js");

interface UpEvent {
  type: "role" | "done";
  id: string;
  state: string;
  ok?: boolean;
  reason?: string;
  outputs: Record<string, unknown>;
  makespanMs: number;
  criticalPathMs: number;
  error?: string;
}

function up(...args: string[]): { status: number | null; events: UpEvent[]; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [weft, "up", ...args, "--json"], { encoding: "utf8" });
  const events = stdout.split("\n").filter((line) => line !== "");
  return { status, events: events.map((line) => JSON.parse(line) as UpEvent), stderr };
}

function example(name: string): string {
  return join(root, "examples", name, "stack.yaml");
}

function writeTemplate(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-up-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "stack.yaml");
  writeFileSync(file, text);
  return file;
}

/** Every process whose environment or arguments tell that a run of ours started it. */
function processesOf(marker: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, "latin1").includes(marker);
      } catch {
        return false;
      }
    });
}

test("the shop sells: a request goes through the balancer to every app and to the database", () => {
  const { status, events, stderr } = up(example("shop"));
  const done = events.at(-1);
  expect({ status, stderr, ok: done?.ok }).toEqual({ status: 0, stderr: "", ok: true });
  expect(done?.outputs["first_page"]).toMatch(/^app-\d: loom 480, shuttle 12, yarn 3$/);
  expect(done?.makespanMs).toBeGreaterThanOrEqual(done?.criticalPathMs ?? Number.NaN);
});

test("a parameter changes the size of the shop", () => {
  const { events } = up(example("shop"), "-P", "apps=1");
  expect(events.filter(({ id, state }) => state === "done" && id.startsWith("app[")).map(({ id }) => id)).toEqual([
    "app[0].serve",
  ]);
});

test("Heat's own software config runs as it stands: values go from server to server and back", () => {
  const { status, events, stderr } = up(example("software-config"));
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining("error") });
  expect(events.at(-1)?.outputs).toEqual({
    connection: "db://vm/shop",
    verdict: "check: the application knows the password\n",
    app_status: 0,
  });
});

test("deployments get what Heat's hooks would give them, one at a time on a server", () => {
  const file = writeTemplate(`heat_template_version: 2018-08-31
resources:
  tell:
    type: OS::Heat::SoftwareConfig
    properties:
      group: script
      inputs: [{name: number, type: Number, default: 7}, {name: flag}, {name: none}, {name: list}, {name: map, type: Json}]
      outputs: [{name: text}, {name: never}]
      config: |
        #!/bin/sh
        mkdir lock || exit 9
        printf '%s\\n' "$number|$flag|$none|$list|$map|$deploy_action|$deploy_resource_name" > $heat_outputs_path.text
        echo out; echo err >&2
        rmdir lock
  first:
    type: OS::Heat::SoftwareDeployment
    properties: {config: {get_resource: tell}, server: {get_resource: vm}, input_values: {flag: true, list: [a, 1], map: {k: [1]}}}
  all:
    type: OS::Heat::SoftwareDeploymentGroup
    properties:
      config: {get_resource: tell}
      servers: {one: {get_resource: vm}, two: {get_resource: other}}
      input_values: {flag: {get_attr: [first, never]}}
  quiet:
    type: OS::Heat::SoftwareDeployment
    properties: {config: {get_resource: tell}, server: {get_resource: vm}, signal_transport: NO_SIGNAL}
  vm: {type: OS::Nova::Server, properties: {image: i, flavor: f}}
  other: {type: OS::Nova::Server, properties: {image: i, flavor: f}}
outputs:
  text: {value: {get_attr: [first, text]}}
  printed: {value: [{get_attr: [first, deploy_stdout]}, {get_attr: [first, deploy_stderr]}]}
  texts: {value: {get_attr: [all, text]}}
  codes: {value: {get_attr: [all, deploy_status_codes]}}
  quiet: {value: {get_attr: [quiet, text]}}
`);
  const { status, events } = up(file);
  expect({ status, outputs: events.at(-1)?.outputs }).toEqual({
    status: 0,
    outputs: {
      text: `7|True|None|['a', 1]|{"k":[1]}|CREATE|first\n`,
      printed: ["out\n", "err\n"],
      texts: { one: "7|None|None|None||CREATE|one\n", two: "7|None|None|None||CREATE|two\n" },
      codes: { one: 0, two: 0 },
      quiet: null,
    },
  });
});

test("a vm whose condition is false is not there, and its readers go on with absent values", () => {
  const server = "type: OS::Nova::Server\n    properties: {image: i, flavor: f}";
  const file = writeTemplate(`heat_template_version: 2021-04-16
parameters:
  with_db: {type: boolean, default: false}
  names: {type: comma_delimited_list, default: "a,b"}
conditions:
  has_db: {equals: [{get_param: with_db}, true]}
  has_none: {not: has_db}
resources:
  length: {type: OS::Heat::Value, properties: {value: {if: [has_db, 1, 2]}}}
  db:
    ${server}
    condition: has_db
    metadata: {weft: {roles: [{name: start, tool: script, run: weft-put port 3306, outputs: {port: {type: number}}}]}}
  web:
    ${server}
    metadata:
      weft:
        tool: script
        roles:
          - name: app
            after: [[db, start]]
            run: |
              weft-put seen "$PORT $BRANCH $LENGTH $ALL"
            inputs:
              PORT: {value: {get_attr: [db, port]}, default: 5432}
              BRANCH: {if: [has_none, {get_param: [names, 1]}, {get_attr: [db, port]}]}
              LENGTH: {get_attr: [length, value]}
              ALL:
                list_join:
                  - " "
                  - {repeat: {template: "%n%=%p%", for_each: {"%n%": {get_param: names}, "%p%": [{list_join: ["", ["p", {str_split: [",", {get_attr: [self, word]}, 0]}]]}]}}}
                  - [{digest: [md5, {get_attr: [self, word]}]}]
            outputs: {seen: {type: string}}
  self:
    ${server}
    metadata: {weft: {roles: [{name: say, tool: script, run: "weft-put word q,r", outputs: {word: {type: string}}}]}}
outputs:
  seen: {value: {get_attr: [web, seen]}}
  port: {value: {get_attr: [db, port]}, condition: has_db}
`);
  const without = up(file);
  expect({ stderr: without.stderr, ok: without.events.at(-1)?.ok }).toMatchObject({ ok: true });
  expect(without.events.at(-1)?.outputs).toEqual({ seen: expect.stringMatching(/^5432 b 2 a=pq b=pq [0-9a-f]{32}$/) as string });
  expect(without.events.some(({ id }) => id === "db.start")).toBe(false);
  const both = up(file, "-P", "with_db=true");
  expect(both.events.at(-1)?.outputs).toEqual({
    seen: expect.stringMatching(/^3306 3306 1 a=pq b=pq [0-9a-f]{32}$/) as string,
    port: 3306,
  });
});

test("in the handshake each role runs only after the one whose value it reads", () => {
  const { status, events } = up(example("handshake"));
  expect(status).toBe(0);
  const order = events.filter(({ state }) => state === "done").map(({ id }) => id);
  const chain = ["vmA.a1", "vmB.b1", "vmA.a2", "vmB.b2"];
  expect(order.filter((id) => chain.includes(id))).toEqual(chain);
  expect(events.at(-1)?.outputs).toEqual({ story: "a2 thanks b1 for: b1 answers: hello from a1" });
});

test("the handshake with a true cycle is refused before anything runs", () => {
  const { status, events, stderr } = up(example("handshake-deadlock"));
  expect({ status, events }).toEqual({ status: 1, events: [] });
  expect(stderr).toContain("error[deadlock]");
});

test("the cluster elects a master, joins the others and replicates", () => {
  const { status, events } = up(example("cluster"));
  const done = events.at(-1);
  expect(status).toBe(0);
  expect(done?.outputs).toMatchObject({ master: "member-0", report: { members: 4, replicas: 3 } });
  const skipped = events.filter(({ state }) => state === "skipped").map(({ id }) => id);
  expect(skipped.filter((id) => id.startsWith("member[0]"))).toEqual([
    "member[0].enable_replication",
    "member[0].initialise_secondary",
  ]);
});

const chain = `heat_template_version: 2018-08-31
resources:
  a:
    type: OS::Nova::Server
    properties: {image: i, flavor: f}
    metadata:
      weft:
        roles:
          - {name: make, tool: script, run: "echo about to break; exit 7", outputs: {x: {type: string}}}
  b:
    type: OS::Nova::Server
    properties: {image: i, flavor: f}
    metadata:
      weft:
        order: dataflow
        roles:
          - {name: use, tool: script, run: "true", inputs: {X: {get_attr: [a, x]}}, outputs: {y: {type: string}}}
          - {name: independent, tool: script, run: "true"}
  c:
    type: OS::Nova::Server
    properties: {image: i, flavor: f}
    metadata:
      weft:
        roles:
          - {name: last, tool: script, run: "true", inputs: {Y: {get_attr: [b, y]}}}
outputs: {y: {value: {get_attr: [b, y]}}}
`;

test("a failed role ends the run with 3, its consequences fail at once, what is independent goes on", () => {
  const { status, events } = up(writeTemplate(chain));
  expect(status).toBe(3);
  const last = (id: string): UpEvent | undefined => events.findLast((event) => event.id === id);
  expect(last("a.make")).toMatchObject({ state: "failed", error: expect.stringContaining("exit 7") });
  expect(last("c.last")).toMatchObject({ state: "failed", error: expect.stringContaining("a.make") });
  expect(last("b.independent")).toMatchObject({ state: "done" });
  expect(events.at(-1)).toMatchObject({ type: "done", ok: false, reason: "failed", outputs: { y: null } });
});

test("a failed role is explained with the end of its log and the chain of what failed because of it", () => {
  const { status, stdout } = spawnSync(process.execPath, [weft, "up", writeTemplate(chain)], { encoding: "utf8" });
  expect(status).toBe(3);
  expect(stdout).toContain("a.make failed: exit 7");
  expect(stdout).toContain("  | about to break");
  expect(stdout).toMatch(/so b\.use failed: .*a\.make/);
  expect(stdout).toMatch(/so c\.last failed: .*a\.make/);
});

test("a run that is too slow ends with 3 and says so", () => {
  const { status, events } = up(writeTemplate(chain.replace("exit 7", "sleep 60")), "--timeout", "1s");
  expect(status).toBe(3);
  expect(events.at(-1)).toMatchObject({ type: "done", ok: false, reason: "timeout" });
});

const asking = `heat_template_version: 2018-08-31
parameters: {size: {type: string}}
resources:
  net: {type: OS::Neutron::Net}
  a:
    type: OS::Nova::Server
    properties: {image: i, flavor: f}
    metadata:
      weft:
        roles:
          - name: show
            tool: script
            run: echo "$SIZE $NAME" | weft-put text -
            inputs: {SIZE: {get_param: size}, NAME: {get_attr: [net, name]}}
            outputs: {text: {type: string}}
outputs: {text: {value: {get_attr: [a, text]}}}
`;

test("what only a cloud or the user knows is asked for at its place, and taken from -P and --attrs", () => {
  const file = writeTemplate(asking);
  expect(up(file)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(`${file}:2:14: error: parameter "size" has no value`),
  });
  expect(up(file, "-P", "size=big")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(`${file}:14:47: error: net.name is known only to a cloud`),
  });
  const attrs = join(dirname(file), "attrs.json");
  writeFileSync(attrs, JSON.stringify({ "net.name": "the net" }));
  const { status, events } = up(file, "-P", "size=big", "--attrs", attrs);
  expect({ status, outputs: events.at(-1)?.outputs }).toEqual({ status: 0, outputs: { text: "big the net" } });
});

test.for([
  { wrong: "an unknown kind of vm", args: ["--vms", "boxes"] },
  { wrong: "a length of time that is none", args: ["--timeout", "soon"] },
  { wrong: "attributes that are no file", args: ["--attrs", "/nowhere"] },
  { wrong: "an unknown flag", args: ["--fast"] },
])("$wrong is a usage error", ({ args }) => {
  const { status, events, stderr } = up(example("handshake"), ...args);
  expect({ status, events }).toEqual({ status: 2, events: [] });
  expect(stderr).toMatch(/^weft: .*\nhint: see "weft up --help"\n$/);
});

test("a coordinator that cannot be had is exit 4", () => {
  const { status, stderr } = up(example("handshake"), "--coordinator", "paper:");
  expect(status).toBe(4);
  expect(stderr).toContain("memory:");
});

// Roles that tell when they run, and leave a detached service behind.
const lasting = chain.replace("exit 7", "setsid sleep 4321 & sleep 1234");

/** Resolves when the first role runs; what was printed until now and later is in the list. */
async function runningRole(child: ChildProcess): Promise<string[]> {
  const text: string[] = [];
  await new Promise<void>((resolve) => {
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      text.push(chunk);
      if (text.join("").includes('"state":"running"')) resolve();
    });
  });
  return text;
}

test.for(["SIGINT", "SIGTERM"] as const)(
  "%s ends every process that the run has started, and the last event is told",
  async (signal) => {
    const marker = `WEFT_TEST=${Math.random()}`;
    const [name, value] = marker.split("=") as [string, string];
    const child = spawn(process.execPath, [weft, "up", writeTemplate(lasting), "--json"], {
      env: { ...process.env, [name]: value },
    });
    const text = await runningRole(child);
    child.kill(signal);
    const [code] = (await once(child, "close")) as [number];
    expect(code).toBe(130);
    expect(JSON.parse(text.join("").trimEnd().split("\n").at(-1) as string)).toMatchObject({
      type: "done",
      ok: false,
      reason: "interrupted",
    });
    expect(processesOf(marker)).toEqual([]);
  },
);

test("a reader of the output who leaves ends the run, and nothing stays", async () => {
  const marker = `WEFT_TEST=${Math.random()}`;
  const [name, value] = marker.split("=") as [string, string];
  const child = spawn(process.execPath, [weft, "up", writeTemplate(lasting)], { env: { ...process.env, [name]: value } });
  await once(child.stdout, "data");
  child.stdout.destroy();
  // The next line that is printed finds nobody.
  await expect.poll(() => processesOf(marker), { timeout: 30_000 }).toEqual([]);
});

test("a run that is killed itself leaves no role running", async () => {
  const marker = `WEFT_TEST=${Math.random()}`;
  const [name, value] = marker.split("=") as [string, string];
  const child = spawn(process.execPath, [weft, "up", writeTemplate(chain.replace("exit 7", "sleep 1234")), "--json"], {
    env: { ...process.env, [name]: value },
  });
  await runningRole(child);
  child.kill("SIGKILL");
  await expect.poll(() => processesOf(marker), { timeout: 15_000 }).toEqual([]);
});

test("status and why answer while a stack runs, and say when none does", async () => {
  const template = writeTemplate(chain.replace("exit 7", "sleep 1234"));
  // Runs of others on this machine are noted in their own folder.
  const env = { ...process.env, TMPDIR: dirname(template) };
  const child = spawn(process.execPath, [weft, "up", template, "--json"], { env });
  onTestFinished(() => void child.kill("SIGINT"));
  await runningRole(child);
  const ask = (...args: string[]): string => spawnSync(process.execPath, [weft, ...args], { encoding: "utf8", env }).stdout;
  await expect.poll(() => ask("status")).toMatch(/a\.make +runs for/);
  await expect
    .poll(() => ask("why", "c.last"))
    .toMatch(/c\.last waits .* for b\.use\.y\n {2}<- b\.use waits .* for a\.make\.x\n {4}<- a\.make runs for/);
  child.kill("SIGINT");
  await once(child, "exit");
});
