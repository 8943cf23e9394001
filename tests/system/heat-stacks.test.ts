// Whole stacks on a real Heat: its engine creates them of what weft emits, servers boot by the real cloud-init, agents take what Heat brings.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withEngine } from "../contract/engines/engine-present.ts";
import { CloudBed, cloudMissing, ear, hubUrl } from "./cloud-bed.ts";
import { root } from "./stack-bed.ts";
import { kernelRefuses } from "./vm-bed.ts";

const example = (name: string): string => join(root, "examples", name, "stack.yaml");

withEngine(
  "a cloud with Heat",
  cloudMissing(),
  () => {
    let bed: CloudBed;
    beforeAll(async () => {
      bed = await CloudBed.open();
      await bed.startHub();
    }, 600_000);
    afterAll(() => bed?.[Symbol.asyncDispose](), 60_000);

    // Of a name that is too long, Heat keeps the first two letters and the end.
    const serversOf = (stack: string): string[] =>
      bed.heat.cloud.servers
        .filter(({ name }) => [stack, stack.slice(0, 2)].includes(name.split("-")[0] as string))
        .map(({ id }) => id);

    // Side by side: most of each is waiting, for Heat and for systems that boot.
    test.concurrent("compiled and given to the openstack client, the handshake is complete when all roles have ended, and its outputs are right", async () => {
      const compiled = await bed.weft("compile", example("handshake"), "-o", "out.yaml");
      expect(compiled).toMatchObject({ status: 0 });
      const given = [`weft_hub_urls=${hubUrl}`, `weft_hub_fingerprint=${bed.fingerprint}`, "weft_token_key=a key for tests only"];
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

    test.concurrent("the shop opens, takes in another app and lets it go, and no other server is touched", async () => {
      const opened = await bed.deploy(example("shop"), "shop", "-P", "apps=1");
      expect(opened).toMatchObject({
        status: 0,
        stackStatus: "CREATE_COMPLETE",
        outputs: { first_page: expect.stringMatching(/^app-0: loom 480/) },
      });
      const before = serversOf("shop");
      const wider = await bed.deploy(example("shop"), "shop", "-P", "apps=2");
      expect(wider).toMatchObject({ status: 0, stackStatus: "UPDATE_COMPLETE" });
      expect(wider.events).toContainEqual(expect.objectContaining({ type: "role", id: "app[1].serve", state: "done" }));
      expect(serversOf("shop")).toEqual([...before, expect.anything()]);
      expect(await bed.deploy(example("shop"), "shop", "-P", "apps=1")).toMatchObject({
        status: 0,
        stackStatus: "UPDATE_COMPLETE",
      });
      expect(serversOf("shop")).toEqual(before);
      expect(await bed.weft("destroy", "shop")).toMatchObject({ status: 0 });
    });

    test.concurrent("the cluster elects its master and replicates", async () => {
      const { status, outputs } = await bed.deploy(example("cluster"), "cluster", "-P", "members=3");
      expect({ status, outputs }).toMatchObject({
        status: 0,
        outputs: { master: "member-0", report: { members: 3, replicas: 2 } },
      });
      expect(await bed.weft("destroy", "cluster")).toMatchObject({ status: 0 });
    });

    test.concurrent("Heat's own software deployments run as roles", async () => {
      const { status, outputs } = await bed.deploy(example("software-config"), "config");
      expect({ status, outputs }).toMatchObject({
        status: 0,
        outputs: { verdict: "check: the application knows the password\n", app_status: 0 },
      });
      expect(await bed.weft("destroy", "config")).toMatchObject({ status: 0 });
    });

    const role = (name: string, run: string, rest = ""): string =>
      `          - {name: ${name}, tool: script, run: "curl -sd $WEFT_VM.${name} ${ear}; ${run}"${rest}}\n`;
    const server = `type: OS::Nova::Server\n    properties: {image: debian-12, flavor: m1.small, networks: [{network: private}]}`;
    const leave = role("leave", "true", ", on_delete: true");
    const pair = (make: string, atEnd: string): string => `heat_template_version: 2018-08-31
resources:
  a:
    ${server}
    metadata:
      weft:
        roles:
${role("make", make, ", outputs: {x: {type: string}}")}${role("own", "true")}  b:
    ${server}
    metadata:
      weft:
        order: dataflow
        roles:
${role("use", "weft-put y got-$X", ", inputs: {X: {get_attr: [a, x]}}, outputs: {y: {type: string}}")}${role("free", "true")}${atEnd}outputs: {y: {value: {get_attr: [b, y]}}}
`;

    test.concurrent("a failing role fails the stack with its reason; mended and edited roles run again, and only they and their readers; on_delete comes first", async () => {
      const failed = await bed.deploy(bed.write("pair.yaml", pair("echo no space >&2; exit 7", leave)), "pair");
      expect(failed).toMatchObject({
        status: 3,
        stackStatus: "CREATE_FAILED",
        reason: expect.stringMatching(/a\.make failed: exit 7/),
      });
      const servers = serversOf("pair");
      bed.takeHeard();

      const mended = await bed.deploy(bed.write("pair.yaml", pair("weft-put x one", leave)), "pair");
      expect(mended).toMatchObject({ status: 0, stackStatus: "UPDATE_COMPLETE", outputs: { y: "got-one" } });
      expect(bed.takeHeard()).toEqual(["a.make", expect.anything(), expect.anything()]);

      const plan = await bed.weft("plan", bed.write("pair.yaml", pair("weft-put x two", leave)), "pair", "--json");
      expect(JSON.parse(plan.stdout)).toMatchObject({
        roles: [
          { id: "a.make", why: "edited", what: ["run"] },
          { id: "b.use", why: "reads", what: ["a.make"] },
        ],
        servers: [],
      });
      const edited = await bed.deploy("pair.yaml", "pair");
      expect(edited).toMatchObject({ status: 0, outputs: { y: "got-two" } });
      expect(bed.takeHeard()).toEqual(["a.make", "b.use"]);
      expect(serversOf("pair")).toEqual(servers);

      expect(await bed.weft("destroy", "pair")).toMatchObject({ status: 0 });
      expect(bed.takeHeard()).toEqual(["b.leave"]);
      expect(serversOf("pair")).toEqual([]);
    });

    test("a late hub, a vm that loses its power in mid-plan, one that is cut off, a killed hub and a vm that Heat replaces all come to a good end", async () => {
      await bed.killHub();
      // No on_delete: Heat would wait for those of the vm that it replaces until somebody answers in their place (decisions/0006).
      const slow = pair("[ -e /root/once ] || { touch /root/once; sleep 1000; }; weft-put x one", "");
      const deploying = bed.deploy(bed.write("late.yaml", slow), "late");
      await expect.poll(() => serversOf("late").length, { timeout: 60_000 }).toBe(2);
      await bed.startHub();
      await expect.poll(() => bed.heard, { timeout: 120_000 }).toContain("a.make");
      // b waits for a: its cable is pulled, a loses its power, the hub is killed.
      const { id: b } = bed.heat.cloud.find(/^late-b-/);
      await bed.nets.machine.cut(b);
      await bed.heat.cloud.find(/^late-a-/).machine?.reboot();
      await bed.killHub();
      await bed.startHub();
      await bed.nets.machine.heal(b);
      expect(await deploying).toMatchObject({ status: 0, stackStatus: "CREATE_COMPLETE", outputs: { y: "got-one" } });

      bed.takeHeard();
      const { body } = await bed.heat.ask("GET", "/stacks/late");
      const { id } = (body as { stack: { id: string } }).stack;
      const unhealthy = { mark_unhealthy: true, resource_status_reason: "a test says so" };
      await bed.heat.ask("PATCH", `/stacks/late/${id}/resources/b`, unhealthy);
      expect(await bed.deploy("late.yaml", "late")).toMatchObject({
        status: 0,
        stackStatus: "UPDATE_COMPLETE",
        outputs: { y: "got-one" },
      });
      expect(bed.takeHeard().toSorted()).toEqual(["b.free", "b.use"]);
    });
  },
  kernelRefuses(),
);
