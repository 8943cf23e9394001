// `weft deploy`, `outputs` and `destroy` on a cloud whose Keystone and Heat are real; servers are only recorded, and the test plays their agents.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withEngine } from "../contract/engines/engine-present.ts";
import { childOf } from "../../src/machines/lan.ts";
import { heatMissing, startHeat, type HeatBed } from "../engines/heat.ts";
import { root } from "./stack-bed.ts";
import { kernelRefuses } from "./vm-bed.ts";

withEngine(
  "Heat",
  heatMissing(),
  () => {
    let bed: HeatBed;
    let folder: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "weft-deploy-"));
      bed = await startHeat();
    }, 180_000);
    afterAll(async () => {
      await bed?.[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    });

    const weft = (args: string[], env: Record<string, string> = {}): ReturnType<HeatBed["run"]> =>
      bed.run([process.execPath, join(root, "bin/weft.js"), ...args], { cwd: folder, env });
    /** The same user, told to weft in another way only. */
    const onlyBy = (env: Record<string, string>): Record<string, string> => ({
      ...Object.fromEntries(Object.keys(bed.env).map((name) => [name, ""])),
      ...env,
    });
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return name;
    };

    const plain = `heat_template_version: 2018-08-31
parameters: {word: {type: string}}
resources:
  text: {type: OS::Heat::Value, properties: {value: {list_join: ["", [{get_param: word}, {get_file: end.txt}]]}}}
  part: {type: part.yaml, properties: {word: in}}
  vm: {type: OS::Nova::Server, properties: {image: debian-12, flavor: m1.small, networks: [{network: private}], user_data_format: RAW, user_data: {get_file: end.txt}}}
outputs:
  text: {value: {get_attr: [text, value]}}
  inner: {value: {get_attr: [part, text]}}
  list: {value: [1, {get_attr: [vm, name]}]}
`;
    const part = `heat_template_version: 2018-08-31
parameters: {word: {type: string}}
resources: {text: {type: OS::Heat::Value, properties: {value: {str_replace: {template: {get_file: part.txt}, params: {W: {get_param: word}}}}}}}
outputs: {text: {value: {get_attr: [text, value]}}}
`;

    test("a stack is created with every file that it names, updated in place, shown, and deleted", async () => {
      write("stack.yaml", plain);
      write("part.yaml", part);
      write("end.txt", "!");
      write("part.txt", "<W>");
      const created = await weft(["deploy", "stack.yaml", "first", "-P", "word=one", "--json"]);
      const events = created.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { type: string; resource?: string; status?: string });
      expect({ status: created.status, last: events.at(-1) }).toEqual({
        status: 0,
        last: {
          type: "done",
          ok: true,
          status: "CREATE_COMPLETE",
          outputs: { text: "one!", inner: "<in>", list: [1, expect.stringMatching(/^first-vm-/)] },
        },
      });
      expect(events.map(({ resource, status }) => `${resource} ${status}`)).toEqual(
        expect.arrayContaining([
          "stack first CREATE_IN_PROGRESS",
          "vm CREATE_COMPLETE",
          "part/text CREATE_COMPLETE",
          "stack first CREATE_COMPLETE",
        ]),
      );
      expect(bed.cloud.find(/^first-vm-/).userData.toString()).toBe("!");

      const updated = await weft(["deploy", "stack.yaml", "first", "-P", "word=two"]);
      expect(updated).toMatchObject({ status: 0, stdout: expect.stringMatching(/text {2}two![\s\S]*UPDATE_COMPLETE\n$/) });
      // Not given again, the parameter keeps its value.
      expect(await weft(["deploy", "stack.yaml", "first"])).toMatchObject({
        status: 0,
        stdout: expect.stringContaining("text  two!"),
      });
      expect(bed.cloud.created).toBe(1);

      const shown = await weft(["outputs", "first"]);
      expect(shown.stdout).toBe(`inner  <in>\nlist   [1,"${bed.cloud.find(/^first-vm-/).name}"]\ntext   two!\n`);
      expect(await weft(["destroy", "first"])).toMatchObject({ status: 0, stdout: expect.stringContaining("DELETE_COMPLETE") });
      expect(bed.cloud.servers).toEqual([]);
      expect(await weft(["outputs", "first"])).toMatchObject({
        status: 4,
        stderr: expect.stringContaining('the cloud has no stack "first"'),
      });
    });

    const waiting = `heat_template_version: 2018-08-31
resources:
  vm:
    type: OS::Nova::Server
    properties: {image: debian-12, flavor: m1.small, networks: [{network: private}], user_data_format: SOFTWARE_CONFIG, software_config_transport: POLL_SERVER_HEAT}
  config:
    type: OS::Heat::SoftwareConfig
    properties: {group: weft, config: "{}", outputs: [{name: error, type: String, error_output: true}]}
  run:
    type: OS::Heat::SoftwareDeployment
    properties: {config: {get_resource: config}, server: {get_resource: vm}, signal_transport: HEAT_SIGNAL, actions: [CREATE]}
  leave:
    type: OS::Heat::SoftwareDeployment
    properties: {config: {get_resource: config}, server: {get_resource: vm}, signal_transport: HEAT_SIGNAL, actions: [DELETE]}
`;

    test("a deployment that fails ends with 3 and its reason; whoever interrupts leaves the stack alone; dead agents are given up when asked", async () => {
      write("waiting.yaml", waiting);
      const child = bed.spawn([process.execPath, join(root, "bin/weft.js"), "deploy", "waiting.yaml"], { cwd: folder });
      let said = "";
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (text.includes("run CREATE_IN_PROGRESS")) process.kill(childOf(child.pid as number) as number, "SIGINT");
      });
      const [code] = (await once(child, "close")) as [number];
      expect({ code, said }).toEqual({
        code: 130,
        said: expect.stringContaining('"weft deploy waiting.yaml waiting" waits for it again'),
      });

      const again = weft(["deploy", "waiting.yaml"]);
      const { body } = await bed.ask("GET", "/stacks/waiting");
      expect((body as { stack: { stack_status: string } }).stack.stack_status).toBe("CREATE_IN_PROGRESS");
      const { stack } = body as { stack: { id: string } };
      await bed.ask("POST", `/stacks/waiting/${stack.id}/resources/run/signal`, {
        deploy_status_code: 1,
        error: "db.mysql failed: exit 7",
      });
      // The update that follows makes the deployment anew; until it is there, Heat drops what is signalled.
      const failure = { deploy_status_code: 1, error: "db.mysql failed: exit 8" };
      const stackAfterSignal = async (): Promise<string> => {
        await bed.ask("POST", `/stacks/waiting/${stack.id}/resources/run/signal`, failure);
        return JSON.stringify((await bed.ask("GET", `/stacks/waiting/${stack.id}`)).body);
      };
      await expect.poll(stackAfterSignal, { timeout: 90_000, interval: 1000 }).toContain("UPDATE_FAILED");
      expect(await again).toMatchObject({
        status: 3,
        stdout: expect.stringMatching(/UPDATE_FAILED: .*db\.mysql failed: exit 8\n$/),
      });

      const destroyed = await weft(["destroy", "waiting", "--give-up", "2"]);
      expect(destroyed).toMatchObject({
        status: 0,
        stdout: expect.stringContaining("giving up leave: its on_delete roles may not have run"),
      });
    });

    test("a cloud is found in clouds.yaml, with its secrets apart, and by an application credential", async () => {
      write("stack.yaml", "heat_template_version: 2018-08-31\noutputs: {a: {value: 1}}\n");
      await weft(["deploy", "stack.yaml", "one"]);
      const auth = `{auth_url: "${bed.authUrl.replace(/\/v3$/, "")}", username: demo, project_name: demo, domain_name: Default}`;
      write(
        "my.yaml",
        `clouds:\n  home: {auth: ${auth}, region_name: RegionOne}\n  off: {auth: ${auth}, region_name: Nowhere}\n`,
      );
      write(
        "my-secrets.yaml",
        `clouds:\n  home: {auth: {password: ${bed.env["OS_PASSWORD"]}}}\n  off: {auth: {password: ${bed.env["OS_PASSWORD"]}}}\n`,
      );
      const files = { OS_CLIENT_CONFIG_FILE: join(folder, "my.yaml"), OS_CLIENT_SECURE_FILE: join(folder, "my-secrets.yaml") };
      expect(await weft(["outputs", "one"], onlyBy({ ...files, OS_CLOUD: "home" }))).toMatchObject({
        status: 0,
        stdout: "a  1\n",
      });
      expect(await weft(["outputs", "one", "--os-cloud", "off"], onlyBy(files))).toMatchObject({
        status: 4,
        stderr: expect.stringMatching(/knows no public endpoint .* in region Nowhere\nhint: it has: public in RegionOne.*\n$/),
      });
      const made = await bed.run(["openstack", "application", "credential", "create", "weft", "-f", "json"]);
      const { id, secret } = JSON.parse(made.stdout) as { id: string; secret: string };
      const byCredential = { OS_AUTH_TYPE: "v3applicationcredential", OS_AUTH_URL: bed.authUrl };
      const credential = { OS_APPLICATION_CREDENTIAL_ID: id, OS_APPLICATION_CREDENTIAL_SECRET: secret };
      expect(await weft(["outputs", "one", "--json"], onlyBy({ ...byCredential, ...credential }))).toMatchObject({
        status: 0,
        stdout: '{"a":1}\n',
      });
    });

    test.for([
      {
        wrong: "a wrong password",
        env: { OS_PASSWORD: "no" },
        says: /Keystone at http:.*\/v3 says: .*authentication.*\nhint: check user, password/,
      },
      {
        wrong: "a Keystone that is not there",
        env: { OS_AUTH_URL: "http://127.0.0.1:1/v3" },
        says: /http:\/\/127\.0\.0\.1:1 cannot be reached: .*\nhint: /,
      },
      { wrong: "a cloud that nobody describes", env: { OS_CLOUD: "sky" }, says: /there is no cloud "sky" in / },
    ])("$wrong ends with 4 and a hint", async ({ env, says }) => {
      expect(await weft(["outputs", "one"], env)).toMatchObject({ status: 4, stderr: expect.stringMatching(says) });
    });

    test("what Heat refuses is told with its words and ends with 1", async () => {
      write(
        "refused.yaml",
        "heat_template_version: 2018-08-31\nresources: {vm: {type: OS::Nova::Server, properties: {image: none, flavor: m1.small}}}\n",
      );
      expect(await weft(["deploy", "refused.yaml"])).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("No images matching"),
      });
    });
  },
  kernelRefuses(),
);
