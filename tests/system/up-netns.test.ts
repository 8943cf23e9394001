// `weft up --vms netns` as a user runs it: vms with the real cloud-init, and nothing left of them however the run ends.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { withEngine } from "../contract/engines/engine-present.ts";
import { root } from "./stack-bed.ts";
import { groupsLeft, kernelRefuses, netnsMissing, testImage } from "./vm-bed.ts";

const weft = join(root, "bin/weft.js");
const handshake = join(root, "examples/handshake/stack.yaml");

const patience = { timeout: 120_000, interval: 100 };

interface UpEvent {
  type: string;
  ok?: boolean;
  reason?: string;
  outputs: Record<string, unknown>;
}

/** The environment of a run whose temporary files lie in a folder of the test. */
function ownTmp(): { env: NodeJS.ProcessEnv; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "weft-tests-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // What Node keeps of the compiled command line is to stay, but not there.
  return { env: { ...process.env, TMPDIR: folder, NODE_DISABLE_COMPILE_CACHE: "1" }, folder };
}

function lastEvent(stdout: string): UpEvent {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) as string) as UpEvent;
}

/** The name of a run's folder, and of its control group, as the run tells it. */
function runIn(stderr: string): string {
  return /consoles: .*\/([^/]+)\/consoles/.exec(stderr)?.[1] as string;
}

test("what is missing for vms is said all at once, with what brings it", () => {
  const args = [weft, "up", handshake, "--vms", "netns", "--image", "/nowhere"];
  const env = { ...process.env, PATH: "/nowhere" };
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", env });
  expect(status).toBe(2);
  expect(stderr).toContain("an image to boot from (/nowhere)\n    hint: sudo npx weft image");
});

withEngine(
  "systemd-nspawn",
  netnsMissing(),
  () => {
    beforeAll(async () => void (await testImage()), 600_000);

    test.for([
      { name: "handshake", more: [], outputs: { story: "a2 thanks b1 for: b1 answers: hello from a1" } },
      {
        name: "shop",
        more: ["-P", "apps=1"],
        outputs: {
          first_page: expect.stringContaining("yarn 3") as string,
          shop: expect.stringContaining("http://10.77.") as string,
        },
      },
    ])("the $name runs on vms that boot by cloud-init, and nothing of them stays", ({ name, more, outputs }) => {
      const { env, folder } = ownTmp();
      const args = [weft, "up", join(root, "examples", name, "stack.yaml"), "--vms", "netns", "--json", ...more];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", env });
      expect({ status, outputs: lastEvent(stdout).outputs }, stderr).toEqual({ status: 0, outputs });
      expect(readdirSync(folder).filter((left) => !left.endsWith("-running"))).toEqual([]);
      expect(groupsLeft(runIn(stderr))).toEqual([]);
    });

    /** Starts a run and resolves when the first vm has begun to boot. */
    async function bootingRun(env: NodeJS.ProcessEnv): Promise<{ child: ChildProcess; run: string; stdout: () => string }> {
      const child = spawn(process.execPath, [weft, "up", handshake, "--vms", "netns", "--json"], { env });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      await expect.poll(() => stderr, patience).toContain("consoles: ");
      const run = runIn(stderr);
      const begun = join(env["TMPDIR"] as string, run, "vm0/upper/var/lib/cloud/data/instance-id");
      await expect.poll(() => existsSync(begun), patience).toBe(true);
      return { child, run, stdout: () => stdout };
    }

    test("Ctrl-C ends vms that are booting", async () => {
      const { env, folder } = ownTmp();
      const { child, run, stdout } = await bootingRun(env);
      child.kill("SIGINT");
      const [code] = (await once(child, "close")) as [number];
      expect(code).toBe(130);
      expect(lastEvent(stdout())).toMatchObject({ type: "done", ok: false, reason: "interrupted" });
      expect(readdirSync(folder).filter((left) => !left.endsWith("-running"))).toEqual([]);
      expect(groupsLeft(run)).toEqual([]);
    });

    test("the vms of a run that is killed end with it, and the next run takes their folders away", async () => {
      const { env, folder } = ownTmp();
      const { child, run } = await bootingRun(env);
      const inits = (): string => spawnSync("pgrep", ["--full", `directory=${folder}`], { encoding: "utf8" }).stdout;
      expect(inits()).not.toBe("");
      const ended = once(child, "close");
      child.kill("SIGKILL");
      await ended;
      await expect.poll(inits, patience).toBe("");
      expect(groupsLeft(run)).not.toEqual([]);
      const next = spawnSync(process.execPath, [weft, "up", handshake, "--json"], { env, encoding: "utf8" });
      expect(next).toMatchObject({ status: 0 });
      expect(
        readdirSync(folder).filter((left) => !left.endsWith("-running")),
        next.stderr,
      ).toEqual([]);
      expect(groupsLeft(run)).toEqual([]);
    });
  },
  kernelRefuses(),
);
