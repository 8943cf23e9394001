// Whole stacks on a real Heat: its engine creates them of what weft emits, servers boot by the real cloud-init, agents take what Heat brings.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withEngine } from "../contract/engines/engine-present.ts";
import { CloudBed, cloudMissing, ear, hubAt } from "./cloud-bed.ts";
import { root } from "./stack-bed.ts";
import { kernelRefuses } from "./vm-bed.ts";

const patience = { timeout: 300_000, interval: 200 };
// How long a hub is late, and a vm cut off: longer than whatever is kept alive meanwhile.
const faultMs = 60_000;

const example = (name: string): string => join(root, "examples", name, "stack.yaml");

withEngine(
  "a cloud with Heat",
  cloudMissing(),
  () => {
    let bed: CloudBed;
    beforeAll(async () => {
      bed = await CloudBed.open();
      await bed.hub.start();
    }, 600_000);
    afterAll(() => bed?.[Symbol.asyncDispose](), 60_000);

    // Of a name that is too long, Heat keeps the first two letters and the end.
    const serversOf = (stack: string): string[] =>
      bed.heat.cloud.servers
        .filter(({ name }) => [stack, stack.slice(0, 2)].includes(name.split("-")[0] as string))
        .map(({ id }) => id);

    const role = (stack: string, name: string, run: string, rest = ""): string =>
      `          - {name: ${name}, tool: script, run: "curl -sd $WEFT_VM.${name} ${ear}/${stack}; ${run}"${rest}}\n`;
    const server = `type: OS::Nova::Server\n    properties: {image: debian-12, flavor: m1.small, networks: [{network: private}]}`;
    const pair = (stack: string, make: string, atEnd = ""): string => `heat_template_version: 2018-08-31
resources:
  a:
    ${server}
    metadata:
      weft:
        roles:
${role(stack, "make", make, ", outputs: {x: {type: string}}")}${role(stack, "own", "true")}  b:
    ${server}
    metadata:
      weft:
        order: dataflow
        roles:
${role(stack, "use", "weft-put y got-$X", ", inputs: {X: {get_attr: [a, x]}}, outputs: {y: {type: string}}")}${role(stack, "free", "true")}${atEnd}outputs: {y: {value: {get_attr: [b, y]}}}
`;

    // Side by side, longest first: most of each is waiting, for Heat and for systems that boot.
    test.concurrent("a hub that comes a minute late, a vm that loses its power in mid-plan, one that is cut off for a minute, a killed hub and a vm that Heat replaces all come to a good end", async ({
      expect,
    }) => {
      const hub = bed.makeHub(8471);
      // Whoever deploys knows its certificate, which its first start makes.
      await hub.start();
      await hub.kill();
      // No on_delete: Heat would wait for those of the vm that it replaces until somebody answers in their place (decisions/0006).
      bed.write("late.yaml", pair("late", "[ -e /root/once ] || { touch /root/once; sleep 1000; }; weft-put x one"));
      const deploying = bed.deploy("late.yaml", "late", [], hub);
      await expect.poll(() => serversOf("late").length, patience).toBe(2);
      await delay(faultMs);
      await hub.start();
      await expect.poll(() => bed.heardOf("late"), patience).toContain("a.make");
      // b waits for a: its cable is pulled, a loses its power, the hub is killed.
      const { id: b } = bed.heat.cloud.find(/^late-b-/);
      await bed.nets.machine.cut(b);
      await bed.heat.cloud.find(/^late-a-/).machine?.reboot();
      await hub.kill();
      await hub.start();
      await delay(faultMs);
      await bed.nets.machine.heal(b);
      expect(await deploying).toMatchObject({ status: 0, stackStatus: "CREATE_COMPLETE", outputs: { y: "got-one" } });

      bed.takeHeard("late");
      const { body } = await bed.heat.ask("GET", "/stacks/late");
      const { id } = (body as { stack: { id: string } }).stack;
      const unhealthy = { mark_unhealthy: true, resource_status_reason: "a test says so" };
      await bed.heat.ask("PATCH", `/stacks/late/${id}/resources/b`, unhealthy);
      expect(await bed.deploy("late.yaml", "late", [], hub)).toMatchObject({
        status: 0,
        stackStatus: "UPDATE_COMPLETE",
        outputs: { y: "got-one" },
      });
      expect(bed.takeHeard("late").toSorted()).toEqual(["b.free", "b.use"]);
    });

    test.concurrent("the shop opens, takes in another app and lets it go, and no other server is touched", async () => {
      const opened = await bed.deploy(example("shop"), "shop", ["-P", "apps=1"]);
      expect(opened).toMatchObject({
        status: 0,
        stackStatus: "CREATE_COMPLETE",
        outputs: { first_page: expect.stringMatching(/^app-0: loom 480/) },
      });
      const before = serversOf("shop");
      const wider = await bed.deploy(example("shop"), "shop", ["-P", "apps=2"]);
      expect(wider).toMatchObject({ status: 0, stackStatus: "UPDATE_COMPLETE" });
      expect(wider.events).toContainEqual(expect.objectContaining({ type: "role", id: "app[1].serve", state: "done" }));
      expect(serversOf("shop")).toEqual([...before, expect.anything()]);
      expect(await bed.deploy(example("shop"), "shop", ["-P", "apps=1"])).toMatchObject({
        status: 0,
        stackStatus: "UPDATE_COMPLETE",
      });
      expect(serversOf("shop")).toEqual(before);
      expect(await bed.weft("destroy", "shop")).toMatchObject({ status: 0 });
    });

    test.concurrent("a failing role fails the stack with its reason; mended and edited roles run again, and only they and their readers; on_delete comes first, in a nested stack that leaves its group too", async () => {
      const leave = role("pair", "leave", "true", ", on_delete: true");
      // What follows in the template after b: a group of nested stacks that shrinks.
      const sites = `  sites:
    type: OS::Heat::ResourceGroup
    properties: {count: {get_param: size}, resource_def: {type: site.yaml}}
parameters: {size: {type: number, default: 2}}
`;
      bed.write(
        "site.yaml",
        `heat_template_version: 2018-08-31\nresources:\n  vm:\n    ${server}\n    metadata:\n      weft:\n        roles:\n${leave}`,
      );
      const leaving = (make: string): string => pair("pair", make, leave + sites);
      const failed = await bed.deploy(bed.write("pair.yaml", leaving("echo no space >&2; exit 7")), "pair");
      expect(failed).toMatchObject({
        status: 3,
        stackStatus: "CREATE_FAILED",
        reason: expect.stringMatching(/a\.make failed: exit 7/),
      });
      const servers = serversOf("pair");
      bed.takeHeard("pair");

      const mended = await bed.deploy(bed.write("pair.yaml", leaving("weft-put x one")), "pair");
      expect(mended).toMatchObject({ status: 0, stackStatus: "UPDATE_COMPLETE", outputs: { y: "got-one" } });
      expect(bed.takeHeard("pair")).toEqual(["a.make", expect.anything(), expect.anything()]);

      const plan = await bed.weft("plan", bed.write("pair.yaml", leaving("weft-put x two")), "pair", "--json");
      expect(JSON.parse(plan.stdout)).toMatchObject({
        roles: [
          { id: "a.make", why: "edited", what: ["run"] },
          { id: "b.use", why: "reads", what: ["a.make"] },
        ],
        servers: [],
      });
      const edited = await bed.deploy("pair.yaml", "pair", ["-P", "size=1"]);
      expect(edited).toMatchObject({ status: 0, outputs: { y: "got-two" } });
      const heard = bed.takeHeard("pair");
      expect(heard.filter((role) => role !== "sites[1]/vm.leave")).toEqual(["a.make", "b.use"]);
      expect(heard).toHaveLength(3);
      expect(servers).toHaveLength(4);
      const left = serversOf("pair");
      expect(left).toEqual(servers.filter((id) => left.includes(id)));
      expect(left).toHaveLength(3);

      expect(await bed.weft("destroy", "pair")).toMatchObject({ status: 0 });
      expect(bed.takeHeard("pair").toSorted()).toEqual(["b.leave", "sites[0]/vm.leave"]);
      expect(serversOf("pair")).toEqual([]);
    });

    test.concurrent("the cluster elects its master and replicates", async () => {
      const { status, outputs } = await bed.deploy(example("cluster"), "cluster", ["-P", "members=3"]);
      expect({ status, outputs }).toMatchObject({
        status: 0,
        outputs: { master: "member-0", report: { members: 3, replicas: 2 } },
      });
      expect(await bed.weft("destroy", "cluster")).toMatchObject({ status: 0 });
    });

    test.concurrent("members of an AutoScalingGroup choose one of them and tell all of them, one that comes later too; so do groups within groups", async () => {
      const deploy = async (size: number): Promise<{ urls: string[]; rest: Record<string, unknown> }> => {
        const { status, outputs } = await bed.deploy(example("scaling"), "scaling", ["-P", `workers=${size}`]);
        expect(status).toBe(0);
        const { all, ...told } = outputs as { all: { workers: Record<string, string>; caches: string[][] } };
        const { workers, ...rest } = all;
        // What only members know is what one of them tells.
        expect(told).toEqual({ urls: workers, caches: rest.caches });
        for (const [name, url] of Object.entries(workers)) expect(url).toMatch(`worker[${name}] led by worker[`);
        return { urls: Object.values(workers), rest };
      };
      const two = await deploy(2);
      expect(two.urls).toHaveLength(2);
      const [leader, other] = new Set(two.urls.map((url) => url.split(" led by ")[1]));
      expect({ leader, other }).toEqual({ leader: expect.stringMatching(/^worker\[[a-z0-9]{12}\]$/), other: undefined });
      expect(two.rest).toEqual({
        second: `${leader} led by ${leader}`,
        caches: [[], [expect.stringMatching(/^sites\[1\]\/cache\[0\] at \d/)]],
        probes: [0, 1].map((site) => [expect.stringMatching(new RegExp(`^sites\\[${site}\\]/probe\\[[a-z0-9]{12}\\]$`))]),
        outposts: [/^outposts\[[a-z0-9]{12}\]\/cache\[0\] at \d/, /^outposts\[[a-z0-9]{12}\]\/probe\[[a-z0-9]{12}\]$/].map(
          (vm) => [[expect.stringMatching(vm)]],
        ),
      });
      const three = await deploy(3);
      expect(three.urls).toEqual([...two.urls, expect.stringMatching(/^worker\[[a-z0-9]{12}\] led by /)]);
      expect(three.rest).toEqual(two.rest);
      // The oldest goes, which was the one to tell.
      const { status, outputs } = await bed.deploy(example("scaling"), "scaling", ["-P", "workers=2"]);
      const { urls, caches } = outputs as { urls: Record<string, string>; caches: unknown };
      const names = three.urls.slice(1).map((url) => /^worker\[(\w+)\]/.exec(url)?.[1]);
      expect({ status, names: Object.keys(urls), caches }).toEqual({ status: 0, names, caches: two.rest["caches"] });
      expect(await bed.weft("destroy", "scaling")).toMatchObject({ status: 0 });
    });

    test.concurrent("compiled and given to the openstack client, the handshake is complete when all roles have ended, and its outputs are right", async () => {
      const compiled = await bed.weft("compile", example("handshake"), "-o", "out.yaml");
      expect(compiled).toMatchObject({ status: 0 });
      const given = [
        `weft_hub_urls=${bed.hub.url}`,
        `weft_hub_fingerprint=${bed.hub.fingerprint}`,
        "weft_token_key=a key for tests only",
      ];
      const parameters = given.flatMap((one) => ["--parameter", one]);
      const created = await bed.heat.run(["openstack", "stack", "create", "-t", "out.yaml", ...parameters, "--wait", "shake"], {
        cwd: bed.folder,
      });
      expect(created).toMatchObject({ status: 0, stdout: expect.stringContaining("CREATE_COMPLETE") });
      expect(await bed.weft("outputs", "shake", "--json")).toMatchObject({
        stdout: `${JSON.stringify({ story: "a2 thanks b1 for: b1 answers: hello from a1" })}\n`,
      });
      expect(await bed.weft("destroy", "shake")).toMatchObject({ status: 0 });
    });

    test.concurrent("where no hub ever comes, consoles say so, and the stack fails at its time-out", async ({ expect }) => {
      const nowhere = hubAt(8472);
      bed.write("never.yaml", pair("never", "weft-put x one"));
      await bed.weft("compile", "never.yaml", "-o", "never.out.yaml");
      const parameters = [`weft_hub_urls=${nowhere}`, "weft_token_key=a key for tests only"].flatMap((one) => [
        "--parameter",
        one,
      ]);
      const create = ["openstack", "stack", "create", "-t", "never.out.yaml", ...parameters, "--timeout", "1", "--wait", "never"];
      const created = await bed.heat.run(create, { cwd: bed.folder });
      expect(created.stdout + created.stderr).toMatch(/CREATE_FAILED/);
      const { body } = await bed.heat.ask("GET", "/stacks/never");
      expect(body).toMatchObject({ stack: { stack_status_reason: expect.stringMatching(/timed out/i) } });
      const said = (): string[] => serversOf("never").map((id) => readFileSync(bed.nets.machine.consoleOf(id), "utf8"));
      const complaint = expect.stringContaining(`weft: cannot fetch ${nowhere}/agent/agent.cjs`);
      await expect.poll(said, patience).toEqual([complaint, complaint]);
    });

    test.concurrent("Heat's own software deployments run as roles", async () => {
      const { status, outputs } = await bed.deploy(example("software-config"), "config");
      expect({ status, outputs }).toMatchObject({
        status: 0,
        outputs: { verdict: "check: the application knows the password\n", app_status: 0 },
      });
      expect(await bed.weft("destroy", "config")).toMatchObject({ status: 0 });
    });
  },
  kernelRefuses(),
);
